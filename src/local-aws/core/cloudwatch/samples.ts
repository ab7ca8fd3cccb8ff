/**
 * What was recorded for one metric in one second (or minute): exact count, sum, minimum and maximum,
 * and the values themselves for percentiles. Up to `EXACT_LIMIT` distinct values are exact; beyond that values are
 * rounded to a relative 0.5 %.
 */
export interface Samples {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Pairs with `counts`. Values may repeat: merging them is left to who sorts. */
  values: number[];
  counts: number[];
  /** A StatisticSet whose values are unknown went in: no percentiles. */
  opaque: boolean;
}

export interface SortedValues {
  readonly values: number[];
  readonly counts: number[];
}

/** Below this many entries a repeated value is found by scanning: 0/1 metrics never grow. */
const SCAN_LIMIT = 8;
const EXACT_LIMIT = 512;

export function emptySamples(): Samples {
  return {
    count: 0,
    sum: 0,
    min: Infinity,
    max: -Infinity,
    values: [],
    counts: [],
    opaque: false,
  };
}

/** Hot path: some thousand calls a second, each for several metrics. */
export function addSample(samples: Samples, value: number, count: number): void {
  samples.count += count;
  samples.sum += value * count;
  if (value < samples.min) samples.min = value;
  if (value > samples.max) samples.max = value;
  const { values, counts } = samples;
  const entries = values.length;
  if (entries <= SCAN_LIMIT) {
    for (let i = 0; i < entries; i++) {
      if (values[i] === value) {
        counts[i] = (counts[i] ?? 0) + count;
        return;
      }
    }
  }
  values.push(value);
  counts.push(count);
  if (entries >= 2 * EXACT_LIMIT) Object.assign(samples, compact(samples, EXACT_LIMIT));
}

/** Adds a StatisticSet. Its percentiles are known only where all its values are equal. */
export function addStatisticSet(
  samples: Samples,
  count: number,
  sum: number,
  min: number,
  max: number,
): void {
  if (min === max || count === 1) {
    addSample(samples, count === 1 ? sum : min, count);
    return;
  }
  samples.count += count;
  samples.sum += sum;
  samples.min = Math.min(samples.min, min);
  samples.max = Math.max(samples.max, max);
  samples.opaque = true;
}

/** @param withValues false where only count, sum and extremes are asked for */
export function mergeSamples(into: Samples, from: Samples, withValues = true): void {
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  into.opaque ||= from.opaque;
  if (!withValues) return;
  for (let i = 0; i < from.values.length; i++) {
    into.values.push(from.values[i] ?? 0);
    into.counts.push(from.counts[i] ?? 0);
  }
}

/** The values in ascending order, each once, with their counts. */
export function sortedValues(samples: Pick<Samples, 'values' | 'counts'>): SortedValues {
  const totals = new Map<number, number>();
  const { values, counts } = samples;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    totals.set(value, (totals.get(value) ?? 0) + (counts[i] ?? 0));
  }
  // A typed array sorts numbers without a comparison function: ten times faster on the 100,000 values of a busy minute.
  const distinct = Float64Array.from(totals.keys()).sort();
  return { values: [...distinct], counts: Array.from(distinct, (value) => totals.get(value) ?? 0) };
}

/** Each value once; rounded to cells where there are more than `limit`. */
export function compact(samples: Samples, limit: number): SortedValues {
  const sorted = sortedValues(samples);
  if (sorted.values.length <= limit) return sorted;
  const cells = sortedValues({ values: sorted.values.map(rounded), counts: sorted.counts });
  // Rounding must not push the ends past what was really seen.
  cells.values[0] = Math.max(cells.values[0] ?? samples.min, samples.min);
  const last = cells.values.length - 1;
  cells.values[last] = Math.min(cells.values[last] ?? samples.max, samples.max);
  return cells;
}

const STEP = Math.log(1.01);

/** The logarithmic cell 1 % wide that a positive value is in. */
export const cellOf = (value: number): number => Math.round(Math.log(value) / STEP);
/** Its middle. */
export const valueOf = (cell: number): number => Math.exp(cell * STEP);

function rounded(value: number): number {
  if (value === 0) return 0;
  const magnitude = valueOf(cellOf(Math.abs(value)));
  return value < 0 ? -magnitude : magnitude;
}
