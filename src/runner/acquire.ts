import type { Actor } from '../domain/journal.ts';
import { later, type RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { LockRecord, Store } from '../ports/store.ts';
import type { RolloutPorts } from './ports.ts';
import { isOver } from './roll-back-blind.ts';

/**
 * Takes the lock of an environment that nobody owns, or whose owner can't come back.
 * @throws UserError conflict, where somebody owns it
 */
export async function acquireFree(
  { store, clock }: Pick<RolloutPorts, 'store' | 'clock'>,
  wanted: {
    readonly owner: Actor;
    readonly rollout: RolloutId | null;
    readonly environment: string;
    readonly atLeast: number | undefined;
    readonly overBeginners?: boolean;
    /** Over whoever has no rollout in the journal yet, or died before: a person has said why. */
    readonly force?: boolean;
  },
): Promise<LockRecord> {
  const { owner, rollout, environment, atLeast } = wanted;
  const acquire = (takeOver: boolean, ifToken?: number): ReturnType<typeof store.acquire> =>
    store.acquire({
      owner,
      rollout,
      takeOver,
      ...(ifToken === undefined ? {} : { ifToken }),
      ...(atLeast === undefined ? {} : { atLeast }),
      at: clock.now(),
    });
  let taken = await acquire(false);
  if (taken.kind === 'held') {
    const isBeginner = wanted.overBeginners === true && taken.lock.rollout === null;
    const { rollout: held } = taken.lock;
    const mayForce = wanted.force === true && (held === null || (await store.journal(held)).length === 0);
    if (isBeginner || mayForce || (await isLeftBehind(store, taken.lock, clock.now())))
      taken = await acquire(true);
    else if (await isSilentBeginner({ store, clock }, taken.lock))
      taken = await acquire(true, taken.lock.token);
  }
  if (taken.kind === 'held') throw heldBy(taken.lock, environment, clock.now());
  return taken.lock;
}

/** Younger than this, a lock without a rollout is of somebody who is just beginning. */
const beginsWithinMs = 60_000;

/** An owner writes at least so often. */
const heartbeatMs = 5_000;

/**
 * Whoever takes the lock for a rollout writes its first entry right after: a heartbeat of silence in between is death. One
 * who merely stood still is fenced at that entry, and has moved nobody.
 */
async function isSilentBeginner(
  { store, clock }: Pick<RolloutPorts, 'store' | 'clock'>,
  { rollout, token, beat }: LockRecord,
): Promise<boolean> {
  if (rollout === null || (await store.journal(rollout)).length > 0) return false;
  await clock.sleepUntil(later(clock.now(), heartbeatMs));
  const now = await store.lock();
  return now.token === token && now.beat === beat;
}

/** A lock whose owner died before its first entry, or lost the reply to its release: nobody could ever resume it. */
async function isLeftBehind(store: Store, lock: LockRecord, now: number): Promise<boolean> {
  const entries = lock.rollout === null ? [] : await store.journal(lock.rollout);
  if (lock.rollout === null || entries.length === 0) return Math.abs(now - lock.takenAt) > beginsWithinMs;
  return isOver(lock.rollout, entries);
}

function heldBy(lock: LockRecord, environment: string, now: number): UserError {
  const { owner, rollout } = lock;
  const age = Math.max(0, Math.round((now - lock.takenAt) / 1_000));
  const who = owner === null ? 'nobody' : `${owner.name} on ${owner.host} (pid ${owner.pid})`;
  return new UserError(
    'conflict',
    `${environment} is owned by ${who} for ${age} s: rollout ${rollout ?? 'none'}`,
    {
      why: `one rollout at a time changes an environment; that one runs '${owner?.command ?? 'unknown'}'`,
      mend: [
        `mlreg status --environment ${environment}`,
        `mlreg abort --environment ${environment}`,
        'where that owner is gone for good: the same command with --force --reason WHY',
      ],
    },
  );
}
