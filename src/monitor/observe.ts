import type { ArmTick, Observation, Reading } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { ArmSource, Metrics } from '../ports/index.ts';
import { createLooks, finalTicks, forget, isSilent, type Looks } from './finality.ts';
import { checkObservation } from './judge/validate.ts';
import { provePath } from './prove-path.ts';
import { lookForUnseen } from './look-for-unseen.ts';
import { fewestUnseen, type Unseen } from './unseen.ts';

/** What is to be observed, and what has been so far. */
export interface Watched {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  readonly tickMs: number;
  readonly settleMs: number;
  /** Ticks that still change, or show nothing, are read again up to this age. Absent: a tick is final at `settleMs`. */
  readonly horizonMs?: number | undefined;
  /** Of requests that were copied, not of all. */
  readonly copies?: boolean;
  /** End of the last tick that was observed, or the moment traffic first moved. */
  readonly since: Instant;
  /** The challenger's share now, when it began, and what it was before. */
  readonly share: { readonly percent: number; readonly since: Instant; readonly before: number };
}

const quiet = true as const;

/** A look never asks for more ticks than this: after a long absence it catches up over several looks. */
const mostTicks = 500;

/**
 * Reads the ticks that are new. Those whose metrics are final come as `observations`, in order and without gaps; those
 * that may still change come as `provisional`, and are read again at the next look. null: no tick is complete yet.
 * @param looks what earlier looks at the same rollout saw
 */
export async function observe(
  metrics: Metrics,
  watched: Watched,
  now: Instant,
  looks: Looks = createLooks(),
): Promise<Reading | null> {
  const { tickMs, settleMs, horizonMs } = watched;
  // What has entered the evidence by now, and not what this look is about to enter: writing that down may fail.
  forget(looks, watched.since);
  const floor = (at: number): Instant => instant(Math.floor(at / tickMs) * tickMs);
  const from = floor(watched.since);
  const newest = horizonMs === undefined ? floor(now - settleMs) : floor(now);
  const to = Math.min(newest, from + mostTicks * tickMs);
  if (to <= from) return null;
  const reading = await readTicks(metrics, watched, { from, to: instant(to) });
  if (reading.kind === 'unreadable') return reading;
  const read = reading.observations;
  const notes = reading.notes === undefined ? {} : { notes: reading.notes };
  if (horizonMs === undefined) return { kind: 'read', observations: read, ...notes };
  const path = await provePath(metrics, { ...watched, horizonMs, ticks: read }, now, looks);
  const unseen = await lookForUnseen(
    metrics,
    { ...watched, horizonMs, since: watched.share.since },
    read,
    now,
    looks,
  );
  const all = read.map((tick) =>
    isSilent(tick) && tick.at <= looks.provenUntil && lostArm(tick, unseen) === null
      ? { ...tick, quiet }
      : tick,
  );
  const isFull = to < newest;
  if (path !== 'open' && all.every(isSilent) && !isFull) {
    if (now - from >= horizonMs) return { kind: 'unreadable', ...path };
    return { kind: 'read', observations: [], provisional: all, ...notes };
  }
  const final = finalTicks(all, looks, { tickMs, settleMs, horizonMs, now }, unseen);
  // A tick at its horizon in which requests are known to be missing is no evidence, and nothing after it is.
  const lost = all.slice(0, final).findIndex((tick) => lostArm(tick, unseen) !== null);
  if (lost === 0) return { kind: 'unreadable', why: whyLost(watched, all, unseen), denied: false };
  const end = lost === -1 ? final : lost;
  return { kind: 'read', observations: all.slice(0, end), provisional: all.slice(end), ...notes };
}

/** An arm that shows no request although AWS counted some. */
const lostArm = (tick: Observation, unseen: Unseen): 'champion' | 'challenger' | null =>
  (['challenger', 'champion'] as const).find(
    (arm) => tick[arm]?.requests === 0 && unseen(arm, tick.at) >= fewestUnseen,
  ) ?? null;

function whyLost(watched: Watched, ticks: readonly Observation[], unseen: Unseen): string {
  const [first] = ticks;
  const arm = first === undefined ? null : lostArm(first, unseen);
  if (first === undefined || arm === null) throw new Error('no requests are missing');
  const { version = 'nobody', endpoint = 'none' } = watched[arm] ?? {};
  const since = new Date(first.at - first.tickMs).toISOString();
  const count = Math.round(unseen(arm, ticks.at(-1)?.at ?? first.at));
  return `the router's metrics show no request of ${version} since ${since}, but AWS counted ${count} at endpoint ${endpoint}: metrics are late or lost`;
}

/** The ticks of a window, each with the share that was planned in it; unreadable where they make no sense. */
export async function readTicks(
  metrics: Metrics,
  { champion, challenger, tickMs, share, copies }: Watched,
  { from, to }: { readonly from: Instant; readonly to: Instant },
): Promise<Reading> {
  const plannedPercent = share.percent;
  const query = { champion, challenger, from, to, tickMs, plannedPercent };
  const reading = await metrics.read(copies === true ? { ...query, copies } : query);
  if (reading.kind === 'unreadable') return reading;
  const observations = reading.observations.map((tick) => placed(counted(tick), share));
  const nonsense = whyNonsense(observations, from);
  return nonsense === null
    ? { ...reading, observations }
    : { kind: 'unreadable', why: `the metrics make no sense: ${nonsense}`, denied: false };
}

/** A judge refuses numbers that can't be, and the journal keeps them for ever: they stop here. */
function whyNonsense(observations: readonly Observation[], from: Instant): string | null {
  let before: Observation | null = null;
  try {
    for (const observation of observations) {
      checkObservation(observation, before);
      if (observation.at <= from) return `a tick that ended at ${observation.at}, asked for from ${from} on`;
      before = observation;
    }
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  return null;
}

/** Inside the tick of a change (and the one of answers still under way) neither share is true. */
function placed(tick: Observation, share: Watched['share']): Observation {
  const begins = tick.at - tick.tickMs;
  if (begins >= share.since) return { ...tick, plannedPercent: share.percent };
  if (tick.at <= share.since) return { ...tick, plannedPercent: share.before };
  return { ...tick, plannedPercent: Math.max(share.percent, share.before), straddlesChange: true };
}

/**
 * Request and failure are counted by different hands, and may fall on two sides of a tick's edge: no failure is lost. How
 * many answers were JSON is asked before a rollout, and is no observation of it.
 */
function counted(tick: Observation): Observation {
  const whole = (arm: ArmTick | null): ArmTick | null => {
    if (arm === null) return null;
    const { json: _, ...rest } = arm;
    return rest.errors > rest.requests ? { ...rest, requests: rest.errors } : rest;
  };
  return { ...tick, champion: whole(tick.champion), challenger: whole(tick.challenger) };
}
