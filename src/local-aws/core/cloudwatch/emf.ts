import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { record, type MetricStore, type Series } from './metric-store.ts';

/**
 * Takes the metrics out of log lines in CloudWatch's embedded metric format; other lines are left alone.
 * A line that breaks the specification gives no metrics, as on AWS, where it stays a log line.
 * Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export function recordEmf(store: MetricStore, lines: readonly string[], now: number): void {
  for (const line of lines) {
    // Most lines are no EMF: a search costs less than a parse.
    if (!line.includes('"_aws"')) continue;
    const read = readKnown(line) ?? readAny(line);
    if (read === undefined) continue;
    const { root, directives, at } = read;
    if (at < now - TWO_WEEKS_MS || at > now + TWO_HOURS_MS) continue;
    for (const directive of directives) recordDirective(store, root, directive, at);
  }
}

interface Read {
  readonly root: Root;
  readonly at: number;
  readonly directives: readonly Directive[];
}

type Directive = z.output<typeof directiveShape>;

function readAny(line: string): Read | undefined {
  const start = line.indexOf('{');
  const root = parseObject(line.slice(start));
  const metadata = metadataShape.safeParse(root?.['_aws']);
  if (root === undefined || !metadata.success) return undefined;
  const { Timestamp: at, CloudWatchMetrics: directives } = metadata.data;
  learn(line.slice(start), directives);
  return { root, at, directives };
}

/**
 * A program prints the same directives again and again, before the values: where a line begins as one that was read
 * before, only its rest is parsed. It tells the same as readAny, at a fifth of the time.
 */
function readKnown(line: string): Read | undefined {
  if (!line.startsWith(HEAD)) return undefined;
  const comma = line.indexOf(',', HEAD.length);
  const timestamp = line.slice(HEAD.length, comma);
  if (!/^[1-9]\d{0,14}$/.test(timestamp)) return undefined;
  for (const [text, directives] of known) {
    if (!line.startsWith(text, comma)) continue;
    const root = parseObject(`{${line.slice(comma + text.length)}`);
    // A second `_aws` would be the one that counts.
    if (root === undefined || '_aws' in root) return undefined;
    return { root, at: Number(timestamp), directives };
  }
  return undefined;
}

const HEAD = '{"_aws":{"Timestamp":';

/** What stands between the timestamp and the first value, and what it says; the newest of a few. */
const known = new Map<string, readonly Directive[]>();
const KNOWN_AT_MOST = 32;

function learn(json: string, directives: readonly Directive[]): void {
  const [, text, list] = /^\{"_aws":\{"Timestamp":\d+(,"CloudWatchMetrics":(\[.*?\])\},)"/.exec(json) ?? [];
  if (text === undefined || list === undefined) return;
  try {
    // The shortest text that looks like the end may be within a string.
    if (!isDeepStrictEqual(z.array(directiveShape).parse(JSON.parse(list)), directives)) return;
  } catch {
    return;
  }
  const oldest = known.keys().next().value;
  if (known.size >= KNOWN_AT_MOST && oldest !== undefined) known.delete(oldest);
  known.set(text, directives);
}

const TWO_WEEKS_MS = 14 * 24 * 3600 * 1000;
const TWO_HOURS_MS = 2 * 3600 * 1000;

const directiveShape = z.object({
  Namespace: z.string().min(1).max(1024),
  Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).min(1),
  Metrics: z
    .array(
      z.object({
        Name: z.string().min(1).max(1024),
        Unit: z.string().default('None'),
        StorageResolution: z.union([z.literal(1), z.literal(60)]).default(60),
      }),
    )
    .max(100),
});

const metadataShape = z.object({ Timestamp: z.number(), CloudWatchMetrics: z.array(directiveShape) });

type Root = Readonly<Record<string, unknown>>;

function recordDirective(store: MetricStore, root: Root, directive: Directive, at: number): void {
  if (directive.Namespace.startsWith('AWS/')) return;
  directive.Dimensions.forEach((names, set) => {
    const dimensions = dimensionsOf(root, names);
    if (dimensions === undefined) return;
    const series = seriesOf(store, directive, set, dimensions);
    directive.Metrics.forEach(({ Name }, metric) => {
      const target = root[Name];
      if (typeof target === 'number') record(series(metric), at, target);
      else for (const value of valuesOf(target)) record(series(metric), at, value);
    });
  });
}

/** Series once found, by directive and values of its dimensions: to find one by its name costs more than to record. */
const found = new WeakMap<MetricStore, WeakMap<Directive, Map<string, Series[]>>>();
const FOUND_AT_MOST = 1000;

function seriesOf(
  store: MetricStore,
  directive: Directive,
  set: number,
  dimensions: Readonly<Record<string, string>>,
): (metric: number) => Series {
  let ofStore = found.get(store);
  if (ofStore === undefined) found.set(store, (ofStore = new WeakMap()));
  let ofDirective = ofStore.get(directive);
  if (ofDirective === undefined) ofStore.set(directive, (ofDirective = new Map<string, Series[]>()));
  let key = String(set);
  for (const name in dimensions) key += ` ${dimensions[name]?.length}:${dimensions[name]}`;
  let series = ofDirective.get(key);
  if (series === undefined) {
    if (ofDirective.size >= FOUND_AT_MOST) ofDirective.clear();
    ofDirective.set(key, (series = []));
  }
  return (metric) => (series[metric] ??= newSeries(store, directive, metric, dimensions));
}

function newSeries(
  store: MetricStore,
  { Namespace: namespace, Metrics }: Directive,
  metric: number,
  dimensions: Readonly<Record<string, string>>,
): Series {
  const { Name: metricName, Unit, StorageResolution } = Metrics[metric] as Directive['Metrics'][number];
  return store.series({ namespace, metricName, dimensions }, Unit, StorageResolution);
}

/** Dimension targets are members of the root, and strings. */
function dimensionsOf(root: Root, names: readonly string[]): Record<string, string> | undefined {
  const dimensions: Record<string, string> = {};
  for (const name of names) {
    const value = Object.hasOwn(root, name) ? root[name] : undefined;
    if (typeof value !== 'string' || value === '' || value.length > 1024) return undefined;
    dimensions[name] = value;
  }
  return dimensions;
}

/** A target is a number or a list of at most 100 numbers. */
function valuesOf(target: unknown): number[] {
  const values: unknown[] = Array.isArray(target) ? target : [target];
  return values.length <= 100 && values.every((value) => typeof value === 'number') ? values : [];
}

function parseObject(json: string): Root | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Root) : undefined;
  } catch {
    return undefined;
  }
}
