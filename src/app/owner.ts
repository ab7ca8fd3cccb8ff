import { isController } from '../domain/controller.ts';
import { createLimit } from '../domain/limit.ts';
import { formatDuration } from '../domain/parse.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { LockRecord } from '../ports/store.ts';
import { silenceLimitMs } from '../engine/silence.ts';
import { knownState } from '../runner/snapshot.ts';
import type { Session, Caller } from './session.ts';

/** Why a lock is broken by hand: `--force` without a reason is refused, for the journal shall say it. */
export function forceOf(options: { readonly force?: boolean; readonly reason?: string }): string | undefined {
  if (options.force !== true) return undefined;
  const reason = options.reason?.trim() ?? '';
  if (reason !== '') return reason;
  throw new UserError('usage', '--force takes the environment from its owner, and needs a reason', {
    why: 'the journal says who broke a lock, and why',
    mend: 'add --reason "the laptop that owned it is lost"',
  });
}

/** An owner writes at least every 5 s; silence for longer than this, on our own clock, is death. */
const silenceMs = 12_000;
/** Longer is a slow call, or a clock that was set: neither tells of the owner. */
const mostStepMs = 3_000;

/**
 * How long the owner has shown no sign of life, ms, where that is longer than a living owner ever is silent: it is stopped, or
 * waits for AWS. Looks once, and waits for nothing. Two machines' clocks may differ.
 * @returns null where the owner was seen in time, nobody owns the environment, or the controller does, whose reconciles come and go
 */
export async function silentForMs(
  { world: { clock } }: Caller,
  { connection: { store } }: Session,
  lock: LockRecord,
): Promise<number | null> {
  const { owner, rollout, takenAt, seenAt = takenAt } = lock;
  if (owner === null || rollout === null || isController(owner)) return null;
  const heard = Math.max(takenAt, seenAt);
  if (clock.now() - heard <= silenceMs) return null;
  // It beats only while it writes nothing else.
  const state = await knownState(store, rollout);
  const [last] = state === null ? [] : await store.journal(rollout, state.length - 1);
  const silent = clock.now() - Math.max(heard, last?.at ?? 0);
  return silent > silenceLimitMs(state, silenceMs) ? silent : null;
}

/** Nothing is heard of an owner while it publishes, or asks a cold endpoint. */
async function isInLongCall(
  { world: { clock } }: Caller,
  { store }: Session['connection'],
): Promise<boolean> {
  const { rollout } = await store.lock();
  const state = rollout === null ? null : await knownState(store, rollout);
  const limitMs = silenceLimitMs(state, silenceMs);
  return state !== null && limitMs > silenceMs && Math.abs(clock.now() - state.writtenAt) <= limitMs;
}

export const silentText = (ms: number): string =>
  `silent for ${formatDuration(Math.round(ms / 1_000) * 1_000)}`;

/** Whether somebody drives the environment's rollout. Watches for a sign of life where the process can't be asked. */
export async function ownerLives(context: Caller, { connection, config }: Session): Promise<boolean> {
  const { clock } = context.world;
  const first = await connection.store.lock();
  if (first.owner === null) return false;
  const process = context.world.isAlive(first.owner);
  if (process === 'dead') return false;
  // Its laps come and go; what it owns it goes on with.
  if (isController(first.owner) && connection.controller !== null) return true;
  // A clock that is corrected meanwhile must not make an owner silent.
  const isSilent = (await silentForMs(context, { connection, config }, first)) !== null;
  const isOver = createLimit(() => clock.now(), silenceMs, mostStepMs);
  for (let waits = 0; !isOver(); waits++) {
    const lock = await connection.store.lock();
    if (lock.owner === null) return false;
    if (lock.beat !== first.beat || lock.token !== first.token) return true;
    // Same machine, process there: all but certain, unless it stands still; one beat is worth waiting for only then.
    if (process === 'alive' && !isSilent && waits > 15) return true;
    if (waits === 20)
      context.output.say(`looking whether the owner of ${config.name} (${first.owner.host}) still lives ...`);
    await clock.sleepUntil(later(clock.now(), 100));
  }
  return isInLongCall(context, connection);
}
