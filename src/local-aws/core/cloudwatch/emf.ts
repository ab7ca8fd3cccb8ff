import { z } from 'zod';
import { record, type MetricStore } from './metric-store.ts';

/**
 * Takes the metrics out of log lines in CloudWatch's embedded metric format; other lines are left alone.
 * A line that breaks the specification gives no metrics, as on AWS, where it stays a log line.
 * Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export function recordEmf(store: MetricStore, lines: readonly string[], now: number): void {
  for (const line of lines) {
    // Most lines are no EMF: a search costs less than a parse.
    if (!line.includes('"_aws"')) continue;
    const root = parseLine(line);
    const metadata = metadataShape.safeParse(root?.['_aws']);
    if (root === undefined || !metadata.success) continue;
    const at = metadata.data.Timestamp;
    if (at < now - TWO_WEEKS_MS || at > now + TWO_HOURS_MS) continue;
    for (const directive of metadata.data.CloudWatchMetrics) recordDirective(store, root, directive, at);
  }
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

function recordDirective(
  store: MetricStore,
  root: Root,
  directive: z.output<typeof directiveShape>,
  at: number,
): void {
  const { Namespace } = directive;
  if (Namespace.startsWith('AWS/')) return;
  for (const names of directive.Dimensions) {
    const dimensions = dimensionsOf(root, names);
    if (dimensions === undefined) continue;
    for (const { Name, Unit, StorageResolution } of directive.Metrics) {
      const values = valuesOf(root[Name]);
      if (values.length === 0) continue;
      const series = store.series(
        { namespace: Namespace, metricName: Name, dimensions },
        Unit,
        StorageResolution,
      );
      for (const value of values) record(series, at, value);
    }
  }
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

function parseLine(line: string): Root | undefined {
  const start = line.indexOf('{');
  try {
    const value: unknown = JSON.parse(line.slice(start));
    return typeof value === 'object' && value !== null ? (value as Root) : undefined;
  } catch {
    return undefined;
  }
}
