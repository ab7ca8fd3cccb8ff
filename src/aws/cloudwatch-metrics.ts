import type { Observation, Reading, RequestCount } from '../domain/observation.ts';
import { instant } from '../domain/units.ts';
import type { Metrics, MetricsQuery } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import type { ReadMetrics } from './gathered-reads.ts';
import { type ArmMetricsOptions, type ArmQuery, armReader } from './metric-arms.ts';
import { type MetricRequest, type Points, readMetricData } from './metric-data.ts';
import { byTick } from './metric-periods.ts';
import { shadowReader } from './metric-shadow.ts';

export interface MetricsOptions extends Omit<ArmMetricsOptions, 'resolution'> {
  readonly clients: Clients;
  /**
   * How often CloudWatch keeps a point at the finest. AWS's own metrics: each minute at AWS, each second on local AWS.
   * @default { routerMs: 1000, awsMs: 60000, or 1000 where AWS is on this machine }
   */
  readonly resolution?: ArmMetricsOptions['resolution'];
  /** Stands in for a GetMetricData of its own at each read, where many rollouts are looked at together. */
  readonly read?: ReadMetrics;
}

/** What the arms showed, by CloudWatch: one GetMetricData a read, whatever the number of metrics. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { clients, resolution = { routerMs: 1_000, awsMs: clients.loopback ? 1_000 : 60_000 } } = options;
  const armOptions: ArmMetricsOptions = { ...options, resolution };
  const ask = options.read ?? ((request: MetricRequest) => readMetricData(clients, request));
  return {
    async read(query): Promise<Reading> {
      try {
        return { kind: 'read', observations: await observations(ask, armOptions, query) };
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const isSignedOut = error.failure.kind === 'credentials';
        const denied = isSignedOut || error.failure.kind === 'denied';
        const found = { kind: 'unreadable', why: error.message, denied } as const;
        return isSignedOut ? { ...found, credentials: true } : found;
      }
    },
  };
}

async function observations(
  ask: ReadMetrics,
  options: ArmMetricsOptions,
  query: MetricsQuery,
): Promise<Observation[]> {
  const { from, to, tickMs } = query;
  const count = Math.round((to - from) / tickMs);
  const reader = readerOf(options, query);
  const { queries } = reader;
  const points = queries.length === 0 || count <= 0 ? [] : await pointsOf(ask, queries, query);
  const sums = queries.map(({ periodMs }, index) =>
    byTick(points[index] ?? new Map(), periodMs, { from, count, tickMs }),
  );
  return Array.from({ length: count }, (_, tick) => ({
    at: instant(from + (tick + 1) * tickMs),
    tickMs,
    plannedPercent: query.plannedPercent,
    ...reader.tick(sums.map((each) => each[tick])),
  }));
}

interface Reader {
  readonly queries: readonly ArmQuery[];
  tick(
    sums: readonly (number | undefined)[],
  ): Pick<Observation, 'champion' | 'challenger' | 'copies' | 'anonymous'>;
}

function readerOf(options: ArmMetricsOptions, query: MetricsQuery): Reader {
  const { champion, challenger, tickMs } = query;
  if (query.copies === true && champion !== null && challenger !== null)
    return shadowReader(options, { champion, challenger }, tickMs);
  const [one, other] = [champion, challenger].map((arm) =>
    arm === null ? null : armReader(options, arm, tickMs),
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

function both(a: RequestCount | undefined, b: RequestCount | undefined): RequestCount | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}

function pointsOf(
  ask: ReadMetrics,
  queries: readonly ArmQuery[],
  { from, to }: MetricsQuery,
): Promise<Points[]> {
  const longest = Math.max(...queries.map(({ periodMs }) => periodMs));
  return ask({
    stats: queries.map(({ stat }) => stat),
    // A point longer than a tick may end in the first one.
    from: instant(Math.floor(from / longest) * longest),
    to,
  });
}
