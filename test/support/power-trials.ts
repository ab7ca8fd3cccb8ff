import { createRandom } from '../../bench/judge/random.ts';
import { defaultPolicy, wholeRollout } from '../../bench/judge/whole-rollout.ts';
import { percent } from '../../src/domain/units.ts';
import { powerOf } from '../../src/view/power.ts';
import { canary } from '../../src/strategies/canary.ts';
import { canarySettings } from './model-world.ts';

/** A challenger that fails `ratio` times as often as the champion, in a canary under the defaults with ticks of 10 s. */
export interface PowerCell {
  readonly perSecond: number;
  readonly errorRate: number;
  readonly ratio: 1.5 | 2 | 5;
  readonly shares: readonly number[];
  readonly bakeMinutes: number;
}

/** A probability that the plan states, and so many of so many simulated rollouts. */
export interface Stated {
  readonly what: string;
  readonly low: number;
  readonly high: number;
  readonly happened: number;
  readonly of: number;
}

const historyMinutes = 180;

/** What `plan` states of each bake and of the whole, beside as many rollouts that the judge judged. */
export function statedAndSimulated(cell: PowerCell, runs: number, seed: number): readonly Stated[] {
  const { perSecond, errorRate, ratio, shares, bakeMinutes } = cell;
  const power = powerOf(planOf(cell));
  if (power.kind === 'unknown') throw new Error(power.why);
  const ends = Array.from({ length: runs }, (_, run) =>
    wholeRollout(
      {
        perSecond,
        steps: shares,
        champion: () => errorRate,
        challenger: () => ratio * errorRate,
        historyMinutes,
        bakeMinutes,
      },
      createRandom(seed, run),
    ),
  );
  // What is found while it is held after the bake is neither found by the bake nor promoted.
  const found = (share: number) =>
    ends.filter(
      ({ end, percent: at, atShare }) => end === 'rolled-back' && at === share && atShare <= bakeMinutes,
    );
  const stated = power.bakes.map(({ percent: share, errors }): Stated => {
    const range = errors.find((one) => one.ratio === ratio)!.range;
    const reached = ends.filter(({ percent: at }) => at >= share).length;
    return { what: `found at ${share} %`, ...range, happened: found(share).length, of: reached };
  });
  const promoted = power.promoted.find((one) => one.ratio === ratio);
  const happened = ends.filter(({ end }) => end === 'promoted').length;
  return promoted === undefined
    ? stated
    : [...stated, { what: 'promoted', low: promoted.low, high: promoted.high, happened, of: runs }];
}

/** Those that chance does not explain: the figure is outside what is stated by more than `deviations` of its own spread. */
export const beside = (stated: readonly Stated[], deviations: number): readonly Stated[] =>
  stated.filter(({ low, high, happened, of }) => {
    if (of === 0) return false;
    const spread = (p: number): number => deviations * Math.sqrt((p * (1 - p)) / of) + 1 / of;
    return happened / of < low - spread(low) || happened / of > high + spread(high);
  });

function planOf({ perSecond, errorRate, shares, bakeMinutes }: PowerCell) {
  const requests = 60 * perSecond;
  const upTo = (minutes: number): number => Math.round(minutes * requests * errorRate);
  const history = Array.from({ length: historyMinutes }, (_, i) => ({
    requests,
    errors: upTo(i + 1) - upTo(i),
    throttles: 0,
  }));
  const steps = shares.map((share) => ({ percent: share, ticks: bakeMinutes * 6 }));
  return canary(
    canarySettings({
      tickMs: defaultPolicy.tickMs,
      bakeMs: bakeMinutes * 60_000,
      steps: shares.map(percent),
      policy: { ...defaultPolicy, steps, history },
    }),
  );
}
