import { proportionInterval, type Interval } from './proportion-interval.ts';

/**
 * Where the q-th quantile lies, in the unit of the edges, valid at every moment at once: `counts[i]` of the values
 * are in (edges[i-1], edges[i]], the last entry above every edge. The high end is Infinity where the edges don't
 * reach it, the low end 0.
 *
 * Each edge's share below it has an interval of its own: the low end is the largest edge that surely lies below the
 * quantile, the high end the smallest that surely lies above.
 * Source: section 4.5 of the method; Howard and Ramdas, arXiv 1906.09712.
 */
export function quantileInterval(
  edges: readonly number[],
  counts: readonly number[],
  q: number,
  alpha: number,
): Interval {
  const n = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  let low = 0;
  let high = Infinity;
  for (let i = 0; i < edges.length; i++) {
    below += counts[i]!;
    const share = proportionInterval(n, below, alpha);
    if (share.high < q) low = edges[i]!;
    if (share.low > q) {
      high = edges[i]!;
      break;
    }
  }
  return { low, high };
}
