import type { Histogram } from '../../domain/observation.ts';

/** Requests in all buckets. */
export function total(histogram: Histogram): number {
  let sum = 0;
  for (const count of histogram.count) sum += count;
  return sum;
}

/** Requests surely slower than `ms`: of the buckets that begin at or above it. Never too many. */
export function surelyAbove(histogram: Histogram, ms: number): number {
  let sum = 0;
  for (let i = histogram.count.length - 1; i >= 1; i--) {
    if (histogram.le[i - 1]! < ms) break;
    sum += histogram.count[i]!;
  }
  return sum;
}

/** Requests possibly slower than `ms`: the bucket that holds it counts whole. Never too few. */
export function possiblyAbove(histogram: Histogram, ms: number): number {
  let sum = 0;
  for (let i = histogram.count.length - 1; i >= 0; i--) {
    if (i < histogram.le.length && histogram.le[i]! <= ms) break;
    sum += histogram.count[i]!;
  }
  return sum;
}

/** The smallest edge with at least the share q of the requests at or below it; null where no edge has. */
export function quantileEdge(histogram: Histogram, q: number): number | null {
  const all = total(histogram);
  let below = 0;
  for (let i = 0; i < histogram.le.length; i++) {
    below += histogram.count[i]!;
    if (all > 0 && below >= q * all) return histogram.le[i]!;
  }
  return null;
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
