import type { Outcome, Stamp } from '../domain/journal.ts';
import { createLimit } from '../domain/limit.ts';
import { type Instant, later } from '../domain/units.ts';
import { standingOf } from './credentials.ts';
import { returnEndpointOf } from './keep-warm.ts';
import { Fenced, type JournalWriter } from './journal-writer.ts';
import { broughtBack } from './marker-watch.ts';
import { backAtLimit, isOutage } from './outage.ts';
import type { RolloutPorts } from './ports.ts';
import { tick, type TickResult } from './tick.ts';
import { judgeInMemory, type Unjournaled, unjournaled } from './unjournaled.ts';

export type DriveResult =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'lost'; readonly by: string }
  /** The signal aborted: nobody drives the rollout now. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'timed-out'; readonly why: string };

/** An owner looks into its inbox at least so often. */
const longestSleepMs = 1_000;

/** Metrics are looked at no more often while the store is away. */
const shortestLookMs = 1_000;

/** Waits between tries while store or credentials are away. */
const outagePauseMs = [1_000, 2_000, 5_000];

/** Ticks until the rollout ends, the signal aborts, or `until` is over. What `mlreg deploy` does all day. */
export async function drive(
  ports: RolloutPorts,
  journal: JournalWriter,
  options: Driving,
): Promise<DriveResult> {
  try {
    return await driveOn(ports, journal, options);
  } catch (error) {
    if (error instanceof Fenced) return { kind: 'lost', by: error.by };
    throw error;
  }
}

interface Driving {
  readonly signal: AbortSignal;
  readonly until?: Instant | undefined;
  /** Told once of each time that the store is out of reach, or the credentials have expired. */
  readonly onOutage?: ((why: string) => void) | undefined;
  /** Told once of a rollback by the alias alone that a person made meanwhile. */
  readonly onBroughtBack?: ((marker: Stamp) => void) | undefined;
}

async function driveOn(ports: RolloutPorts, journal: JournalWriter, options: Driving): Promise<DriveResult> {
  const standing = standingOf(ports, journal);
  const memory = unjournaled();
  let told = false;
  let outage: { readonly since: Instant; tries: number } | null = null;
  for (;;) {
    if (options.signal.aborted) return { kind: 'stopped' };
    let result: TickResult;
    try {
      // What was written before the outage, and whether it was, only the store knows.
      if (outage !== null) await journal.reload();
      if (await standing.regain()) return await lostTo(ports);
      result = await tick(ports, journal, options.signal, memory);
      keepReturnWarm(ports, journal);
      await standing.yield();
    } catch (error) {
      const since = ports.clock.now();
      if (!isOutage(error)) throw error;
      if (outage === null) options.onOutage?.(error.message);
      outage ??= { since, tries: 0 };
      if (since - outage.since >= journal.state().plan.unreadableMs) {
        const back = backAtLimit(journal.state(), error);
        if (back === null) throw error;
        await journal.append(since, [...memory.entries(), back]);
        continue;
      }
      const pause = outagePauseMs[outage.tries++] ?? 10_000;
      const back: Stamp | null = told ? null : await broughtBack(ports.platform, journal);
      if (back !== null) options.onBroughtBack?.(back);
      told ||= back !== null;
      await standStill(ports, journal, memory, later(since, pause), options.signal);
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

/** Beside the rollout: nobody waits for it. */
function keepReturnWarm({ keeper }: RolloutPorts, journal: JournalWriter): void {
  if (keeper?.isDue() !== true) return;
  const target = returnEndpointOf(journal.state());
  if (target !== null) keeper.keep(target);
}

async function lostTo({ store }: RolloutPorts): Promise<DriveResult> {
  const { owner, token } = await store.lock();
  return { kind: 'lost', by: owner?.name ?? `token ${token}` };
}

/**
 * Until the store is asked again. Nothing goes forward meanwhile, but users are watched: on a breach the rollout goes back
 * under the owner's own token. What the store was to be told is owed to it.
 */
async function standStill(
  ports: RolloutPorts,
  journal: JournalWriter,
  memory: Unjournaled,
  until: Instant,
  signal: AbortSignal,
): Promise<void> {
  const isOver = createLimit(() => ports.clock.now(), until - ports.clock.now());
  const stepMs = Math.max(journal.state().plan.tickMs, shortestLookMs);
  while (!signal.aborted) {
    const danger = await judgeInMemory(ports, journal.state(), memory).catch((error: unknown) => {
      if (!isOutage(error)) throw error;
      return null;
    });
    const now = ports.clock.now();
    if (danger !== null) return journal.append(now, danger);
    if (isOver()) return;
    const next = later(now, stepMs);
    await ports.clock.sleepUntil(next < until ? next : until, signal);
  }
}
