import type { JudgePolicy } from '../../../domain/policy.ts';
import { createHistogramSum } from '../evidence/histogram.ts';
import type { Lanes } from '../evidence/lanes.ts';
import { normalTail, normalUpperQuantile } from '../math/normal.ts';
import type { Tick } from '../rule.ts';
import { slowerDetection } from './slower-detection.ts';

/** What could have been seen at one share of traffic of a challenger that is `detectableSlower` times as slow. */
export interface LatencyPower {
  step(tick: Tick, shareChanged: boolean): void;
  /** Ticks and challenger requests compared so far; null where latency isn't compared, or not yet. */
  compared(): { readonly ticks: number; readonly n1: number } | null;
  /** Power, were the share so many compared ticks long. */
  probability(ticks: number, lanes: Lanes): number;
}

/** Deviation of the logarithm of one request's latency, where only means are known: fits most services. */
const spread = 0.5;

/**
 * By the champion's own buckets where both arms report histograms; by a normal approximation where they report means.
 * A challenger that is still cold isn't compared, so there is no power to ask for either.
 */
export function createLatencyPower(policy: JudgePolicy, factor: number): LatencyPower {
  const champions = createHistogramSum();
  for (const { latency } of policy.history) if (latency) champions.add(latency);
  const now = { ticks: 0, n0: 0, n1: 0, byBuckets: false };
  const margin = 1 + policy.rollbackMargin.slower;
  return {
    step({ champion, challenger, championTail, challengerTail, comparable, warm }, shareChanged) {
      if (shareChanged) now.ticks = now.n0 = now.n1 = 0;
      if (!comparable || !warm || !champion || !challenger) return;
      const buckets = championTail !== null && challengerTail !== null;
      const means = champion.meanLatencyMs !== undefined && challenger.meanLatencyMs !== undefined;
      if (!buckets && !means) return;
      if (championTail) champions.add(championTail.histogram);
      now.byBuckets = buckets;
      now.ticks++;
      now.n0 += champion.requests;
      now.n1 += challenger.requests;
    },
    compared: () => (now.ticks > 0 ? { ticks: now.ticks, n1: now.n1 } : null),
    probability(ticks, lanes) {
      const [n0, n1] = [now.n0 / now.ticks, now.n1 / now.ticks];
      const latency = champions.sum();
      if (now.byBuckets && latency) {
        const slower = policy.rollbackMargin.slower;
        return slowerDetection({ latency, factor, slower, n0, n1, ticks, lanes }).probability;
      }
      // Of the sum of all periods' discrepancies, by its deviation.
      const shift = Math.log(factor / margin) * Math.sqrt((ticks * n0 * n1) / (n0 + n1));
      const wanted = normalUpperQuantile(
        lanes.lookLevel('latency') ?? Math.exp(-lanes.logThreshold('latency')),
      );
      return shift > 0 ? normalTail(wanted - shift / spread) : 0;
    },
  };
}
