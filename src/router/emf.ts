import type { RouterConfig } from './config.ts';

/** One request that reached a model, or was to. */
export interface RequestRecord {
  readonly at: number;
  readonly version: string;
  readonly arm: string;
  readonly rollout: string | undefined;
  readonly requestId: string;
  /** Undefined where the caller got no answer from the model. */
  readonly latencyMs: number | undefined;
  readonly throttled: boolean;
  readonly noUserId: boolean;
  readonly failure: { readonly why: string; readonly detail: string } | undefined;
}

export interface FeedbackRecord {
  readonly at: number;
  readonly version: string;
  readonly rollout: string | undefined;
  /** The request that the feedback is about. */
  readonly requestId: string;
  readonly value: number;
}

/** CloudWatch's embedded metric format: one JSON line on stdout becomes metrics and a searchable log entry. */
export interface Emf {
  readonly request: (record: RequestRecord) => string;
  readonly feedback: (record: FeedbackRecord) => string;
}

export function createEmf(config: RouterConfig): Emf {
  const dimensions = JSON.stringify({ Environment: config.environment, Model: config.model }).slice(1, -1);
  /** All of a line that stands between its time and its values: spelled once, for it is most of it. */
  const directive = (metrics: Readonly<Record<string, string>>): string => {
    const CloudWatchMetrics = [
      {
        Namespace: 'Mlreg',
        Dimensions: [['Environment', 'Model', 'ModelVersion']],
        Metrics: Object.entries(metrics).map(([Name, Unit]) => ({
          Name,
          Unit,
          StorageResolution: config.metricResolution,
        })),
      },
    ];
    return `,"CloudWatchMetrics":${JSON.stringify(CloudWatchMetrics)}},${dimensions},`;
  };
  const line = (at: number, known: string, values: Readonly<Record<string, unknown>>): string =>
    `{"_aws":{"Timestamp":${at}${known}${JSON.stringify(values).slice(1)}`;
  const counts = { Requests: 'Count', Errors: 'Count', Throttles: 'Count' };
  const failed = directive(counts);
  const answered = directive({ ...counts, Latency: 'Milliseconds' });
  const feedback = directive({ Feedback: 'None' });

  // No user's id, no body, no key in either: logs are kept longer and read by more people than requests are.
  return {
    request: (record) =>
      line(record.at, record.latencyMs === undefined ? failed : answered, {
        ModelVersion: record.version,
        Requests: 1,
        // A throttled request is a failed one as well: its caller got a 503.
        Errors: record.failure ? 1 : 0,
        Throttles: record.throttled ? 1 : 0,
        Latency: record.latencyMs,
        rolloutId: record.rollout,
        arm: record.arm,
        requestId: record.requestId,
        noUserId: record.noUserId || undefined,
        failure: record.failure?.why,
        detail: record.failure?.detail,
      }),
    feedback: (record) =>
      line(record.at, feedback, {
        ModelVersion: record.version,
        Feedback: record.value,
        rolloutId: record.rollout,
        requestId: record.requestId,
      }),
  };
}
