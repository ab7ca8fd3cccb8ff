import type { BucketCounts } from '../../../domain/observation.ts';
import { bucketCount, bucketsAt } from '../../../domain/user-bucket.ts';
import { activeBuckets } from './callers.ts';
import { type Counted, isSlow, nominalSlowShare, pairsOf, type UserMargin } from './counted.ts';

/** A time with an unchanged share and both arms. */
export interface SegmentCounts {
  /** The challenger's share, percent. */
  readonly percent: number;
  readonly counts: BucketCounts;
}

export interface ExchangeInput {
  readonly segments: readonly SegmentCounts[];
  /** The champion's requests before the rollout; null: not known by bucket. */
  readonly earlier: BucketCounts | null;
  /** Buckets that are not compared. */
  readonly aside: readonly number[];
  /** Rank of each bucket, by bucket. */
  readonly ranks: readonly number[];
  readonly counted: Counted;
  readonly margin: UserMargin;
  /** Share of the first step, percent: see `Exchange.active`. */
  readonly firstPercent?: number;
}

/**
 * What a randomisation test exchanges: kept buckets in the order of their ranks, and what a bucket adds to D where it
 * stands among the first buckets of an order.
 */
export interface Exchange {
  readonly kept: number;
  /** Growing numbers of places; class c is the places from `ends[c - 1]` (0) to `ends[c]`. */
  readonly ends: readonly number[];
  /** `values[c][i]`: what the i-th kept bucket adds to D in a place of class c. */
  readonly values: readonly Float64Array[];
  /** Whether the i-th kept bucket has any request, in either period. */
  readonly occupied: readonly boolean[];
  /**
   * The salt may have been drawn anew until both arms of the first step had an active bucket. So only orders that agree
   * with the observed one on that are compared with it; null: nothing to agree on.
   */
  readonly active: { readonly places: number; readonly is: readonly boolean[] } | null;
}

/**
 *     q[b]    = (xb + 2)/(nb + 2/p), p = (X' + 1)/N' over the kept buckets;  (sb + 20 s)/(nb + 20) for slow requests;
 *               0 without history
 *     z[s][b] = (x - difference n)/ratio for the challenger's buckets of segment s, else x
 *     y       = z - q n
 *     D(order) = sum over s of Y1 - Y N1/N,  over the first m_s buckets of the order
 *
 * which equals the sum of (Y1 (N - N1) - (Y - Y1) N1)/N. Dividing the challenger's counts by the margin turns "no worse
 * than the margin" into "the same", so that the labels can be exchanged.
 * Source: section 10.3 of the method.
 */
export function exchangeOf(input: ExchangeInput): Exchange {
  const { ranks, aside, counted, earlier } = input;
  const asideSet = new Set(aside);
  const buckets = Array.from({ length: bucketCount }, (_, bucket) => bucket)
    .filter((bucket) => !asideSet.has(bucket))
    .sort((a, b) => ranks[a]! - ranks[b]!);
  const q = expectedRates(earlier, asideSet, counted);
  const occupied = new Array<boolean>(bucketCount).fill(false);
  earlier?.id.forEach((bucket, i) => (occupied[bucket] ||= earlier.requests[i]! > 0));
  const weights = input.segments.map((segment) => {
    const places = keptBelow(buckets, ranks, segment.percent);
    segment.counts.id.forEach((bucket, i) => (occupied[bucket] ||= segment.counts.requests[i]! > 0));
    return { places, of: segmentWeights(segment, input, q, asideSet) };
  });
  const ends = [...new Set(weights.map(({ places }) => places))]
    .filter((end) => end > 0)
    .sort((a, b) => a - b);
  const values = ends.map((end) => {
    const here = weights.filter(({ places }) => places >= end);
    return Float64Array.from(buckets, (bucket) => here.reduce((sum, { of }) => sum + of[bucket]!, 0));
  });
  return {
    kept: buckets.length,
    ends,
    values,
    occupied: buckets.map((bucket) => occupied[bucket]!),
    active: activeOf(input, buckets),
  };
}

const keptBelow = (buckets: readonly number[], ranks: readonly number[], percent: number): number =>
  buckets.filter((bucket) => ranks[bucket]! < bucketsAt(percent)).length;

/** Expected share of bad requests by bucket, from the earlier period. */
function expectedRates(
  earlier: BucketCounts | null,
  aside: ReadonlySet<number>,
  counted: Counted,
): Float64Array {
  const q = new Float64Array(bucketCount);
  if (earlier === null) return q;
  const { id, n, x } = pairsOf(earlier, counted);
  let requests = 0;
  let bad = 0;
  id.forEach((bucket, i) => {
    if (aside.has(bucket)) return;
    requests += n[i]!;
    bad += x[i]!;
  });
  if (requests === 0) return q;
  const p = (bad + 1) / requests;
  const share = isSlow(counted) ? nominalSlowShare[counted] : p;
  const weight = isSlow(counted) ? 20 : 2 / p;
  q.fill(share);
  id.forEach((bucket, i) => {
    q[bucket] = (x[i]! + share * weight) / (n[i]! + weight);
  });
  return q;
}

/** y - (Y/N) n of each kept bucket in one segment, by bucket. */
function segmentWeights(
  { percent, counts }: SegmentCounts,
  { ranks, counted, margin }: ExchangeInput,
  q: Float64Array,
  aside: ReadonlySet<number>,
): Float64Array {
  const y = new Float64Array(bucketCount);
  const requests = new Float64Array(bucketCount);
  const first = bucketsAt(percent);
  const { id, n, x } = pairsOf(counts, counted);
  let sumY = 0;
  let sumN = 0;
  id.forEach((bucket, i) => {
    if (aside.has(bucket)) return;
    const z = ranks[bucket]! < first ? (x[i]! - margin.difference * n[i]!) / margin.ratio : x[i]!;
    y[bucket] = z - q[bucket]! * n[i]!;
    requests[bucket] = n[i]!;
    sumY += y[bucket];
    sumN += n[i]!;
  });
  if (sumN === 0) return y;
  for (let bucket = 0; bucket < bucketCount; bucket++) y[bucket]! -= (sumY / sumN) * requests[bucket]!;
  return y;
}

function activeOf(
  { earlier, aside, ranks, firstPercent }: ExchangeInput,
  buckets: readonly number[],
): Exchange['active'] {
  // Buckets are set aside only where so many are active that both arms always have one.
  if (earlier === null || firstPercent === undefined || aside.length > 0) return null;
  const active = new Set(activeBuckets(earlier));
  if (active.size === 0) return null;
  return { places: keptBelow(buckets, ranks, firstPercent), is: buckets.map((bucket) => active.has(bucket)) };
}
