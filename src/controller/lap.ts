import { isController } from '../domain/controller.ts';
import { type Instant, later, type RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { LockRecord } from '../ports/store.ts';
import { carryOn } from '../runner/carry-on.ts';
import { deniedTry } from '../runner/credentials.ts';
import { readMarkers } from '../runner/environment-view.ts';
import { claimIn, refuseBehind, StoreBehind } from '../runner/look.ts';
import { type JournalWriter, readState } from '../runner/journal-writer.ts';
import { isOutage } from '../runner/outage.ts';
import { takeOver } from '../runner/own.ts';
import { silenceLimitMs } from '../engine/silence.ts';
import type { RolloutState } from '../engine/state.ts';
import { tick } from '../runner/tick.ts';
import { unjournaled } from '../runner/unjournaled.ts';
import { custodyOf } from './custody.ts';
import type { Lap, Post } from './watched.ts';
import { keepWarm } from './keep-warm.ts';
import { goOn, lapWithoutStore } from './cut-off.ts';
import type { Held } from './watched.ts';

/**
 * One look at an environment, and one `tick()` where its rollout is the controller's, or an orphan. Nothing in memory
 * matters: the next lap may run in another process, at the same time even.
 * @param drives whether it goes on with what the controller owns; without it that is only seen to be driven by somebody
 * @param outSince since when the laps before found the store out; a process that has just begun knows it from nowhere else
 */
export async function lap(post: Post, drives: boolean, outSince?: Instant): Promise<Lap> {
  post.outSince ??= outSince;
  try {
    if (drives && post.held !== undefined && post.held.journal.owed() > 0) return await goOn(post, post.held);
    const result = await lapWithStore(post, drives);
    if (post.warm !== undefined) await keepWarm(post.ports, post.warm, post.known ?? null);
    post.outSince = undefined;
    return result;
  } catch (error) {
    if (!isOutage(error)) throw error;
    const now = post.ports.clock.now();
    // A clock that was set back must not make an outage last longer than its limit.
    if (post.outSince === undefined || post.outSince > now) post.outSince = now;
    return lapWithoutStore(post, error, { drives, since: post.outSince });
  }
}

async function lapWithStore(post: Post, drives: boolean): Promise<Lap> {
  const { ports, sightings } = post;
  const { store, clock } = ports;
  // The lock before the journal: who comes in between changes the token, and keeps the rollout.
  const lock = await store.lock();
  const state = await underWay(post, lock);
  post.known = state ?? undefined;
  const unfinished = state !== null && state.outcome === null;
  const custody = custodyOf({
    rollout: state,
    lock,
    process: lock.owner === null ? 'unknown' : post.isAlive(lock.owner),
    sighting: unfinished && lock.owner !== null ? await sightings.last() : null,
    now: clock.now(),
    silenceMs: silenceLimitMs(state, post.silenceMs),
    deniedAt: state !== null && isController(state.owner) ? (deniedTry(state)?.at ?? null) : null,
    drives,
  });
  switch (custody.kind) {
    case 'rest':
      // A lap that died after the last entry could not let go.
      if (state !== null && lock.rollout === state.id && lock.owner !== null && isController(lock.owner))
        await store.release(lock.token);
      return (await undo(post, state, lock)) ?? custody;
    case 'watch':
      await sightings.keep(custody.sighting);
      return { kind: 'watch', at: custody.until };
    case 'stand-back': {
      if (state === null) throw new Error('there is no rollout to stand back from');
      const { until: at, why } = custody;
      return { kind: 'again', rollout: state.id, at, why, adopted: null, token: lock.token };
    }
    case 'carry-on':
    case 'adopt': {
      if (state === null) throw new Error('there is no rollout to drive');
      return drive(post, state, lock, custody.kind === 'adopt' ? custody.why : null);
    }
  }
}

/**
 * Users may have been brought back from a rollout that has ended while the store was out of reach: the registry is told, what
 * serves is kept, and becomes the champion.
 * @returns null where there is no such rollback, or somebody else has the lock
 * @throws StoreBehind where the store must move nobody: a person has to look, and the lap's failure is the alarm
 */
async function undo(post: Post, state: RolloutState | null, lock: LockRecord): Promise<Lap | null> {
  if (state === null || (lock.owner !== null && !isController(lock.owner))) return null;
  const { store, platform } = post.ports;
  const view = await readMarkers(platform, state.plan).catch((error: unknown) => {
    // Nothing is under way, so nothing depends on this look: the next one comes soon.
    if (error instanceof PlatformError) return null;
    throw error;
  });
  if (view === null) return null;
  const meaning = await refuseBehind(store, await claimIn(store, view), state.plan.environment);
  if (meaning.kind !== 'unknown-rollback') return null;
  const undone = await stateOf(post, meaning.rollout);
  return drive(post, undone, lock, 'users were brought back while the store was out of reach');
}

const owedAgainMs = 1_000;

async function drive(
  post: Post,
  state: RolloutState,
  lock: LockRecord,
  adopted: string | null,
): Promise<Lap> {
  const { ports } = post;
  const lost = async (): Promise<Lap> => {
    const { owner, token } = await ports.store.lock();
    return { kind: 'lost', rollout: state.id, by: owner?.name ?? `token ${token}` };
  };
  const journal =
    adopted === null
      ? await carryOn(ports, state.id, post.actor, {
          seen: lock,
          known: state,
          wasOut: post.outSince !== undefined,
        })
      : await adopt(post, state, lock);
  if (journal === null) return lost();
  const held: Held = { journal, memory: unjournaled() };
  post.held = held;
  const result = await tick(ports, journal, undefined, held.memory);
  // What the store has not taken the next lap of this process writes; another process goes that piece of the way again.
  const owed = journal.owed();
  post.known = owed === 0 ? journal.state() : undefined;
  if (result.kind === 'lost' || (owed === 0 && result.kind === 'ended')) post.held = undefined;
  if (owed > 0 && result.kind !== 'lost') {
    const why = `${owed} journal entries could not be written`;
    const at = later(ports.clock.now(), owedAgainMs);
    return { kind: 'again', rollout: state.id, at, why, adopted, token: journal.token };
  }
  switch (result.kind) {
    case 'again': {
      const { at, why } = result;
      return { kind: 'again', rollout: state.id, at, why, adopted, token: journal.token };
    }
    case 'ended':
      return { kind: 'ended', rollout: state.id, outcome: result.outcome };
    case 'lost':
      return { kind: 'lost', rollout: state.id, by: result.by };
  }
}

/** Becomes the owner unless somebody else has meanwhile. The first tick writes the fence. */
async function adopt(post: Post, state: RolloutState, lock: LockRecord): Promise<JournalWriter | null> {
  try {
    const { plan, adopted } = state;
    return await takeOver(post.ports, state.id, post.actor, {
      alias: plan.alias,
      green: plan.green,
      adopt: adopted,
      ifToken: lock.token,
    });
  } catch (error) {
    if (error instanceof StoreBehind) throw error;
    if (error instanceof UserError && error.fault === 'conflict') return null;
    throw error;
  }
}

/** The newest rollout, unless that is over and somebody holds the lock for an older one, which was to be taken up again. */
async function underWay(post: Post, { owner, rollout: held }: LockRecord): Promise<RolloutState | null> {
  const rollouts = await post.ports.store.rollouts();
  const [newest] = rollouts;
  if (newest === undefined) return null;
  const state = await stateOf(post, newest);
  const isOver = state.outcome !== null && state.outcome.kind !== 'stuck';
  const isOlder = owner !== null && held !== null && held !== newest && rollouts.includes(held);
  return isOver && isOlder ? stateOf(post, held) : state;
}

function stateOf({ ports, known }: Post, id: RolloutId): Promise<RolloutState> {
  return readState(ports.store, id, known?.id === id ? known : undefined);
}
