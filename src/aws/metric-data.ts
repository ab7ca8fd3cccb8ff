import { CloudWatchClient, GetMetricDataCommand, type MetricStat } from '@aws-sdk/client-cloudwatch';
import type { Instant } from '../domain/units.ts';
import { type Haste, PlatformError } from '../ports/platform.ts';
import { type Clients, needsOf } from './clients.ts';
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
  haste?: Haste,
): Promise<Points[]> {
  if (stats.length > mostQueries) throw new Error(`${stats.length} metrics don't go into one GetMetricData`);
  const client = clients.of(CloudWatchClient, needsOf(haste));
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
    const given = status.get(index);
    if (given === 'InternalError' || given === 'Forbidden') throw new StatisticMissing(stat, given);
  });
  stats.forEach((stat, index) => {
    if (status.get(index) !== 'Complete') throw incomplete(stat, status.get(index));
  });
  const [first] = stats;
  if (token !== undefined && token !== '' && first !== undefined) throw incomplete(first, 'PartialData');
  return points;
}

/** One result of an answer that is otherwise fine. */
export class StatisticMissing extends PlatformError {
  readonly stat: MetricStat;
  constructor(stat: MetricStat, status: 'InternalError' | 'Forbidden') {
    super(status === 'Forbidden' ? forbidden(stat) : incomplete(stat, status).failure);
    this.stat = stat;
  }
}

const nameOf = ({ Metric }: MetricStat): string => `${Metric?.Namespace ?? '?'} ${Metric?.MetricName ?? '?'}`;

function forbidden(stat: MetricStat): PlatformError['failure'] {
  const action = 'cloudwatch:GetMetricData';
  return { kind: 'denied', action, message: `CloudWatch keeps ${nameOf(stat)} from this identity` };
}

function incomplete(stat: MetricStat, status: string | undefined): PlatformError {
  const message = `CloudWatch could not give all of ${nameOf(stat)} (${status ?? 'no answer for it'})`;
  return new PlatformError({ kind: 'unknown', message });
}
