import type { Account } from '../account.ts';
import { record, type MetricStore, type Series } from './metric-store.ts';

/**
 * A set of AWS/ metrics recorded together under some dimensions, as AWS/Lambda's of one alias:
 * the series are looked up once and kept, for this runs at every request.
 */
export interface AwsMetrics<Name extends string> {
  record(at: number, values: Readonly<Partial<Record<Name, number>>>): void;
}

export function awsMetrics<Name extends string>(
  account: Account,
  store: MetricStore,
  namespace: `AWS/${string}`,
  units: Readonly<Record<Name, string>>,
  dimensionSets: readonly Readonly<Record<string, string>>[],
): AwsMetrics<Name> {
  const resolution = account.settings.awsMetricResolutionSeconds;
  const names = Object.keys(units) as Name[];
  const series = new Map<Name, Series[]>(
    names.map((metricName) => [
      metricName,
      dimensionSets.map((dimensions) =>
        store.series({ namespace, metricName, dimensions }, units[metricName], resolution),
      ),
    ]),
  );
  return {
    record(at, values) {
      for (const [name, all] of series) {
        const value = values[name];
        if (value !== undefined) for (const each of all) record(each, at, value);
      }
    },
  };
}
