import { describe, expect, it } from 'vitest';
import { keptHistory } from '../../../../src/monitor/judge/users/kept-history.ts';
import { arm } from '../traffic.ts';
import { countsOf } from './counts.ts';
import { usersPolicy } from './sticky.ts';

const earlier = countsOf([
  [1, 600, 10],
  [2, 200, 10],
  [3, 200, 180],
]);
const of = (users: Parameters<typeof usersPolicy>[0], history: ReturnType<typeof arm>[]) =>
  keptHistory(usersPolicy(users, { history })).map(({ requests, errors }) => [requests, errors]);

describe('the champion’s history without set-aside buckets', () => {
  it('is scaled by their share of the earlier requests and failures', () => {
    const [tick] = of({ earlier, aside: [3] }, [arm(100, 20)]);
    expect(tick![0]).toBeCloseTo(80, 10);
    expect(tick![1]).toBeCloseTo(2, 10);
  });

  it('counts what an earlier rollout had set aside, whose list was another', () => {
    const [tick] = of({ earlier, aside: [3] }, [arm(60, 5, { aside: { requests: 40, errors: 15 } })]);
    expect(tick![0]).toBeCloseTo(80, 10);
    expect(tick![1]).toBeCloseTo(2, 10);
  });

  it('is as it was where nothing is set aside, or nothing is known by bucket', () => {
    expect(of({ earlier, aside: [] }, [arm(100, 20)])).toEqual([[100, 20]]);
    expect(of({ earlier: null, aside: [3] }, [arm(100, 20)])).toEqual([[100, 20]]);
  });

  it('has never more failures than requests', () => {
    const [tick] = of(
      {
        earlier: countsOf([
          [1, 100, 90],
          [2, 900, 10],
        ]),
        aside: [2],
      },
      [arm(10, 10)],
    );
    expect(tick![0]).toBeCloseTo(1, 10);
    expect(tick![1]).toBe(tick![0]);
  });
});
