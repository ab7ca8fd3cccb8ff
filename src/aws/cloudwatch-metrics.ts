import { clockText } from '../domain/clock-text.ts';
import type { Observation, Reading, RequestCount } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { Metrics, MetricsQuery } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import type { ReadMetrics } from './gathered-reads.ts';
import { givenStatistics, missingText, type ReadGiven } from './given-statistics.ts';
import { type ArmMetricsOptions, type ArmQuery, isEssential, stickyReader } from './metric-arms.ts';
import { type MetricRequest, readMetricData } from './metric-data.ts';
import { byTick } from './metric-periods.ts';
import { createProbe } from './metric-probe.ts';
import { createServed } from './metric-served.ts';
import { shadowReader } from './metric-shadow.ts';
import { type WarmingLog, withoutWarming } from './warming-log.ts';
import { sourceOf, weightedReader } from './weighted-arm.ts';

export interface MetricsOptions extends Omit<ArmMetricsOptions, 'resolution'> {
  readonly clients: Clients;
  /** AWS's time, milliseconds. */
  readonly now: () => number;
  /**
   * How often CloudWatch keeps a point at the finest. AWS's own metrics: each minute at AWS, each second on local AWS.
   * @default { routerMs: 1000, awsMs: 60000, or 1000 where AWS is on this machine }
   */
  readonly resolution?: ArmMetricsOptions['resolution'];
  /** Stands in for a GetMetricData of its own at each read, where many rollouts are looked at together. */
  readonly read?: ReadMetrics;
  /** Warming requests, which are left out. */
  readonly warming?: WarmingLog;
}

/** What the arms showed, by CloudWatch: one GetMetricData a read, whatever the number of metrics. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { clients, resolution = { routerMs: 1_000, awsMs: clients.loopback ? 1_000 : 60_000 } } = options;
  const armOptions: ArmMetricsOptions = { ...options, resolution };
  const read = options.read ?? ((request: MetricRequest) => readMetricData(clients, request));
  const ask = givenStatistics(read);
  return {
    async read(query): Promise<Reading> {
      try {
        const { haste } = query;
        const asked =
          haste === undefined ? ask : givenStatistics((request) => readMetricData(clients, request, haste));
        return await observations(asked, armOptions, query, options);
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const isSignedOut = error.failure.kind === 'credentials';
        const denied = isSignedOut || error.failure.kind === 'denied';
        const found = { kind: 'unreadable', why: error.message, denied } as const;
        return isSignedOut ? { ...found, credentials: true } : found;
      }
    },
    // Where another program than mlreg's router runs, it answers no such request, and AWS's own metrics are read.
    ...createProbe({ ...options, read }),
    // Weighted arms that the router does not show are read by their endpoints.
    ...(options.routing === 'sticky' ? createServed({ ...options, resolution, read }) : {}),
  };
}

/** CloudWatch keeps points of less than a minute for three hours; a margin, so that the window is not cut under way. */
const fineForMs = 3 * 3_600_000 - 60_000;
const minuteMs = 60_000;

