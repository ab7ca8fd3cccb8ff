import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { intervalAlpha } from './error-intervals.ts';
import { createHistogramSum } from './histogram.ts';
import type { Interval } from './proportion-interval.ts';
import { quantileInterval } from './quantile-interval.ts';
import { createTicks } from '../ticks.ts';

/** Milliseconds; a high end that the buckets don't reach is Infinity. */
export interface LatencyIntervals {
  readonly champion: Interval;
  readonly challenger: Interval;
}

const shown = 0.95;

/**
 * Where both arms' p95 lies, over the ticks whose latency is compared, for display: nothing is decided by it. Null where
 * none is. For requests independent of each other.
 */
export function latencyIntervals(
  policy: JudgePolicy,
  observations: readonly Observation[],
): LatencyIntervals | null {
  const ticks = createTicks(policy);
  const [champions, challengers] = [createHistogramSum(), createHistogramSum()];
  for (const observation of observations) {
    const { comparable, warm, champion, challenger } = ticks.next(observation);
    if (!comparable || !warm || !champion?.latency || !challenger?.latency) continue;
    champions.add(champion.latency);
    challengers.add(challenger.latency);
  }
  const [left, right] = [champions.sum(), challengers.sum()];
  if (!left || !right) return null;
  return {
    champion: quantileInterval(left.le, left.count, shown, intervalAlpha),
    challenger: quantileInterval(right.le, right.count, shown, intervalAlpha),
  };
}
