import type { Histogram } from '../../../domain/observation.ts';

/** Requests in all buckets. */
export function total(histogram: Histogram): number {
  let sum = 0;
  for (const count of histogram.count) sum += count;
  return sum;
}

/**
 * The edge whose share of slower requests is nearest to 1 - q, in odds; so that coarse buckets, too, are cut where
 * there are requests on both sides. Only edges that `factor` keeps inside the buckets; null where there is none.
 */
export function edgeNear(histogram: Histogram, q: number, factor: number): number | null {
  const all = total(histogram);
  const last = histogram.le.at(-1) ?? 0;
  const wanted = Math.log((1 - q) / q);
  let above = all;
  let nearest: number | null = null;
  let least = Infinity;
  for (let i = 0; i < histogram.le.length; i++) {
    above -= histogram.count[i]!;
    const edge = histogram.le[i]!;
    if (edge * factor > last) break;
    const off = Math.abs(Math.log((above + 0.5) / (all - above + 0.5)) - wanted);
    // Where all requests share a bucket its upper edge is as near as its lower one, and shows what gets slower.
    if (off > least || (off === least && histogram.count[i] === 0)) continue;
    least = off;
    nearest = edge;
  }
  return nearest;
}

/** A bucket cut at a point inside it. */
export interface Cut {
  readonly bucket: number;
  readonly from: number;
  readonly to: number;
  /** Share of the bucket's requests that are slower than the point. */
  readonly slower: number;
}

/**
 * Cuts the bucket that holds `ms` in proportion to the tail of this histogram: a straight line between its edges in
 * the logarithms of share and time. Exact for a power law and low for anything with a lighter tail (log-normal, gamma,
 * exponential). Evenly where the bucket is empty: whatever the cut, an equal challenger counts as no slower, for the
 * champion's bucket counts whole. Null beyond the last edge, or below the first.
 */
export function cutAt(histogram: Histogram, ms: number): Cut | null {
  const bucket = histogram.le.findIndex((edge) => ms <= edge);
  if (bucket < 1) return null;
  const [from, to] = [histogram.le[bucket - 1]!, histogram.le[bucket]!];
  let beyond = 0;
  for (let i = bucket + 1; i < histogram.count.length; i++) beyond += histogram.count[i]!;
  const here = histogram.count[bucket]!;
  if (here === 0) return { bucket, from, to, slower: (to - ms) / (to - from) };
  if (ms === to) return { bucket, from, to, slower: 0 };
  // Half a request beyond the bucket, where none was seen.
  const high = Math.max(0.5, beyond);
  const at = (high + here) * (high / (high + here)) ** (Math.log(ms / from) / Math.log(to / from));
  return { bucket, from, to, slower: Math.min(1, Math.max(0, (at - high) / here)) };
}

/** The q-th quantile in milliseconds, straight lines inside a bucket; Infinity above every edge, null of nothing. */
export function quantile(histogram: Histogram, q: number): number | null {
  const all = total(histogram);
  if (all === 0) return null;
  const wanted = q * all;
  let below = 0;
  for (let i = 0; i < histogram.le.length; i++) {
    const here = histogram.count[i]!;
    if (here > 0 && below + here >= wanted) {
      const from = i === 0 ? 0 : histogram.le[i - 1]!;
      return from + ((histogram.le[i]! - from) * (wanted - below)) / here;
    }
    below += here;
  }
  return Infinity;
}

export interface HistogramSum {
  add(histogram: Histogram): void;
  sum(): Histogram | null;
}

/** Adds histograms up over the first one's edges; one with other edges is sorted in by its buckets' upper edges. */
export function createHistogramSum(): HistogramSum {
  let le: readonly number[] | null = null;
  let count: number[] = [];
  return {
    add(histogram) {
      if (!le) {
        le = histogram.le;
        count = [...histogram.count];
        return;
      }
      const same = le === histogram.le || equal(le, histogram.le);
      if (same) for (let i = 0; i < count.length; i++) count[i]! += histogram.count[i]!;
      else histogram.count.forEach((c, i) => (count[bucketOf(le!, histogram.le[i] ?? Infinity)]! += c));
    },
    sum: () => (le ? { le, count } : null),
  };
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((edge, i) => edge === b[i]);
}

function bucketOf(le: readonly number[], upper: number): number {
  const found = le.findIndex((edge) => upper <= edge);
  return found === -1 ? le.length : found;
}

/** Mean by the buckets' lower edges: never too high. Null of nothing. */
export function lowMean(histogram: Histogram): number | null {
  const all = total(histogram);
  if (all === 0) return null;
  let sum = 0;
  for (let i = 1; i < histogram.count.length; i++) sum += histogram.count[i]! * histogram.le[i - 1]!;
  return sum / all;
}
