import type { ArgoMetric } from './argo.ts';

export interface ArgoMetricSpec extends Omit<ArgoMetric, 'interval'> {
  readonly name: string;
  readonly interval?: string;
  readonly initialDelay?: string;
  readonly provider?: string | readonly string[];
}

const duration = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;

/** What Argo says of an analysis before it begins: its first mistake, null where it is valid. `ValidateMetrics`. */
export function validateMetrics(metrics: readonly ArgoMetricSpec[]): string | null {
  if (metrics.length === 0) return 'no metrics specified';
  for (const [i, metric] of metrics.entries()) {
    if (metrics.slice(0, i).some(({ name }) => name === metric.name)) {
      return `metrics[${i}]: duplicate name '${metric.name}'`;
    }
    const wrong = mistake(metric);
    if (wrong !== null) return `metrics[${i}]: ${wrong}`;
  }
  return null;
}

function mistake(metric: ArgoMetricSpec): string | null {
  const { count = 0, failureLimit = 0, inconclusiveLimit = 0, consecutiveErrorLimit = 4 } = metric;
  const { consecutiveSuccessLimit = 0, interval, initialDelay, provider = [] } = metric;
  const both = failureLimit + consecutiveSuccessLimit;
  if (count > 0 && failureLimit >= 0 && consecutiveSuccessLimit >= 0 && count < both) {
    return `count (${count}) must be >= failureLimit + consecutiveSuccessLimit (${failureLimit} + ${consecutiveSuccessLimit}) if both >= 0`;
  }
  if (count > 0 && count < inconclusiveLimit) return 'count must be >= inconclusiveLimit';
  if (interval !== undefined && !duration.test(interval)) return 'invalid interval string: ...';
  if (initialDelay !== undefined && !duration.test(initialDelay)) return 'invalid startDelay string: ...';
  if (count > 1 && interval === undefined) return 'interval must be specified when count > 1';
  if (failureLimit < -1) return 'failureLimit must be >= 0, or -1 to be disabled';
  if (inconclusiveLimit < 0) return 'inconclusiveLimit must be >= 0';
  if (consecutiveErrorLimit < 0) return 'consecutiveErrorLimit must be >= 0';
  if (consecutiveSuccessLimit < 0) return 'consecutiveSuccessLimit must be >= 0';
  if (failureLimit === -1 && consecutiveSuccessLimit === 0) {
    return 'failureLimit and consecutiveSuccessLimit cannot both be disabled';
  }
  const providers = [provider].flat().length;
  if (providers === 0) return 'no provider specified';
  return providers > 1 ? 'multiple providers specified' : null;
}
