import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../../src/domain/observation.ts';
import { createTicks } from '../../../../src/monitor/judge/ticks.ts';
import { createSegments } from '../../../../src/monitor/judge/users/segments.ts';
import { arm, tick } from '../traffic.ts';
import { countsOf } from './counts.ts';
import { usersPolicy } from './sticky.ts';

const policy = usersPolicy({}, { steps: [10, 50].map((percent) => ({ percent, ticks: 6 })) });

function segmentsOf(table: readonly Observation[]) {
  const ticks = createTicks(policy);
  const segments = createSegments(policy);
  const ends: number[] = [];
  table.forEach((observation, i) => {
    segments.step(observation, ticks.next(observation));
    if (segments.bakeEnded()) ends.push(i + 1);
  });
  return { segments, ends };
}

const at = (
  n: number,
  percent: number,
  more: Partial<Observation> = {},
  arms?: readonly [ArmTick, ArmTick],
) =>
  tick(n, arms?.[0] ?? arm(90), arms?.[1] ?? arm(10), { tickMs: 10_000, plannedPercent: percent, ...more });
const counted = (requests: number, errors: number): ArmTick => {
  const rest = new Array<number>(15).fill(0);
  return arm(requests, errors, { strata: { requests: [requests, ...rest], errors: [errors, ...rest] } });
};

describe('segments', () => {
  it('are times of one share, without the tick in which it changed, at 0 or at 100 %', () => {
    const { segments } = segmentsOf([
      at(1, 10),
      at(2, 10),
      at(3, 50, { straddlesChange: true }),
      at(4, 50),
      at(5, 10),
      at(6, 0),
      at(7, 10),
      at(8, 100),
    ]);
    expect(segments.all().map(({ percent, requests }) => [percent, requests])).toEqual([
      [10, 200],
      [50, 100],
      [10, 100],
      [10, 100],
    ]);
    expect(segments.current()).toBeNull();
  });

  it('begin anew where the same share was taken away and given back', () => {
    const { segments } = segmentsOf([at(1, 10), at(2, 10), at(9, 10, { straddlesChange: true }), at(10, 10)]);
    expect(segments.all().map(({ requests }) => requests)).toEqual([200, 100]);
  });

  it('go on where the challenger’s metrics are missing for a while', () => {
    const { segments } = segmentsOf([at(1, 10), tick(2, arm(90), null, { tickMs: 10_000 }), at(3, 10)]);
    expect(segments.all()).toHaveLength(1);
    expect(segments.all()[0]!.requests).toBe(200);
  });

  it('keep the newest counts, of the share that they were counted at', () => {
    const { segments } = segmentsOf([at(1, 10), at(2, 10)]);
    segments.count(countsOf([[1, 5]]));
    segments.count(countsOf([[1, 7]]));
    expect(segments.all()[0]!.counts!.requests).toEqual([7]);
  });

  it('know the last tick of each bake of the planned length, with the tick of the change', () => {
    const table = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => at(n, 10));
    const next = [13, 14, 15, 16, 17, 18].map((n) => at(n, 50, n === 13 ? { straddlesChange: true } : {}));
    expect(segmentsOf([...table, ...next]).ends).toEqual([6, 12, 18]);
  });

  it('add strata up, also where an arm had no request, and not where it does not tell', () => {
    const { segments } = segmentsOf([
      at(1, 10, {}, [counted(90, 2), counted(10, 1)]),
      at(2, 10, {}, [counted(90, 3), arm(0)]),
      at(3, 10, {}, [counted(90, 4), arm(5)]),
    ]);
    const { n0, x0, n1, x1 } = segments.all()[0]!.strata!;
    expect([n0[0], x0[0], n1[0], x1[0]]).toEqual([180, 5, 10, 1]);
  });
});
