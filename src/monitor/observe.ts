import type { ArmTick, Observation, Reading } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { ArmSource, Metrics } from '../ports/index.ts';
import { checkObservation } from './judge/validate.ts';

/** What is to be observed, and what has been so far. */
export interface Watched {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  readonly tickMs: number;
  readonly settleMs: number;
  /** Of requests that were copied, not of all. */
  readonly copies?: boolean;
  /** End of the last tick that was observed, or the moment traffic first moved. */
  readonly since: Instant;
  /** The challenger's share now, when it began, and what it was before. */
  readonly share: { readonly percent: number; readonly since: Instant; readonly before: number };
}

/** A look never asks for more ticks than this: after a long absence it catches up over several looks. */
const mostTicks = 500;

/**
 * Reads the complete ticks that are new. A window ends at the last tick whose metrics have settled, for a young minute
 * always looks better, or worse, than it was. null: no tick is complete yet.
 */
export async function observe(metrics: Metrics, watched: Watched, now: Instant): Promise<Reading | null> {
  const { tickMs } = watched;
  const floor = (at: number): Instant => instant(Math.floor(at / tickMs) * tickMs);
  const from = floor(watched.since);
  const to = Math.min(floor(now - watched.settleMs), from + mostTicks * tickMs);
  if (to <= from) return null;
  const reading = await metrics.read({
    champion: watched.champion,
    challenger: watched.challenger,
    from,
    to: instant(to),
    tickMs,
    plannedPercent: watched.share.percent,
    ...(watched.copies === true ? { copies: true } : {}),
  });
  if (reading.kind === 'unreadable') return reading;
  const observations = reading.observations.map((tick) => placed(counted(tick), watched.share));
  const nonsense = whyNonsense(observations, from);
  return nonsense === null
    ? { kind: 'read', observations }
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

/** Request and failure are counted by different hands, and may fall on two sides of a tick's edge: no failure is lost. */
function counted(tick: Observation): Observation {
  const whole = (arm: ArmTick | null): ArmTick | null =>
    arm !== null && arm.errors > arm.requests ? { ...arm, requests: arm.errors } : arm;
  return { ...tick, champion: whole(tick.champion), challenger: whole(tick.challenger) };
}
