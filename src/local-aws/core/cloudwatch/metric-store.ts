import {
  delayOf,
  keptName,
  type MetricDelay,
  type MetricFaults,
  type RefusedStatistic,
} from './metric-faults.ts';
import { createPoints, packBefore, pointAt, type Points, pointsIn, takeBefore } from './points.ts';
import { addSample, addStatisticSet, emptySamples, mergeSamples, type Samples } from './samples.ts';

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
  /** By the start of their second (or minute). */
  readonly points: Points;
  /** What is older than three hours, by minute. */
  readonly minutes: Points;
  /** Seconds since the epoch. */
  newest: number;
  lastSwept: number;
  readonly share: (bytes: Uint8Array) => Uint8Array;
  /** Set where readers see samples later than they are recorded. */
  delay: MetricDelay | undefined;
  /** Samples that no reader sees yet. */
  hidden: Hidden[];
}

interface Hidden {
  readonly visibleAt: number;
  readonly at: number;
  readonly value: number;
  readonly count: number;
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
  /** Samples whose delay is over become visible. Called before each read. */
  reveal(now: number): void;
  inject(faults: MetricFaults): void;
  readonly refused: () => readonly RefusedStatistic[];
}

export function createMetricStore(): MetricStore {
  const metrics = new Map<string, Metric>();
  const share = sharing();
  let delays: readonly MetricDelay[] = [];
  let refused: readonly RefusedStatistic[] = [];
  let spelling = 'Invocation4XXErrors';
  return {
    series(name, unit, resolution) {
      const key = keyOf(name);
      let metric = metrics.get(key);
      if (metric === undefined) metrics.set(key, (metric = newMetric(name)));
      let found = metric.series.find((each) => each.unit === unit && each.resolution === resolution);
      if (found === undefined) {
        const [points, minutes] = [createPoints(resolution), createPoints(60)];
        const delay = delayOf(delays, name);
        found = { unit, resolution, points, minutes, newest: 0, lastSwept: 0, share, delay, hidden: [] };
        metric.series.push(found);
      }
      return found;
    },
    find(name) {
      const metricName = keptName(name.metricName, spelling);
      return metricName === undefined ? undefined : metrics.get(keyOf({ ...name, metricName }));
    },
    all: () => metrics.values(),
    reveal(now) {
      for (const { series } of metrics.values()) for (const each of series) reveal(each, now);
    },
    inject(faults) {
      delays = faults.delays ?? delays;
      refused = faults.refuse ?? refused;
      spelling = faults.serverlessErrors ?? spelling;
      for (const metric of metrics.values())
        for (const each of metric.series) each.delay = delayOf(delays, metric);
    },
    refused: () => refused,
  };
}

/** Adds `count` samples of `value` at `at` (milliseconds). Costs well under a microsecond. */
export function record(series: Series, at: number, value: number, count = 1): void {
  if (series.delay === undefined) addSample(samplesAt(series, at), value, count);
  else series.hidden.push({ visibleAt: visibleAt(series, series.delay, at), at, value, count });
}

function visibleAt(series: Series, delay: MetricDelay, at: number): number {
  const { lagMs, perThousandMs, pieces, spreadMs } = delay;
  const since = at - (at % 60_000);
  const inMinute = perThousandMs === 0 ? 0 : samplesSince(series, since);
  // Without randomness: samples of a point go to its pieces in turn.
  const piece = pieces === 1 ? 0 : (series.hidden.length % pieces) / (pieces - 1);
  return at + lagMs + (perThousandMs * inMinute) / 1000 + spreadMs * piece;
}

function samplesSince(series: Series, since: number): number {
  let sum = 0;
  for (const { at, count } of series.hidden) if (at >= since) sum += count;
  for (const [, samples] of pointsIn(series.points, { start: since / 1000, end: Infinity }, false))
    sum += samples.count;
  return sum;
}

function reveal(series: Series, now: number): void {
  if (series.hidden.length === 0) return;
  const left: Hidden[] = [];
  for (const sample of series.hidden) {
    if (sample.visibleAt > now) left.push(sample);
    else addSample(samplesAt(series, sample.at), sample.value, sample.count);
  }
  series.hidden = left;
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
    for (const points of [series.minutes, series.points]) {
      for (const [key, samples] of pointsIn(points, range, withValues)) {
        const at = key - (key % range.period);
        let merged = found.get(at);
        if (merged === undefined) found.set(at, (merged = emptySamples()));
        mergeSamples(merged, samples, withValues);
      }
    }
  }
  return [...found].sort(([a], [b]) => a - b);
}

const RAW_SECONDS = 3 * 3600;
const MINUTE_SECONDS = 15 * 24 * 3600;
/** Whoever writes a metric is seldom later than that. */
const OPEN_SECONDS = 20;
const SWEEP_SECONDS = 10;
const SHARED = 64;

function keyOf({ namespace, metricName, dimensions }: MetricName): string {
  const names = Object.keys(dimensions).sort();
  return [namespace, metricName, ...names.flatMap((name) => [name, dimensions[name] ?? ''])].join('\0');
}

function newMetric(name: MetricName): Metric {
  const series: Series[] = [];
  const lastAt = () => 1000 * Math.max(0, ...series.map(({ newest }) => newest));
  return { ...name, series, lastAt };
}

function samplesAt(series: Series, at: number): Samples {
  const second = Math.floor(at / 1000);
  const key = series.resolution === 1 ? second : second - (second % 60);
  if (key > series.newest) series.newest = key;
  if (key - series.lastSwept >= SWEEP_SECONDS) sweep(series, key);
  return pointAt(series.points, key);
}

/** Ages what there is: to bytes after some seconds, to minutes after three hours, away after 15 days. */
function sweep(series: Series, now: number): void {
  const { points, minutes, share } = series;
  series.lastSwept = now;
  for (const [key, samples] of takeBefore(points, now - RAW_SECONDS)) {
    mergeSamples(pointAt(minutes, key - (key % 60)), samples);
  }
  packBefore(points, now - OPEN_SECONDS, share);
  packBefore(minutes, now - OPEN_SECONDS, share);
  takeBefore(minutes, now - MINUTE_SECONDS);
}

/** Equal bytes are kept once: a value is often recorded under several sets of dimensions, and packed soon after. */
function sharing(): (bytes: Uint8Array) => Uint8Array {
  const recent: Uint8Array[] = [];
  return (bytes) => {
    const same = recent.find((each) => each.length === bytes.length && Buffer.compare(each, bytes) === 0);
    if (same !== undefined) return same;
    recent.push(bytes);
    if (recent.length > SHARED) recent.shift();
    return bytes;
  };
}
