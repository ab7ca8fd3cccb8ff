import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { createDifferenceInterval } from './difference-interval.ts';
import { createDispersion } from './dispersion.ts';
import type { Interval } from './proportion-interval.ts';
import { ratioInterval } from './ratio-interval.ts';
import type { PairCounts } from './share-test.ts';

export interface ErrorIntervals {
  /** Challenger's error rate over the champion's. */
  readonly ratio: Interval;
  /** ... less the champion's; shares. */
  readonly difference: Interval;
}

/** Chance that an interval misses, at whatever moment it is looked at. */
export const intervalAlpha = 0.05;

/**
 * Where the challenger's errors lie beside the champion's, for display: nothing is decided by it. Of the ticks that are
 * compared, tempered by the champion's dispersion; null where none is.
 */
export function errorIntervals(
  policy: JudgePolicy,
  observations: readonly Observation[],
): ErrorIntervals | null {
  const dispersion = createDispersion();
  for (const { requests, errors } of policy.history) dispersion.push({ requests, bad: errors });
  const ticks: PairCounts[] = [];
  for (const { champion, challenger, straddlesChange } of observations) {
    if (!champion) continue;
    const { requests, errors } = champion;
    if (challenger && straddlesChange !== true) {
      ticks.push({ n0: requests, x0: errors, n1: challenger.requests, x1: challenger.errors });
    } else if (ticks.length === 0) dispersion.push({ requests, bad: errors });
  }
  if (!ticks.some(({ n0, n1 }) => n0 > 0 && n1 > 0)) return null;
  const options = { alpha: intervalAlpha, phi: dispersion.phi() ?? 1 };
  const difference = createDifferenceInterval(options);
  for (const tick of ticks) if (tick.n0 > 0 && tick.n1 > 0) difference.push(tick);
  return { ratio: ratioInterval(ticks, options), difference: difference.interval() };
}
