import { sortedValues, type Samples, type SortedValues } from './samples.ts';

export interface Statistic {
  /** False where count, sum and extremes are enough. */
  readonly needsValues: boolean;
  /** Of a period that has samples; undefined where they can't say (values unknown). */
  of(samples: Samples): number | undefined;
}

/**
 * Parses a `Stat`: Sum, Average, Minimum, Maximum, SampleCount, `p99.9`, `PR(a:b)`, `TC(a:b)`.
 * Either end of a range may be open; the lower bound is exclusive, the upper inclusive.
 * Source: CloudWatch User Guide, "Statistics definitions". Percentiles interpolate linearly between closest ranks.
 */
export function parseStatistic(text: string): Statistic | undefined {
  const simple = simpleStatistics[text];
  if (simple !== undefined) return simple;
  const percentile = /^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(text)?.[1];
  if (percentile !== undefined && Number(percentile) <= 100) {
    return { needsValues: true, of: (samples) => percentileOf(samples, Number(percentile)) };
  }
  const range = /^(PR|TC)\((-?\d*\.?\d*):(-?\d*\.?\d*)\)$/.exec(text);
  if (range === null) return undefined;
  const [, name, low = '', high = ''] = range;
  if (low === '' && high === '') return undefined;
  const above = low === '' ? -Infinity : Number(low);
  const upTo = high === '' ? Infinity : Number(high);
  if (Number.isNaN(above) || Number.isNaN(upTo) || above > upTo) return undefined;
  const count = (samples: Samples) => countBetween(samples, above, upTo);
  return {
    needsValues: true,
    of: name === 'TC' ? count : (samples) => scaled(count(samples), 100 / samples.count),
  };
}

const simpleStatistics: Readonly<Record<string, Statistic>> = {
  Sum: { needsValues: false, of: (samples) => samples.sum },
  Average: { needsValues: false, of: (samples) => samples.sum / samples.count },
  Minimum: { needsValues: false, of: (samples) => samples.min },
  Maximum: { needsValues: false, of: (samples) => samples.max },
  SampleCount: { needsValues: false, of: (samples) => samples.count },
};

/** Values are unknown after a StatisticSet; and AWS gives no percentiles where any value is negative. */
function percentileOf(samples: Samples, percent: number): number | undefined {
  if (samples.opaque || samples.min < 0) return undefined;
  const { values, counts } = sortedOnce(samples);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rank = (percent * Math.max(total - 1, 0)) / 100;
  const below = Math.floor(rank + RANK_SLACK);
  const share = Math.max(rank - below, 0);
  const lower = valueAt(values, counts, below);
  if (share === 0) return lower;
  return lower + share * (valueAt(values, counts, below + 1) - lower);
}

const sortedBefore = new WeakMap<Samples, SortedValues>();

/** p50, p95 and p99 of one period sort once. Only for samples that don't grow any more. */
function sortedOnce(samples: Samples): SortedValues {
  let sorted = sortedBefore.get(samples);
  if (sorted === undefined) sortedBefore.set(samples, (sorted = sortedValues(samples)));
  return sorted;
}

/** Floating point may leave a rank just short of the whole number it is. */
const RANK_SLACK = 1e-9;

function valueAt(values: readonly number[], counts: readonly number[], rank: number): number {
  let passed = 0;
  for (let i = 0; i < values.length; i++) {
    passed += counts[i] ?? 0;
    if (rank < passed) return values[i] ?? 0;
  }
  return values.at(-1) ?? 0;
}

function countBetween(samples: Samples, above: number, upTo: number): number | undefined {
  if (samples.opaque) return undefined;
  let found = 0;
  for (let i = 0; i < samples.values.length; i++) {
    const value = samples.values[i] ?? 0;
    if (value > above && value <= upTo) found += samples.counts[i] ?? 0;
  }
  return found;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
