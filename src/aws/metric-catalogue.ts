import type { MetricStat } from '@aws-sdk/client-cloudwatch';

/*
 * All metrics that mlreg reads, as CloudWatch knows them. A name or dimension that isn't quite right is no error there:
 * it reads as no data, for ever. Sources: Lambda, SageMaker and API Gateway developer guides; the router's own EMF.
 */

type Basic = 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';
/** Requests whose value lies between the bounds, the lower one left out: `TC(5:10)`. */
export type TrimmedCount = `TC(${string}:${string})`;

interface Entry {
  readonly unit: 'Count' | 'None' | 'Milliseconds' | 'Microseconds';
  readonly statistics: readonly Basic[];
  /** Percentiles, and so trimmed counts too. */
  readonly percentiles: boolean;
}

const sum = (unit: Entry['unit']) => ({ unit, statistics: ['Sum'], percentiles: false }) as const;
const share = (unit: Entry['unit']) =>
  ({ unit, statistics: ['Sum', 'Average'], percentiles: false }) as const;
const time = (unit: Entry['unit']) =>
  ({ unit, statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'], percentiles: true }) as const;
/** 1 for a failed request, 0 for any other: how many there were and how many failed can't arrive apart. */
const outcome = { unit: 'Count', statistics: ['SampleCount', 'Sum'], percentiles: false } as const;
const gauge = { unit: 'Count', statistics: ['Maximum', 'Average', 'Minimum'], percentiles: false } as const;

export const catalogue = {
  /** The router's and the shadow function's, by model version. */
  router: {
    namespace: 'Mlreg',
    dimensions: ['Environment', 'Model', 'ModelVersion'],
    metrics: {
      /** Of compared requests, as Errors, Throttles and Latency are. For people: mlreg counts them by Errors. */
      Requests: sum('Count'),
      Errors: outcome,
      Throttles: sum('Count'),
      /** Of tagged requests, which prove the path of the metrics and are counted nowhere else. */
      Probe: outcome,
      Latency: time('Milliseconds'),
      /** Requests that the model called bad, and those that the router turned away. */
      Refused: sum('Count'),
      RouterRefused: sum('Count'),
      /** Of compared answers that were to be JSON: 1 for one that was not. */
      NotJson: outcome,
      /** Of requests that belong to no compared arm. */
      AsideErrors: outcome,
      AnonymousErrors: outcome,
      TesterErrors: outcome,
      /** Of testers' requests those that their endpoint counts among Invocation5XXErrors. */
      TesterEndpointErrors: sum('Count'),
      /** See domain/stratum.ts. */
      Stratum: { unit: 'None', statistics: [], percentiles: true },
      /** Copies of requests: the champion's requests, the challenger's answers. */
      ShadowSent: sum('Count'),
      ShadowDropped: sum('Count'),
      ShadowRequests: sum('Count'),
      ShadowErrors: outcome,
      ShadowThrottles: sum('Count'),
      ShadowChampionErrors: sum('Count'),
      ShadowCompared: sum('Count'),
      ShadowDisagreed: sum('Count'),
      ShadowDistance: share('None'),
      ShadowDuplicates: sum('Count'),
      ShadowLatency: time('Milliseconds'),
      ShadowChampionLatency: time('Milliseconds'),
    },
  },
  /** Both spellings of the error metrics are in AWS's documents: mlreg asks for both. */
  endpoint: {
    namespace: 'AWS/SageMaker',
    dimensions: ['EndpointName', 'VariantName'],
    metrics: {
      Invocations: sum('None'),
      Invocation4XXErrors: share('None'),
      Invocation5XXErrors: share('None'),
      Invocations4XXErrors: share('None'),
      Invocations5XXErrors: share('None'),
      ModelLatency: time('Microseconds'),
    },
  },
  function: {
    namespace: 'AWS/Lambda',
    dimensions: ['FunctionName'],
    metrics: {
      Invocations: sum('Count'),
      Duration: time('Milliseconds'),
      ConcurrentExecutions: gauge,
    },
  },
  /** One version behind an alias. Only where all three are given does CloudWatch find it. */
  aliasVersion: {
    namespace: 'AWS/Lambda',
    dimensions: ['FunctionName', 'Resource', 'ExecutedVersion'],
    metrics: {
      Invocations: sum('Count'),
      Errors: share('Count'),
      /** Throttled calls count as neither invocations nor errors. */
      Throttles: sum('Count'),
      Duration: time('Milliseconds'),
    },
  },
  /** An HTTP API. REST APIs have other names. */
  stage: {
    namespace: 'AWS/ApiGateway',
    dimensions: ['ApiId', 'Stage'],
    metrics: {
      Count: { unit: 'Count', statistics: ['SampleCount', 'Sum'], percentiles: false },
      '4xx': share('Count'),
      '5xx': share('Count'),
      Latency: time('Milliseconds'),
    },
  },
} as const satisfies Record<
  string,
  {
    readonly namespace: string;
    readonly dimensions: readonly string[];
    readonly metrics: Readonly<Record<string, Entry>>;
  }
>;

type Catalogue = typeof catalogue;
export type Source = keyof Catalogue;
export type MetricName<S extends Source> = keyof Catalogue[S]['metrics'] & string;
export type Dimensions<S extends Source> = Readonly<Record<Catalogue[S]['dimensions'][number], string>>;
type Statistic<S extends Source, M extends MetricName<S>> = Catalogue[S]['metrics'][M] extends {
  readonly statistics: readonly (infer Valid)[];
  readonly percentiles: infer Percentiles;
}
  ? Valid | (Percentiles extends true ? TrimmedCount : never)
  : never;

/** A statistic that exists, of a metric that exists, under dimensions that exist. `periodMs` is a period CloudWatch takes. */
export function metricStat<S extends Source, M extends MetricName<S>>(
  source: S,
  metric: M,
  statistic: Statistic<S, M>,
  dimensions: Dimensions<S>,
  periodMs: number,
): MetricStat {
  const { namespace, dimensions: names } = catalogue[source];
  return {
    Metric: {
      Namespace: namespace,
      MetricName: metric,
      Dimensions: names.map((Name) => ({
        Name,
        Value: (dimensions as Readonly<Record<string, string>>)[Name],
      })),
    },
    Period: periodMs / 1000,
    Stat: statistic as string,
    // No Unit: one that doesn't match reads as no data.
  };
}
