import type { Observation, Reading } from '../domain/observation.ts';
import { instant } from '../domain/units.ts';
import type { ArmSource, Metrics, MetricsQuery } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { type ArmMetricsOptions, type ArmQuery, type ArmReader, armReader } from './metric-arms.ts';
import { type Points, readMetricData } from './metric-data.ts';
import { byTick } from './metric-periods.ts';

export interface MetricsOptions extends Omit<ArmMetricsOptions, 'resolution'> {
  readonly clients: Clients;
  /**
   * How often CloudWatch keeps a point at the finest. AWS's own metrics: each minute at AWS, each second on local AWS.
   * @default { routerMs: 1000, awsMs: 60000, or 1000 where AWS is on this machine }
   */
  readonly resolution?: ArmMetricsOptions['resolution'];
}

/** What the arms showed, by CloudWatch: one GetMetricData a read, whatever the number of metrics. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { clients, resolution = { routerMs: 1_000, awsMs: clients.loopback ? 1_000 : 60_000 } } = options;
  const armOptions: ArmMetricsOptions = { ...options, resolution };
  return {
    async read(query): Promise<Reading> {
      try {
        return { kind: 'read', observations: await observations(clients, armOptions, query) };
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const denied = error.failure.kind === 'denied' || error.failure.kind === 'credentials';
        return { kind: 'unreadable', why: error.message, denied };
      }
    },
  };
}

async function observations(
  clients: Clients,
  options: ArmMetricsOptions,
  query: MetricsQuery,
): Promise<Observation[]> {
  const { from, to, tickMs } = query;
  const count = Math.round((to - from) / tickMs);
  const readerOf = (arm: ArmSource | null): ArmReader | null =>
    arm === null ? null : armReader(options, arm, tickMs);
  const [champion, challenger] = [readerOf(query.champion), readerOf(query.challenger)];
  const queries = [...(champion?.queries ?? []), ...(challenger?.queries ?? [])];
  const points = queries.length === 0 || count <= 0 ? [] : await pointsOf(clients, queries, query);
  const sums = queries.map(({ periodMs }, index) =>
    byTick(points[index] ?? new Map(), periodMs, { from, count, tickMs }),
  );
  const at = (tick: number, start: number, length: number) =>
    sums.slice(start, start + length).map((each) => each[tick]);
  const split = champion?.queries.length ?? 0;
  return Array.from({ length: count }, (_, tick) => ({
    at: instant(from + (tick + 1) * tickMs),
    tickMs,
    plannedPercent: query.plannedPercent,
    champion: champion?.tick(at(tick, 0, split)) ?? null,
    challenger: challenger?.tick(at(tick, split, challenger.queries.length)) ?? null,
  }));
}

function pointsOf(
  clients: Clients,
  queries: readonly ArmQuery[],
  { from, to }: MetricsQuery,
): Promise<Points[]> {
  const longest = Math.max(...queries.map(({ periodMs }) => periodMs));
  return readMetricData(clients, {
    stats: queries.map(({ stat }) => stat),
    // A point longer than a tick may end in the first one.
    from: instant(Math.floor(from / longest) * longest),
    to,
  });
}
