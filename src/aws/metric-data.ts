import { CloudWatchClient, GetMetricDataCommand, type MetricStat } from '@aws-sdk/client-cloudwatch';
import type { Instant } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** A point's value by the beginning of its period, in milliseconds. No key: no data in that period. */
export type Points = ReadonlyMap<number, number>;

export interface MetricRequest {
  readonly stats: readonly MetricStat[];
  readonly from: Instant;
  readonly to: Instant;
}

/** CloudWatch's limit for one call. */
export const mostQueries = 500;
const mostPages = 100;

/**
 * All metrics in one GetMetricData, followed page by page; the answer is in the order of `stats`.
 * @throws PlatformError, also where CloudWatch could give only a part
 */
export async function readMetricData(
  clients: Clients,
  { stats, from, to }: MetricRequest,
): Promise<Points[]> {
  if (stats.length > mostQueries) throw new Error(`${stats.length} metrics don't go into one GetMetricData`);
  const client = clients.of(CloudWatchClient);
  const points = stats.map(() => new Map<number, number>());
  const status = new Map<number, string | undefined>();
  let token: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const answer = await attempt(
      { action: 'cloudwatch:GetMetricData', resource: `${stats.length} metrics` },
      () =>
        client.send(
          new GetMetricDataCommand({
            MetricDataQueries: stats.map((MetricStat, index) => ({ Id: `m${index}`, MetricStat })),
            StartTime: new Date(from),
            EndTime: new Date(to),
            ScanBy: 'TimestampAscending',
            ...(token === undefined ? {} : { NextToken: token }),
          }),
        ),
    );
    for (const result of answer.MetricDataResults ?? []) {
      const index = Number(result.Id?.slice(1));
      status.set(index, result.StatusCode);
      result.Timestamps?.forEach((at, i) => {
        const value = result.Values?.[i];
        if (value !== undefined) points[index]?.set(at.getTime(), value);
      });
      // Pages to come don't mend these.
      if (result.StatusCode === 'InternalError' || result.StatusCode === 'Forbidden') break;
    }
    token = answer.NextToken;
    if (token === undefined || token === '' || [...status.values()].includes('InternalError')) break;
  }
  stats.forEach((stat, index) => {
    if (status.get(index) !== 'Complete') throw incomplete(stat, status.get(index));
  });
  if (token !== undefined && token !== '') throw incomplete(stats[0], 'PartialData');
  return points;
}

function incomplete(stat: MetricStat | undefined, status: string | undefined): PlatformError {
  const metric = `${stat?.Metric?.Namespace ?? '?'} ${stat?.Metric?.MetricName ?? '?'}`;
  if (status === 'Forbidden') {
    const action = 'cloudwatch:GetMetricData';
    return new PlatformError({
      kind: 'denied',
      action,
      message: `CloudWatch keeps ${metric} from this identity`,
    });
  }
  const message = `CloudWatch could not give all of ${metric} (${status ?? 'no answer for it'})`;
  return new PlatformError({ kind: 'unknown', message });
}
