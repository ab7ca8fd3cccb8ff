import type { ArmTick, RequestCount } from '../../domain/observation.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { type Instant, instant } from '../../domain/units.ts';
import type { Session, Caller } from '../session.ts';

/** Names by version, generation included. */
export type Endpoints = Readonly<Record<string, { readonly name: string; readonly generation: number }>>;

/** The champion's time before a rollout. */
export interface EarlierPeriod {
  /** Begins with the first tick that had requests; empty where there was none, or nothing could be read. */
  readonly ticks: readonly ArmTick[];
  /** Of the ticks. */
  readonly from: Instant;
  readonly to: Instant;
  /** Requests without a user id in the same time; null where nothing counted them. */
  readonly anonymous: RequestCount | null;
  /** Answers that were to be JSON, and those that were not (`errors`); null where nothing counted them. */
  readonly json: RequestCount | null;
}

export const historyTickMs = (tickMs: number): number => (tickMs < 10_000 ? tickMs : 60_000);

/** The champion's noise, error rate and latency. None is no mistake: it only makes the judge slower. */
export async function earlierPeriod(
  context: Caller,
  { config, connection }: Session,
  champion: VersionRecord,
  endpoints: Endpoints,
  tickMs: number,
): Promise<EarlierPeriod> {
  const endpoint = endpoints[champion.version];
  const length = historyTickMs(tickMs);
  const to = Math.floor((context.world.clock.now() - config.settleMs) / length) * length;
  const none: EarlierPeriod = { ticks: [], from: instant(to), to: instant(to), anonymous: null, json: null };
  if (endpoint === undefined || config.judge.historyMs === 0) return none;
  const wanted = Math.min(config.judge.historyMs, 180 * length);
  const reading = await connection.metrics.read({
    champion: {
      version: champion.version,
      endpoint: endpoint.name,
      functionVersion: champion.functionVersion,
    },
    challenger: null,
    from: instant(to - Math.floor(wanted / length) * length),
    to: instant(to),
    tickMs: length,
    plannedPercent: 0,
  });
  if (reading.kind === 'unreadable') {
    context.output.say(`the champion's history can't be read (${reading.why}); the judge goes without`);
    return none;
  }
  const begins = reading.observations.findIndex(({ champion: arm }) => arm !== null && arm.requests > 0);
  const anonymous = sumOf(reading.observations.flatMap((tick) => tick.anonymous ?? []));
  if (begins < 0) return { ...none, anonymous };
  const seen = reading.observations.slice(begins);
  return {
    // What is counted by stratum is of the rollout alone, and would be most of the plan.
    ticks: seen.flatMap(({ champion: arm }) => (arm === null ? [] : judgedOf(arm))),
    from: instant((seen[0]?.at ?? to) - length),
    to: instant(to),
    anonymous,
    json: sumOf(seen.flatMap(({ champion: arm }) => arm?.json ?? [])),
  };
}

function judgedOf({ strata: _, json: __, ...tick }: ArmTick): ArmTick {
  return tick;
}

function sumOf(counts: readonly RequestCount[]): RequestCount | null {
  if (counts.length === 0) return null;
  return counts.reduce((sum, { requests, errors }) => ({
    requests: sum.requests + requests,
    errors: sum.errors + errors,
  }));
}
