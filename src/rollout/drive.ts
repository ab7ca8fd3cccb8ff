import type { Outcome } from '../domain/journal.ts';
import { type Instant, later } from '../domain/units.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { tick } from './tick.ts';

export type DriveResult =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'lost'; readonly by: string }
  /** The signal aborted: nobody drives the rollout now. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'timed-out'; readonly why: string };

/** An owner looks into its inbox at least so often. */
const longestSleepMs = 1_000;

/** Ticks until the rollout ends, the signal aborts, or `until` is over. What `mlreg deploy` does all day. */
export async function drive(
  ports: RolloutPorts,
  journal: JournalWriter,
  options: { readonly signal: AbortSignal; readonly until?: Instant | undefined },
): Promise<DriveResult> {
  for (;;) {
    if (options.signal.aborted) return { kind: 'stopped' };
    const result = await tick(ports, journal, options.signal);
    if (result.kind !== 'again') return result;
    const now = ports.clock.now();
    if (options.until !== undefined && now >= options.until) return { kind: 'timed-out', why: result.why };
    const soon = later(now, longestSleepMs);
    await ports.clock.sleepUntil(result.at < soon ? result.at : soon, options.signal);
  }
}
