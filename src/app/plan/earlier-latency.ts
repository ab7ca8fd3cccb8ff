import type { ArmTick } from '../../domain/observation.ts';
import type { UserPolicy } from '../../domain/policy.ts';

const quantiles = [0.5, 0.95, 0.99] as const;

/**
 * p50, p95 and p99 over all ticks in milliseconds, each at the upper edge of the histogram's bucket that it lies in; where
 * it lies beyond the last edge, that edge. Null where nothing was timed, or not always in the same buckets.
 */
export function slowerThan(ticks: readonly ArmTick[]): UserPolicy['slowerThanMs'] {
  const histograms = ticks.flatMap(({ latency }) => latency ?? []);
  const [first] = histograms;
  if (first === undefined || !histograms.every(({ le }) => sameEdges(le, first.le))) return null;
  const counts = first.count.map((_, i) => histograms.reduce((sum, { count }) => sum + (count[i] ?? 0), 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const last = first.le.at(-1);
  if (!(total > 0) || last === undefined) return null;
  const edgeOf = (quantile: number): number => {
    let seen = 0;
    for (const [i, edge] of first.le.entries()) {
      seen += counts[i] ?? 0;
      if (seen >= quantile * total) return edge;
    }
    return last;
  };
  return [edgeOf(quantiles[0]), edgeOf(quantiles[1]), edgeOf(quantiles[2])];
}

const sameEdges = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((edge, i) => edge === b[i]);
