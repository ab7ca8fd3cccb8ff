import type { BucketCounts } from '../../../domain/observation.ts';
import type { SegmentCounts } from './exchange.ts';

/** Times the median of the buckets that are in use. */
const mostWeight = 4;

/**
 * The same segments with no bucket of more requests than four usual ones: its counts are scaled down, all alike. One
 * caller who makes many requests would otherwise decide the statistic by the arm on which they happen to be. Null where
 * there is no such bucket.
 * Source: section 10.4 of the method.
 */
export function capHeavy(
  segments: readonly SegmentCounts[],
  aside: readonly number[],
): readonly SegmentCounts[] | null {
  const set = new Set(aside);
  let isHeavy = false;
  const capped = segments.map(({ percent, counts }) => {
    const kept = counts.requests.filter((n, i) => n > 0 && !set.has(counts.id[i]!)).sort((a, b) => a - b);
    const cap = mostWeight * (kept[kept.length >> 1] ?? 0);
    const weights = counts.requests.map((n) => (n > cap && cap > 0 ? cap / n : 1));
    isHeavy ||= weights.some((weight, i) => weight < 1 && !set.has(counts.id[i]!));
    return { percent, counts: scaled(counts, weights) };
  });
  return isHeavy ? capped : null;
}

function scaled(counts: BucketCounts, weights: readonly number[]): BucketCounts {
  const each = (values: readonly number[]): readonly number[] =>
    values.map((value, i) => value * weights[i]!);
  return {
    id: counts.id,
    requests: each(counts.requests),
    errors: each(counts.errors),
    slow50: each(counts.slow50),
    slow95: each(counts.slow95),
    slow99: each(counts.slow99),
    ...(counts.refused === undefined ? {} : { refused: each(counts.refused) }),
  };
}
