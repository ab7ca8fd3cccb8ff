import { z } from 'zod';

const times = z.number().min(0);

/** What goes wrong with metrics on purpose: the member `metrics` of `POST /_local/faults`. */
export const metricFaults = z.strictObject({
  /** Replaces the delays before. Of several that match a series the first one counts. */
  delays: z
    .array(
      z.strictObject({
        /** Left out: any. */
        namespace: z.string().optional(),
        metric: z.string().optional(),
        /** The series has all of these. */
        dimensions: z.record(z.string(), z.string()).optional(),
        /** From a sample's own time until a reader sees it. */
        lagMs: times,
        /** So much more for every thousand samples that the series has in the sample's minute. */
        perThousandMs: times.default(0),
        /** A point's samples become visible in so many pieces, the last one `spreadMs` after the first. */
        pieces: z.number().int().min(1).default(1),
        spreadMs: times.default(0),
      }),
    )
    .optional(),
  /** Replaces the refusals before. */
  refuse: z
    .array(
      z.strictObject({
        metric: z.string().optional(),
        statistic: z.string(),
        /** `call`: the whole GetMetricData is refused. `result`: this one result has the status InternalError. */
        how: z.enum(['call', 'result']).default('call'),
      }),
    )
    .optional(),
  /** Which of the two documented spellings SageMaker's error metrics of serverless endpoints have. */
  serverlessErrors: z.enum(['Invocation4XXErrors', 'Invocations4XXErrors']).optional(),
});

export type MetricFaults = z.output<typeof metricFaults>;
export type MetricDelay = NonNullable<MetricFaults['delays']>[number];
export type RefusedStatistic = NonNullable<MetricFaults['refuse']>[number];

interface Name {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export function delayOf(delays: readonly MetricDelay[], name: Name): MetricDelay | undefined {
  return delays.find(
    ({ namespace, metric, dimensions = {} }) =>
      (namespace === undefined || namespace === name.namespace) &&
      (metric === undefined || metric === name.metricName) &&
      Object.entries(dimensions).every(([key, value]) => name.dimensions[key] === value),
  );
}

/**
 * The name under which a metric is kept, where readers ask for it by `asked`; undefined where AWS has none of that name.
 * Source: SageMaker developer guide, "Monitor a serverless endpoint" (Invocations4XXErrors), "Metrics for monitoring"
 * (Invocation4XXErrors).
 */
export function keptName(asked: string, spelling: string): string | undefined {
  const found = /^Invocation(s?)([45]XXErrors)$/.exec(asked);
  if (found === null) return asked;
  const isPlural = spelling.startsWith('Invocations');
  return (found[1] === 's') === isPlural ? `Invocation${found[2]}` : undefined;
}
