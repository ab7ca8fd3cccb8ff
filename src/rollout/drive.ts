import type { Outcome } from '../domain/journal.ts';
import { type Instant, later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import { Fenced, type JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { tick, type TickResult } from './tick.ts';

export type DriveResult =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'lost'; readonly by: string }
  /** The signal aborted: nobody drives the rollout now. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'timed-out'; readonly why: string };

/** An owner looks into its inbox at least so often. */
const longestSleepMs = 1_000;

/** Waits between tries while store or credentials are away. */
const outagePauseMs = [1_000, 2_000, 5_000];

/** Ticks until the rollout ends, the signal aborts, or `until` is over. What `mlreg deploy` does all day. */
export async function drive(
  ports: RolloutPorts,
  journal: JournalWriter,
  options: {
    readonly signal: AbortSignal;
    readonly until?: Instant | undefined;
    /** Told once of each time that the store is out of reach, or the credentials have expired. */
    readonly onOutage?: ((why: string) => void) | undefined;
  },
): Promise<DriveResult> {
  let outage: { readonly since: Instant; tries: number } | null = null;
  for (;;) {
    if (options.signal.aborted) return { kind: 'stopped' };
    let result: TickResult;
    try {
      // What was written before the outage, and whether it was, only the store knows.
      if (outage !== null) await journal.reload();
      result = await tick(ports, journal, options.signal);
    } catch (error) {
      if (error instanceof Fenced) return { kind: 'lost', by: error.by };
      const since = ports.clock.now();
      if (!isOutage(error)) throw error;
      if (outage === null) options.onOutage?.(error.message);
      outage ??= { since, tries: 0 };
      if (since - outage.since >= journal.state().plan.unreadableMs) throw error;
      const pause = outagePauseMs[outage.tries++] ?? 10_000;
      await ports.clock.sleepUntil(later(since, pause), options.signal);
      continue;
    }
    outage = null;
    if (result.kind !== 'again') return result;
    const now = ports.clock.now();
    if (options.until !== undefined && now >= options.until) return { kind: 'timed-out', why: result.why };
    const soon = later(now, longestSleepMs);
    await ports.clock.sleepUntil(result.at < soon ? result.at : soon, options.signal);
  }
}

/**
 * A store that does not answer, or credentials that have expired, say nothing about the version on trial: they fail no gate.
 * The rollout stands where it is and goes on where they come back, as long as metrics may be unreadable.
 */
function isOutage(error: unknown): error is Error {
  if (error instanceof UserError) return error.fault === 'unavailable';
  return (
    error instanceof PlatformError && ['unknown', 'throttled', 'credentials'].includes(error.failure.kind)
  );
}
