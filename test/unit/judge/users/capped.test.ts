import { describe, expect, it } from 'vitest';
import { bucketRanks } from '../../../../src/domain/user-bucket.ts';
import { capHeavy } from '../../../../src/monitor/judge/users/capped.ts';
import { askGate } from '../../../../src/monitor/judge/users/gate-test.ts';
import { createRandom, poisson } from '../traffic.ts';
import { countsOf } from './counts.ts';
import { usersPolicy } from './sticky.ts';

describe('buckets capped at four times the median', () => {
  it('keep their rates, and the others their counts', () => {
    const counts = {
      ...countsOf([
        [1, 10, 1],
        [2, 20, 2],
        [3, 400, 100],
        [4, 20, 0],
      ]),
      refused: [0, 1, 40, 0],
    };
    const [capped] = capHeavy([{ percent: 10, counts }], [])!;
    expect(capped).toEqual({
      percent: 10,
      counts: {
        ...countsOf([
          [1, 10, 1],
          [2, 20, 2],
          [3, 80, 20],
          [4, 20, 0],
        ]),
        refused: [0, 1, 8, 0],
      },
    });
  });

  it('are none where all are usual, where the heavy one is set aside, and where nobody called', () => {
    const usual = countsOf([
      [1, 10, 1],
      [2, 20, 2],
      [3, 30, 3],
    ]);
    const heavy = countsOf([
      [1, 10, 1],
      [2, 20, 2],
      [3, 400, 3],
    ]);
    expect(capHeavy([{ percent: 10, counts: usual }], [])).toBeNull();
    expect(capHeavy([{ percent: 10, counts: heavy }], [3])).toBeNull();
    expect(capHeavy([{ percent: 10, counts: countsOf([]) }], [])).toBeNull();
    expect(capHeavy([], [])).toBeNull();
  });
});

it('the gate opens by chance no more often for the second look: one bot beside users of very unequal traffic', () => {
  const policy = usersPolicy();
  let opened = 0;
  for (let run = 0; run < 80; run++) {
    const random = createRandom(run + 1);
    const rows = Array.from({ length: 200 }, (_, i): [number, number, number] => {
      const n = poisson(random, 10 + 200 * random() ** 6);
      const p = 0.02 * random() ** 3;
      let x = 0;
      for (let each = 0; each < n; each++) if (random() < p) x++;
      return i === 7 ? [3 * i, 3_000, 3_000] : [3 * i, n, x];
    });
    const salt = `salt ${run}`;
    const counts = countsOf(rows);
    const requests = counts.requests.reduce((sum, n) => sum + n, 0);
    const segment = {
      percent: 10,
      counts,
      requests,
      challenger: { requests: 0, errors: 0, refused: 0, endpointErrors: 0 },
      strata: null,
    };
    const test = { policy, users: policy.users!, ranks: bucketRanks(salt), salt };
    const answer = askGate(test, [segment], 'errors', 1, undefined);
    if ('p' in answer && answer.p <= answer.level) opened++;
  }
  // At 0.375 % each three or more in eighty come in 0.4 % of all runs.
  expect(opened).toBeLessThanOrEqual(2);
});
