import { bucketCount, bucketsAt } from '../../../domain/user-bucket.ts';
import type { Exchange } from '../users/exchange.ts';

/** Final labels of a time with an unchanged share and both arms, by bucket, 0 to 999. */
export interface LabelSegment {
  /** The challenger's share, percent. */
  readonly percent: number;
  readonly answers: Float64Array;
  readonly labels: Float64Array;
  /** Sums of losses, each from 0 to 1. */
  readonly losses: Float64Array;
}

export interface LabelsInput {
  readonly segments: readonly LabelSegment[];
  /** Rank of each bucket, by bucket. */
  readonly ranks: readonly number[];
  /** Buckets that are not compared. */
  readonly aside: readonly number[];
}

/** Amounts of one segment: their sums by bucket, and how many each bucket has. */
type Amounts = (segment: LabelSegment) => { readonly sums: Float64Array; readonly counts: Float64Array };

/**
 *     z[s][b] = sum - shift * count for the challenger's buckets of segment s, else sum
 *     y       = z - m count,  m = sum of z/sum of counts over all kept buckets of s
 *     D(order) = sign * sum over s of y,  over the first m_s buckets of the order
 *
 * `m` is the same for each order, so D of an order is a sum over its buckets.
 * Source: section 16.1 of the method.
 * @param sign 1: a larger D says that the challenger has more; -1: less
 */
export function labelsExchange(
  { segments, ranks, aside }: LabelsInput,
  amounts: Amounts,
  { shift, sign }: { readonly shift: number; readonly sign: 1 | -1 },
): Exchange {
  const left = new Set(aside);
  const kept = Array.from({ length: bucketCount }, (_, bucket) => bucket)
    .filter((bucket) => !left.has(bucket))
    .sort((a, b) => ranks[a]! - ranks[b]!);
  const terms = segments.map((segment) => {
    const places = kept.filter((bucket) => ranks[bucket]! < bucketsAt(segment.percent)).length;
    const { sums, counts } = amounts(segment);
    const z = kept.map((bucket, i) => sums[bucket]! - (i < places ? shift * counts[bucket]! : 0));
    const all = kept.reduce((sum, bucket) => sum + counts[bucket]!, 0);
    const mean = all === 0 ? 0 : z.reduce((sum, each) => sum + each, 0) / all;
    return { places, y: z.map((each, i) => sign * (each - mean * counts[kept[i]!]!)) };
  });
  const ends = [...new Set(terms.map(({ places }) => places))].sort((a, b) => a - b);
  const values = ends.map((end) => {
    const value = new Float64Array(kept.length);
    for (const { places, y } of terms)
      if (places >= end) for (let i = 0; i < kept.length; i++) value[i]! += y[i]!;
    return value;
  });
  const occupied = kept.map((bucket) => segments.some((segment) => amounts(segment).counts[bucket]! > 0));
  return { kept: kept.length, ends, values, occupied, active: null };
}

export interface ArmTotals {
  readonly answers: number;
  readonly labels: number;
  readonly losses: number;
}

/** Of the kept buckets, by arm. */
export function armTotals({ segments, ranks, aside }: LabelsInput): {
  readonly champion: ArmTotals;
  readonly challenger: ArmTotals;
} {
  const left = new Set(aside);
  const empty = () => ({ answers: 0, labels: 0, losses: 0 });
  const totals = { champion: empty(), challenger: empty() };
  for (const { percent, answers, labels, losses } of segments)
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      if (left.has(bucket)) continue;
      const arm = totals[ranks[bucket]! < bucketsAt(percent) ? 'challenger' : 'champion'];
      arm.answers += answers[bucket]!;
      arm.labels += labels[bucket]!;
      arm.losses += losses[bucket]!;
    }
  return totals;
}
