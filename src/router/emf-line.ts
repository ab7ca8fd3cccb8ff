import type { RouterConfig } from './config.ts';

const units = {
  Requests: 'Count',
  Errors: 'Count',
  Throttles: 'Count',
  Latency: 'Milliseconds',
  Refused: 'Count',
  RouterRefused: 'Count',
  NotJson: 'Count',
  AsideErrors: 'Count',
  AnonymousErrors: 'Count',
  TesterErrors: 'Count',
  TesterEndpointErrors: 'Count',
  Stratum: 'None',
  Probe: 'Count',
  Feedback: 'None',
  ShadowSent: 'Count',
  ShadowDropped: 'Count',
  ShadowRequests: 'Count',
  ShadowErrors: 'Count',
  ShadowThrottles: 'Count',
  ShadowLatency: 'Milliseconds',
  ShadowChampionErrors: 'Count',
  ShadowChampionLatency: 'Milliseconds',
  ShadowCompared: 'Count',
  ShadowDisagreed: 'Count',
  ShadowDistance: 'None',
  ShadowDuplicates: 'Count',
} as const;

export type Metrics = Readonly<Partial<Record<keyof typeof units, number>>>;

/** @param more members beside the metrics, for those who search the log; undefined ones are left out */
export type EmfLine = (
  at: number,
  version: string,
  metrics: Metrics,
  more: Readonly<Record<string, unknown>>,
) => string;

/** CloudWatch's embedded metric format: one JSON line on stdout becomes metrics and a searchable log entry. */
export function createEmfLine(
  config: Pick<RouterConfig, 'environment' | 'model' | 'metricResolution'>,
): EmfLine {
  const dimensions = JSON.stringify({ Environment: config.environment, Model: config.model }).slice(1, -1);
  /** All of a line that stands between its time and its values, by its metrics: spelled once, for it is most of it. */
  const directives = new Map<string, string>();
  const directive = (names: readonly string[]): string => {
    const CloudWatchMetrics = [
      {
        Namespace: 'Mlreg',
        Dimensions: [['Environment', 'Model', 'ModelVersion']],
        Metrics: names.map((Name) => ({
          Name,
          Unit: units[Name as keyof typeof units],
          StorageResolution: config.metricResolution,
        })),
      },
    ];
    return `,"CloudWatchMetrics":${JSON.stringify(CloudWatchMetrics)}},${dimensions},`;
  };
  return (at, version, metrics, more) => {
    const names = Object.keys(metrics);
    const key = names.join();
    let known = directives.get(key);
    if (known === undefined) directives.set(key, (known = directive(names)));
    const values = { ModelVersion: version, ...metrics, ...more };
    return `{"_aws":{"Timestamp":${at}${known}${JSON.stringify(values).slice(1)}`;
  };
}