async function observations(
  ask: ReadGiven,
  given: ArmMetricsOptions,
  query: MetricsQuery,
  { clients, now, warming }: Pick<MetricsOptions, 'clients' | 'now' | 'warming'>,
): Promise<Reading> {
  const { from, tickMs } = query;
  const isOld = from < now() - fineForMs;
  const { routerMs, awsMs } = given.resolution;
  const options = isOld
    ? { ...given, resolution: { routerMs: Math.max(routerMs, minuteMs), awsMs: Math.max(awsMs, minuteMs) } }
    : given;
  // What is read by the minute ends with one, or the next window, read by the second, would miss the rest of it.
  const to = isOld && query.to % minuteMs !== 0 ? endOfMinutes(query) : query.to;
  const count = Math.round((to - from) / tickMs);
  const reader = readerOf(options, query);
  const { queries } = reader;
  const stats = queries.map(({ stat }) => stat);
  const points =
    queries.length === 0 || count <= 0
      ? []
      : await ask({ stats, ...windowOf(queries, from, to) }, isEssential);
  const read = queries.map(({ periodMs }, index) =>
    points[index] === null
      ? new Array<number>(count).fill(NaN)
      : byTick(points[index] ?? new Map(), periodMs, { from, count, tickMs }),
  );
  const sums = warming === undefined ? read : withoutWarming(queries, read, { from, tickMs }, warming);
  const totals = sums.map((each) => each.reduce<number>((sum, value) => sum + (value ?? 0), 0));
  const notes = [clockText(clients.time?.machineAheadMs() ?? 0), missingText(stats, points)].filter(
    (note) => note !== null,
  );
  return {
    kind: 'read',
    observations: Array.from({ length: Math.max(0, count) }, (_, tick) => ({
      at: instant(from + (tick + 1) * tickMs),
      tickMs,
      plannedPercent: query.plannedPercent,
      ...reader.tick(
        sums.map((each) => each[tick]),
        totals,
      ),
    })),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** The last tick that ends with a minute; the window as it is where there is none. */
function endOfMinutes({ from, to, tickMs }: MetricsQuery): Instant {
  for (let at: number = to; at > from; at -= tickMs) if (at % minuteMs === 0) return instant(at);
  return to;
}

interface Reader {
  readonly queries: readonly ArmQuery[];
  /** @param totals of the whole window, in the order of `queries` */
  tick(
    sums: readonly (number | undefined)[],
    totals: readonly number[],
  ): Pick<Observation, 'champion' | 'challenger' | 'copies' | 'anonymous'>;
}

function readerOf(options: ArmMetricsOptions, query: MetricsQuery): Reader {
  const { champion, challenger, tickMs } = query;
  if (query.copies === true && champion !== null && challenger !== null)
    return shadowReader(options, { champion, challenger }, tickMs);
  if (options.routing === 'weighted') return weightedArms(options, query, tickMs);
  const [one, other] = [champion, challenger].map((arm) =>
    arm === null ? null : stickyReader(options, arm, tickMs),
  );
  const split = one?.queries.length ?? 0;
  return {
    queries: [...(one?.queries ?? []), ...(other?.queries ?? [])],
    tick: (sums) => {
      const [ofOne, ofOther] = [sums.slice(0, split), sums.slice(split)];
      const anonymous = both(one?.anonymous?.(ofOne), other?.anonymous?.(ofOther));
      return {
        champion: one?.tick(ofOne) ?? null,
        challenger: other?.tick(ofOther) ?? null,
        ...(anonymous === undefined ? {} : { anonymous }),
      };
    },
  };
}

function weightedArms(
  options: ArmMetricsOptions,
  { champion, challenger }: MetricsQuery,
  tickMs: number,
): Reader {
  const [one, other] = [champion, challenger].map((arm) =>
    arm === null ? null : weightedReader(options, arm, tickMs),
  );
  const split = one?.queries.length ?? 0;
  return {
    queries: [...(one?.queries ?? []), ...(other?.queries ?? [])],
    tick: (sums, totals) => {
      const source = sourceOf(
        [one?.counted(totals.slice(0, split)), other?.counted(totals.slice(split))].filter(
          (counted) => counted !== undefined,
        ),
      );
      return {
        champion: one?.tick(sums.slice(0, split), source) ?? null,
        challenger: other?.tick(sums.slice(split), source) ?? null,
      };
    },
  };
}

function both(a: RequestCount | undefined, b: RequestCount | undefined): RequestCount | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}

function windowOf(
  queries: readonly ArmQuery[],
  from: number,
  to: number,
): { readonly from: Instant; readonly to: Instant } {
  const longest = Math.max(...queries.map(({ periodMs }) => periodMs));
  // A point longer than a tick may end in the first one.
  return { from: instant(Math.floor(from / longest) * longest), to: instant(to) };
}
