import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  type ResultField,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { createLimit } from '../domain/limit.ts';
import { bucketCounts, type BucketRow, isBucket } from '../domain/user-counts.ts';
import { later } from '../domain/units.ts';
import type { Clock, UserCounts, UserCountsReading } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { readConfiguration } from './lambda-configuration.ts';

export interface UserCountsOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly environment: string;
  readonly model: string;
  readonly functionName: string;
}

type Query = Parameters<UserCounts['read']>[0];

/** A query that takes longer is stopped: a rollout judges nothing else while it waits for one. */
const mostMs = 25_000;
const pollMs = 500;
/** CloudWatch's limit. An answer has at most 1,000 buckets on two arms. */
const mostRows = 10_000;
/** The challenger's requests count as slow beyond so many times the champion's quantile. */
const slower = 1.1;

/**
 * Counts by user bucket, out of the router's log lines by one Logs Insights aggregation. CloudWatch does the counting, so
 * an answer is at most 2,000 rows whatever the traffic: three hours at 100 requests a second are 0.65 GB of log, of which
 * FilterLogEvents would send every byte, by pages of 1 MB at five calls a second, for more than two minutes. A query costs
 * $0.005 a GB.
 */
export function createUserCounts(options: UserCountsOptions): UserCounts {
  return {
    async read(query): Promise<UserCountsReading> {
      try {
        const rows = await ask(options, query);
        return { kind: 'read', counts: bucketCounts(rows) };
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const denied = error.failure.kind === 'denied' || error.failure.kind === 'credentials';
        return { kind: 'unreadable', why: error.message, denied };
      }
    },
  };
}

async function ask(
  { clients, clock, ...of }: UserCountsOptions,
  query: Query,
): Promise<readonly BucketRow[]> {
  if (query.to <= query.from) return [];
  const client = clients.of(CloudWatchLogsClient);
  const logGroupName = await logGroupOf(clients, of.functionName);
  const resource = `log group ${logGroupName}`;
  const started = await attempt({ action: 'logs:StartQuery', resource }, () =>
    client.send(
      new StartQueryCommand({
        logGroupName,
        // Whole seconds, the last one included; the query's own filter is exact.
        startTime: Math.floor(query.from / 1_000),
        endTime: Math.ceil(query.to / 1_000),
        queryString: queryText(of, query),
        limit: mostRows,
      }),
    ),
  );
  const { queryId = '' } = started;
  const isOver = createLimit(() => clock.now(), mostMs);
  for (;;) {
    const answer = await attempt({ action: 'logs:GetQueryResults', resource }, () =>
      client.send(new GetQueryResultsCommand({ queryId })),
    );
    switch (answer.status) {
      case 'Complete':
        return (answer.results ?? []).flatMap((row) => rowOf(row));
      case 'Scheduled':
      case 'Running':
        break;
      default:
        throw broken(`the query of ${resource} ended as ${answer.status ?? 'nothing'}`);
    }
    if (isOver()) {
      await client.send(new StopQueryCommand({ queryId })).catch(() => undefined);
      throw broken(`the query of ${resource} took longer than ${mostMs / 1_000} s`);
    }
    await clock.sleepUntil(later(clock.now(), pollMs));
  }
}

/** A function may log into a group of another name. */
async function logGroupOf(clients: Clients, functionName: string): Promise<string> {
  const { LoggingConfig } = await readConfiguration(clients, functionName);
  return LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`;
}

/**
 * One row a bucket and arm. Only functions that Logs Insights documents: it has no condition that could be summed up, but
 * `floor(latency / limit)`, cut at 1, is 1 where the latency is beyond the limit.
 */
export function queryText(
  { environment, model }: Pick<UserCountsOptions, 'environment' | 'model'>,
  { from, to, slowerThanMs }: Query,
): string {
  const limits = (slowerThanMs ?? []).flatMap((ms) => [ms, ms * slower]);
  // The router rounds to a thousandth: half of one more tells "beyond" from "at".
  const over = limits.map((ms, i) => `least(1, floor(Latency / ${ms + 0.0005})) as over${i}`);
  return [
    `filter Environment = ${JSON.stringify(environment)} and Model = ${JSON.stringify(model)}`,
    'filter ispresent(bucket) and ispresent(arm)',
    `filter \`_aws.Timestamp\` >= ${from} and \`_aws.Timestamp\` < ${to}`,
    ...(over.length === 0 ? [] : [`fields ${over.join(', ')}`]),
    `stats count(*) as requests, sum(Errors) as errors, sum(Refused) as refused${limits.map((_, i) => `, sum(over${i}) as slow${i}`).join('')} by bucket, arm`,
  ].join('\n| ');
}

/** None where it isn't one of the router's: anybody who may write into the log may write anything. */
function rowOf(fields: readonly ResultField[]): readonly BucketRow[] {
  const value = (name: string): string | undefined => fields.find(({ field }) => field === name)?.value;
  const number = (name: string): number => Number(value(name) ?? 0);
  // Two limits for each quantile: the champion's, and the challenger's.
  const own = value('arm') === 'challenger' ? 1 : 0;
  const row: BucketRow = {
    bucket: Number(value('bucket') ?? Number.NaN),
    requests: number('requests'),
    errors: number('errors'),
    refused: number('refused'),
    slow50: number(`slow${own}`),
    slow95: number(`slow${2 + own}`),
    slow99: number(`slow${4 + own}`),
  };
  const { bucket, ...counts } = row;
  const isCount = Object.values(counts).every((count) => count >= 0 && count < Infinity);
  return isBucket(bucket) && isCount ? [row] : [];
}

const broken = (message: string): PlatformError => new PlatformError({ kind: 'unknown', message });
