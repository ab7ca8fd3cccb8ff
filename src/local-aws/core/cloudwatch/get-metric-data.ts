import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import type { Account } from '../account.ts';
import { parseInput, wireInteger, wireTime } from '../input.ts';
import { answer, type Operation } from '../operation.ts';
import { checkPeriod, metricDataQueryInput, validationError } from './input-shapes.ts';
import { periodsOf, type MetricStore } from './metric-store.ts';
import type { Samples } from './samples.ts';
import { parseStatistic } from './statistics.ts';

/** GetMetricData over MetricStat queries (no expressions), paged by MaxDatapoints. */
export function getMetricData(account: Pick<Account, 'clock'>, store: MetricStore): Operation {
  return (call) => {
    const input = parseInput(getMetricDataInput, call.input, 'ValidationError');
    const limit = input.MaxDatapoints ?? MOST_POINTS;
    if (limit < 1 || limit > MOST_POINTS)
      throw validationError(`MaxDatapoints must be between 1 and ${MOST_POINTS}.`);
    if (input.StartTime >= input.EndTime) {
      throw validationError('The parameter StartTime must be less than the parameter EndTime.');
    }
    const queries = checkedQueries(input.MetricDataQueries, store);
    const now = account.clock.now();
    store.reveal(now);
    const { MaxDatapoints: _limit, NextToken, ...asked } = input;
    const digest = createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16);
    const ascending = input.ScanBy === 'TimestampAscending';
    const readAll = readerOf(store, input.StartTime, input.EndTime);
    // AWS keeps periods under a minute for three hours, and gives none of them where the window begins earlier.
    const isOld = input.StartTime < now - THREE_HOURS_MS;
    const read = (stat: Stat) => (isOld && stat.Period < 60 ? [] : readAll(stat));

    let position = NextToken === undefined ? { query: 0, after: undefined } : parseToken(NextToken, digest);
    let room = limit;
    let next: string | undefined;
    const results = queries.map((query, index) => {
      const result = { Id: query.Id, Label: query.Label ?? query.stat.Metric.MetricName };
      // Earlier pages said it all; later pages will.
      if (index < position.query) return { ...result, ...noPoints, StatusCode: 'Complete' };
      if (next !== undefined) return { ...result, ...noPoints, StatusCode: 'PartialData' };
      if (isRefused(store, query.stat, 'result'))
        return { ...result, ...noPoints, StatusCode: 'InternalError' };
      const all = read(query.stat);
      if (!ascending) all.reverse();
      const { after } = position;
      const left = after === undefined ? all : all.filter(([at]) => (ascending ? at > after : at < after));
      position = { query: index, after: undefined };
      const taken = left.slice(0, room);
      room -= taken.length;
      const complete = taken.length === left.length;
      if (!complete) next = makeToken({ query: index, after: taken.at(-1)?.[0] ?? after }, digest);
      return {
        ...result,
        Timestamps: taken.map(([at]) => new Date(at * 1000)),
        Values: taken.map(([, value]) => value),
        StatusCode: complete ? 'Complete' : 'PartialData',
      };
    });
    const returned = results.filter((_, i) => queries[i]?.ReturnData !== false);
    return answer({
      MetricDataResults: returned,
      Messages: [],
      ...(next === undefined ? {} : { NextToken: next }),
    });
  };
}

const MOST_POINTS = 100_800;
const THREE_HOURS_MS = 3 * 3600 * 1000;
const noPoints = { Timestamps: [], Values: [] };

const getMetricDataInput = z.object({
  MetricDataQueries: z.array(metricDataQueryInput),
  StartTime: wireTime,
  EndTime: wireTime,
  NextToken: z.string().optional(),
  ScanBy: z.enum(['TimestampAscending', 'TimestampDescending']).default('TimestampDescending'),
  MaxDatapoints: wireInteger.optional(),
});

type Query = z.output<typeof metricDataQueryInput>;
type Stat = NonNullable<Query['MetricStat']>;

function isRefused(store: MetricStore, { Metric, Stat }: Stat, way: 'call' | 'result'): boolean {
  return store
    .refused()
    .some(
      ({ metric, statistic, how }) =>
        how === way && statistic === Stat && (metric === undefined || metric === Metric.MetricName),
    );
}

function checkedQueries(queries: readonly Query[], store: MetricStore): (Query & { readonly stat: Stat })[] {
  if (queries.length === 0) throw validationError('The collection MetricDataQueries must not be empty.');
  if (queries.length > 500)
    throw validationError('The collection MetricDataQueries must not have a size greater than 500.');
  if (new Set(queries.map(({ Id }) => Id)).size < queries.length) {
    throw validationError('The values for parameter id in MetricDataQueries are not unique.');
  }
  return queries.map((query) => {
    if (!/^[a-z][a-zA-Z0-9_]*$/.test(query.Id))
      throw validationError(
        `The value ${query.Id} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
      );
    const stat = query.MetricStat;
    if (stat === undefined) {
      if (query.Expression === undefined)
        throw validationError(`MetricDataQuery ${query.Id} needs MetricStat or Expression.`);
      throw validationError(
        `Local AWS does not evaluate expressions (query ${query.Id}): ask for its metrics and calculate.`,
      );
    }
    checkPeriod(stat.Period);
    if (parseStatistic(stat.Stat) === undefined || isRefused(store, stat, 'call'))
      throw validationError(`The value ${stat.Stat} for parameter Stat is not supported.`);
    return { ...query, stat };
  });
}

/** Reads points of a statistic, ascending. What two queries share (p50, p99 of one metric) is gathered once. */
function readerOf(store: MetricStore, startMs: number, endMs: number): (stat: Stat) => [number, number][] {
  const gathered = new Map<string, [number, Samples][]>();
  return ({ Metric, Period, Stat, Unit }) => {
    const metric = store.find({
      namespace: Metric.Namespace,
      metricName: Metric.MetricName,
      dimensions: Metric.Dimensions,
    });
    const statistic = parseStatistic(Stat);
    if (metric === undefined || statistic === undefined) return [];
    const key = JSON.stringify([Metric, Period, Unit, statistic.needsValues]);
    let periods = gathered.get(key);
    if (periods === undefined) {
      const start = Math.floor(startMs / 1000 / Period) * Period;
      periods = periodsOf(
        metric,
        { start, end: endMs / 1000, period: Period, unit: Unit },
        statistic.needsValues,
      );
      gathered.set(key, periods);
    }
    return periods.flatMap(([at, samples]): [number, number][] => {
      const value = statistic.of(samples);
      return value === undefined ? [] : [[at, value]];
    });
  };
}

interface Position {
  readonly query: number;
  /** Timestamp (seconds) of the last point given. */
  readonly after: number | undefined;
}

function makeToken(position: Position, digest: string): string {
  return Buffer.from(JSON.stringify({ ...position, digest })).toString('base64');
}

function parseToken(token: string, digest: string): Position {
  try {
    const parsed = tokenShape.parse(JSON.parse(Buffer.from(token, 'base64').toString('utf8')));
    if (parsed.digest === digest) return { query: parsed.query, after: parsed.after };
  } catch {
    // Whatever is wrong with it, it is not one of ours.
  }
  throw new AwsError('InvalidNextToken', 400, 'The next token specified is invalid.');
}

const tokenShape = z.object({ query: z.number(), after: z.number().optional(), digest: z.string() });
