import {
  addSample,
  addStatisticSet,
  emptySamples,
  freezeSamples,
  mergeSamples,
  type Samples,
} from './samples.ts';

export interface MetricName {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** One metric in one unit. Keep it and call `record`: finding it by name costs more than recording. */
export interface Series {
  readonly unit: string;
  /** Seconds between points: what was recorded within one is one point. */
  readonly resolution: 1 | 60;
  /** Samples by the start of their second (or minute), in seconds since the epoch. */
  readonly points: Map<number, Samples>;
  /** What is older than three hours, by minute. */
  readonly minutes: Map<number, Samples>;
  lastSwept: number;
}

export interface Metric extends MetricName {
  readonly series: Series[];
  /** Milliseconds of the newest sample. */
  readonly lastAt: () => number;
}

/** All metrics of the account, in memory: points of a second for three hours, of a minute for 15 days. */
export interface MetricStore {
  series(name: MetricName, unit: string, resolution: 1 | 60): Series;
  find(name: MetricName): Metric | undefined;
  all(): Iterable<Metric>;
}

export function createMetricStore(): MetricStore {
  const metrics = new Map<string, Metric>();
  return {
    series(name, unit, resolution) {
      const key = keyOf(name);
      let metric = metrics.get(key);
      if (metric === undefined) metrics.set(key, (metric = newMetric(name)));
      let found = metric.series.find((each) => each.unit === unit && each.resolution === resolution);
      if (found === undefined) {
        found = { unit, resolution, points: new Map(), minutes: new Map(), lastSwept: 0 };
        metric.series.push(found);
      }
      return found;
    },
    find: (name) => metrics.get(keyOf(name)),
    all: () => metrics.values(),
  };
}

/** Adds `count` samples of `value` at `at` (milliseconds). Costs well under a microsecond. */
export function record(series: Series, at: number, value: number, count = 1): void {
  addSample(samplesAt(series, at), value, count);
}

export function recordStatisticSet(
  series: Series,
  at: number,
  set: { readonly count: number; readonly sum: number; readonly min: number; readonly max: number },
): void {
  addStatisticSet(samplesAt(series, at), set.count, set.sum, set.min, set.max);
}

/**
 * The periods of `[start, end)` that have samples, ascending. All in seconds; `start` is a multiple of `period`.
 * `unit` undefined merges all units; `withValues` false leaves the values out, for sums and extremes.
 */
export function periodsOf(
  metric: Metric,
  range: {
    readonly start: number;
    readonly end: number;
    readonly period: number;
    readonly unit: string | undefined;
  },
  withValues: boolean,
): [number, Samples][] {
  const found = new Map<number, Samples>();
  for (const series of metric.series) {
    if (range.unit !== undefined && series.unit !== range.unit) continue;
    for (const points of [series.minutes, series.points]) gather(points, range, found, withValues);
  }
  return [...found].sort(([a], [b]) => a - b);
}

const RAW_SECONDS = 3 * 3600;
const MINUTE_SECONDS = 15 * 24 * 3600;
const FREEZE_SECONDS = 15 * 60;
const SWEEP_SECONDS = 60;

function keyOf({ namespace, metricName, dimensions }: MetricName): string {
  const names = Object.keys(dimensions).sort();
  return [namespace, metricName, ...names.flatMap((name) => [name, dimensions[name] ?? ''])].join('\0');
}

function newMetric(name: MetricName): Metric {
  const series: Series[] = [];
  const lastAt = () => {
    let last = 0;
    for (const { points, minutes } of series) {
      for (const key of points.keys()) last = Math.max(last, key);
      for (const key of minutes.keys()) last = Math.max(last, key);
    }
    return last * 1000;
  };
  return { ...name, series, lastAt };
}

function samplesAt(series: Series, at: number): Samples {
  const second = Math.floor(at / 1000);
  const key = series.resolution === 1 ? second : second - (second % 60);
  let samples = series.points.get(key);
  if (samples === undefined) {
    series.points.set(key, (samples = emptySamples()));
    if (key - series.lastSwept >= SWEEP_SECONDS) sweep(series, key);
  }
  return samples;
}

/** Ages what there is: compacts after a quarter of an hour, to minutes after three, away after 15 days. */
function sweep(series: Series, now: number): void {
  series.lastSwept = now;
  for (const [key, samples] of series.points) {
    if (key >= now - FREEZE_SECONDS) continue;
    if (key >= now - RAW_SECONDS) {
      freezeSamples(samples);
      continue;
    }
    const minute = key - (key % 60);
    let merged = series.minutes.get(minute);
    if (merged === undefined) series.minutes.set(minute, (merged = emptySamples()));
    mergeSamples(merged, samples);
    merged.frozen = false;
    series.points.delete(key);
  }
  for (const [key, samples] of series.minutes) {
    if (key < now - MINUTE_SECONDS) series.minutes.delete(key);
    else freezeSamples(samples);
  }
}

function gather(
  points: ReadonlyMap<number, Samples>,
  range: { readonly start: number; readonly end: number; readonly period: number },
  found: Map<number, Samples>,
  withValues: boolean,
): void {
  const { start, end, period } = range;
  const add = (key: number, samples: Samples) => {
    const at = key - (key % period);
    let merged = found.get(at);
    if (merged === undefined) found.set(at, (merged = emptySamples()));
    mergeSamples(merged, samples, withValues);
  };
  if (points.size < end - start) {
    for (const [key, samples] of points) if (key >= start && key < end) add(key, samples);
    return;
  }
  for (let key = Math.ceil(start); key < end; key++) {
    const samples = points.get(key);
    if (samples !== undefined) add(key, samples);
  }
}
