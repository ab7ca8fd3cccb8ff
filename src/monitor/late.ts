import type { ArmTick, LateTick, Observation, RequestCount } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { Metrics } from '../ports/index.ts';
import { type Looks, standsSince } from './finality.ts';
import { type Watched, readTicks } from './observe.ts';

/** What came of ticks after they had entered the evidence. */
export interface Late {
  /** New, and unchanged for `settle`: an observation as of now. */
  readonly arrived: readonly LateTick[];
  /** Each tick that shows more than when it was entered, as it shows now: good for a total failure, and nothing else. */
  readonly whole: readonly Observation[];
}

export const nothingLate: Late = { arrived: [], whole: [] };

/** Ticks are read again up to so many times the horizon. */
const horizons = 4;
/** Older than three hours, metrics are read by the minute, and other ticks would show them. */
const mostMs = 2 * 3_600_000;
/** Sums of fractions may be off by a rounding. */
const least = 0.5;
/** So often within a horizon: what is this late is not awaited by the tick. */
const readsPerHorizon = 15;

/**
 * Reads ticks of the present share that have entered the evidence once more, once a minute at the default horizon of
 * 15 minutes, up to an hour back. What can't be read now is read at the next time.
 * @param entered the observations so far, oldest first
 */
export async function readLate(
  metrics: Metrics,
  watched: Watched,
  entered: readonly Observation[],
  now: Instant,
  looks: Looks,
): Promise<Late> {
  const { tickMs, horizonMs, settleMs, share, copies } = watched;
  const last = entered.at(-1);
  if (horizonMs === undefined || last === undefined || copies === true) return nothingLate;
  if (now - looks.lateReadAt < Math.max(tickMs, horizonMs / readsPerHorizon)) return nothingLate;
  const oldest = Math.max(share.since, now - Math.min(mostMs, horizons * horizonMs));
  const from = instant(Math.ceil(oldest / tickMs) * tickMs);
  if (from >= last.at) return nothingLate;
  looks.lateReadAt = now;
  for (const at of looks.late.keys()) if (at <= from) looks.late.delete(at);
  const reading = await readTicks(metrics, watched, { from, to: last.at });
  if (reading.kind === 'unreadable') return nothingLate;
  const known = knownOf(entered, from);
  // What shrinks was counted at other times, by another clock: then it is not known what is new.
  if (reading.observations.some((tick) => shrinks(tick, known.get(tick.at)))) return nothingLate;
  const arrived: LateTick[] = [];
  const whole: Observation[] = [];
  for (const tick of reading.observations) {
    const before = known.get(tick.at);
    if (before === undefined) continue;
    const champion = more(tick.champion, before.champion);
    const challenger = more(tick.challenger, before.challenger);
    if (
      hasMore(tick.champion, before.entered.champion) ||
      hasMore(tick.challenger, before.entered.challenger)
    )
      whole.push(tick);
    if ((champion?.requests ?? 0) + (challenger?.requests ?? 0) < least) {
      looks.late.delete(tick.at);
      continue;
    }
    if (now - standsSince(tick, looks.late, { now, tickMs }) < settleMs) continue;
    const { at, plannedPercent } = tick;
    arrived.push({ at, plannedPercent, champion, challenger, beside: countOf(tick.champion) });
  }
  return { arrived, whole };
}

interface Known {
  readonly entered: Observation;
  champion: RequestCount;
  challenger: RequestCount;
}

/** By the tick's end: what the evidence holds of it, what arrived late included. */
function knownOf(entered: readonly Observation[], from: Instant): ReadonlyMap<number, Known> {
  const known = new Map<number, Known>();
  // Late ticks come after the tick itself.
  const begins = entered.findLastIndex(({ at }) => at <= from) + 1;
  for (const observation of entered.slice(begins)) {
    const { at, champion, challenger, straddlesChange, late = [] } = observation;
    if (straddlesChange !== true)
      known.set(at, {
        entered: observation,
        champion: countOf(champion) ?? none,
        challenger: countOf(challenger) ?? none,
      });
    for (const tick of late) {
      const of = known.get(tick.at);
      if (of === undefined) continue;
      of.champion = sum(of.champion, tick.champion);
      of.challenger = sum(of.challenger, tick.challenger);
    }
  }
  return known;
}

const none: RequestCount = { requests: 0, errors: 0 };

const countOf = (arm: ArmTick | null): RequestCount | null =>
  arm === null ? null : { requests: arm.requests, errors: arm.errors };

const sum = (a: RequestCount, b: RequestCount | null): RequestCount => ({
  requests: a.requests + (b?.requests ?? 0),
  errors: a.errors + (b?.errors ?? 0),
});

/**
 * Requests that were not known. Failures of requests that were known already are no request's own: as an observation they
 * would be failures alone, which chance does not explain, so only a total failure is seen by them.
 */
function more(arm: ArmTick | null, before: RequestCount): RequestCount | null {
  if (arm === null) return null;
  const requests = Math.max(0, arm.requests - before.requests);
  return { requests, errors: Math.min(requests, Math.max(0, arm.errors - before.errors)) };
}

const shrinks = ({ champion, challenger }: Observation, known: Known | undefined): boolean =>
  known !== undefined &&
  ((champion?.requests ?? 0) < known.champion.requests - least ||
    (challenger?.requests ?? 0) < known.challenger.requests - least);

const hasMore = (arm: ArmTick | null, before: ArmTick | null): boolean =>
  arm !== null && (arm.requests > (before?.requests ?? 0) || arm.errors > (before?.errors ?? 0));
