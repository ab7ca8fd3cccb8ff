import type { Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import {
  createDifferenceInterval,
  type DifferenceInterval,
} from '../monitor/judge/evidence/difference-interval.ts';
import { createDispersion } from '../monitor/judge/evidence/dispersion.ts';
import { intervalAlpha } from '../monitor/judge/evidence/error-intervals.ts';
import { createHistogramSum, quantile } from '../monitor/judge/evidence/histogram.ts';
import type { Interval } from '../monitor/judge/evidence/proportion-interval.ts';
import { quantileInterval } from '../monitor/judge/evidence/quantile-interval.ts';
import { createTicks, type Ticks } from '../monitor/judge/ticks.ts';

/** Challenger minus champion: the figure so far, and where it surely lies; null where it is not known. */
export interface Difference {
  readonly value: number | null;
  readonly interval: Interval | null;
}

export interface Differences {
  push(observation: Observation): void;
  /** Of failed requests as a share, -1 to 1. */
  errors(): Difference;
  /** Of the 95th percentiles, ms. */
  p95(): Difference;
}

/** How far the arms lie apart over all comparable ticks, for display: nothing is decided by it. Bounded memory. */
export function createDifferences(policy: JudgePolicy): Differences {
  const ticks: Ticks = createTicks(policy);
  const [champions, challengers] = [createHistogramSum(), createHistogramSum()];
  const dispersion = createDispersion();
  for (const { requests, errors } of policy.history) dispersion.push({ requests, bad: errors });
  const sums = { n0: 0, x0: 0, n1: 0, x1: 0 };
  let interval: DifferenceInterval | null = null;
  return {
    push(observation) {
      const { comparable, warm, champion, challenger } = ticks.next(observation);
      if (comparable && warm && champion?.latency && challenger?.latency) {
        champions.add(champion.latency);
        challengers.add(challenger.latency);
      }
      if (champion === null) return;
      if (!comparable || challenger === null) {
        if (interval === null) dispersion.push({ requests: champion.requests, bad: champion.errors });
        return;
      }
      interval ??= createDifferenceInterval({ alpha: intervalAlpha, phi: dispersion.phi() ?? 1 });
      if (champion.requests === 0 || challenger.requests === 0) return;
      const counts = {
        n0: champion.requests,
        x0: champion.errors,
        n1: challenger.requests,
        x1: challenger.errors,
      };
      interval.push(counts);
      for (const key of ['n0', 'x0', 'n1', 'x1'] as const) sums[key] += counts[key];
    },
    errors() {
      const { n0, x0, n1, x1 } = sums;
      const value = n0 === 0 || n1 === 0 ? null : x1 / n1 - x0 / n0;
      return { value, interval: interval?.interval() ?? null };
    },
    p95: () => between(champions.sum(), challengers.sum()),
  };
}

/** Of two quantiles' intervals the ends that lie farthest apart: at least as sure as both together. */
function between(
  champion: ReturnType<ReturnType<typeof createHistogramSum>['sum']>,
  challenger: ReturnType<ReturnType<typeof createHistogramSum>['sum']>,
): Difference {
  if (champion === null || challenger === null) return { value: null, interval: null };
  const arms = [champion, challenger] as const;
  const [a, b] = arms.map(({ le, count }) => quantileInterval(le, count, 0.95, intervalAlpha / 2));
  const [before, after] = arms.map((arm) => quantile(arm, 0.95));
  return {
    value: known(before) && known(after) ? after - before : null,
    interval: a === undefined || b === undefined ? null : { low: b.low - a.high, high: b.high - a.low },
  };
}

const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);
