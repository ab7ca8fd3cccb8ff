import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../bench/judge/random.ts';
import { wholeRollout, type Moment, type RolloutCell } from '../../../bench/judge/whole-rollout.ts';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { createTicks } from '../../../src/monitor/judge/ticks.ts';
import { arm, edges, policyOf, tick } from './traffic.ts';

const at50 = (more: (minute: number) => number) => (moment: Moment) =>
  moment.percent === 50 ? 1 + more(moment.atShare) : 1;

describe('a healthy challenger that is slow while new containers start', () => {
  it.each<[string, number, RolloutCell['latency']]>([
    ['x1.5 that decays in 3 minutes', 100, { factor: at50((t) => 0.5 * Math.exp(-t / 3)) }],
    ['x2 that decays in 2 minutes', 10, { factor: at50((t) => Math.exp(-t / 2)) }],
    [
      '5 % of requests 1.9 s in the first minute',
      100,
      {
        factor: () => 1,
        slow: ({ percent, atShare }) => ({ share: percent === 50 && atShare < 1 ? 0.05 : 0, ms: 1900 }),
      },
    ],
  ])('is not rolled back after the step to 50 %: %s', (_, perSecond, latency) => {
    const cell: RolloutCell = {
      perSecond,
      steps: [10, 50],
      bakeMinutes: 12,
      champion: () => 0.001,
      challenger: () => 0.001,
      latency: latency!,
    };
    for (let run = 0; run < 2; run++) {
      expect(wholeRollout(cell, createRandom(5, run)).end).not.toBe('rolled-back');
    }
  });

  it('is still found where it stays slower after the warm-up', () => {
    const cell: RolloutCell = {
      perSecond: 100,
      steps: [10, 50],
      bakeMinutes: 12,
      champion: () => 0.001,
      challenger: () => 0.001,
      latency: { factor: at50(() => 0.5) },
    };
    const end = wholeRollout(cell, createRandom(5, 1));
    expect(end).toMatchObject({ end: 'rolled-back', percent: 50 });
    expect(end.minute - 12).toBeLessThan(8);
  });
});

describe('warm-up', () => {
  const policy = policyOf({ warmUpMs: 5000 });
  const warmAt = (percents: readonly number[]): readonly boolean[] => {
    const ticks = createTicks(policy);
    return percents.map(
      (plannedPercent, i) => ticks.next(tick(i + 1, arm(90), arm(10), { plannedPercent })).warm,
    );
  };

  it('begins again with each increase of the share', () => {
    const warm = warmAt([...Array<number>(8).fill(10), ...Array<number>(8).fill(50)]);
    expect(warm.map((is) => (is ? 'w' : '-')).join('')).toBe('-----www-----www');
  });

  it('does not begin again with a decrease', () => {
    const warm = warmAt([...Array<number>(8).fill(50), ...Array<number>(4).fill(10)]);
    expect(warm.map((is) => (is ? 'w' : '-')).join('')).toBe('-----wwwwwww');
  });
});

describe('latency that does not persist', () => {
  const quick = (n: number): Partial<ArmTick> => ({
    latency: { le: edges, count: edges.map((_, i) => (i === 3 ? n : 0)).concat(0) },
  });
  const slow = (n: number): Partial<ArmTick> => ({
    latency: { le: edges, count: edges.map((_, i) => (i === 6 ? n : 0)).concat(0) },
  });
  const policy = policyOf({ tickMs: 10_000, minimumBakeMs: 0, steps: [{ percent: 50, ticks: 400 }] });
  const pair = (n: number, isSlow: boolean): Observation =>
    tick(n, arm(50, 0, quick(50)), arm(50, 0, isSlow ? slow(50) : quick(50)), {
      tickMs: 10_000,
      plannedPercent: 50,
    });
  const faster = (n: number): Observation =>
    tick(n, arm(50, 0, slow(50)), arm(50, 0, quick(50)), { tickMs: 10_000, plannedPercent: 50 });

  it('is evidence while it lasts', () => {
    const one = createJudge(policy);
    const kinds = Array.from({ length: 60 }, (_, i) => one.push(pair(i + 1, true)).kind);
    expect(kinds.at(-1)).toBe('fail');
  });

  it('is none after five minutes in which the challenger was the faster one', () => {
    const one = createJudge({ ...policy, alpha: 1e-12 });
    for (let i = 1; i <= 6; i++) one.step(pair(i, true));
    const p50 = () =>
      one.judgement().findings.find(({ rule }) => rule === 'p50 latency against champion')!.evidence;
    const before = p50();
    expect(before).toBeGreaterThan(3);
    for (let i = 7; i <= 40; i++) one.step(faster(i));
    expect(p50()).toBeLessThanOrEqual(1);
  });
});

describe('proof of being no worse', () => {
  const policy = policyOf({
    tickMs: 10_000,
    minimumBakeMs: 0,
    steps: [10, 50].map((percent) => ({ percent, ticks: 100 })),
  });
  const proven = (percents: readonly number[]): readonly boolean[] => {
    const one = createJudge(policy);
    return percents.map((plannedPercent, i) => {
      const share = plannedPercent / 100;
      const pair = [arm(10_000 * (1 - share), 100 * (1 - share)), arm(10_000 * share, 100 * share)] as const;
      const verdict = one.push(tick(i + 1, ...pair, { plannedPercent, tickMs: 10_000 }));
      return verdict.kind === 'pass' && verdict.nonInferior;
    });
  };

  it('comes from the ticks of the present share alone', () => {
    const kinds = proven([...Array<number>(60).fill(10), ...Array<number>(60).fill(50)]);
    expect(kinds[59]).toBe(true);
    expect(kinds.slice(60, 64)).not.toContain(true);
    expect(kinds.at(-1)).toBe(true);
  });

  it('of a share after others takes as long as of the same share alone', () => {
    const after =
      proven([...Array<number>(60).fill(10), ...Array<number>(60).fill(50)]).indexOf(true, 60) - 60;
    // The tick of the change itself is no comparison in a rollout; here it is.
    expect(Math.abs(after - proven(Array<number>(60).fill(50)).indexOf(true))).toBeLessThanOrEqual(1);
  });

  it('does not promote at 50 % what was well at 10 % only', () => {
    const cell: RolloutCell = {
      perSecond: 200,
      steps: [10, 50],
      bakeMinutes: 15,
      champion: () => 0.005,
      challenger: ({ percent }) => (percent === 50 ? 0.01 : 0.005),
    };
    for (let run = 0; run < 3; run++) {
      expect(wholeRollout(cell, createRandom(3, run))).toMatchObject({ end: 'rolled-back', percent: 50 });
    }
  });
});
