import { isController } from '../domain/controller.ts';
import { type Instant, later, type RolloutId } from '../domain/units.ts';
import { type LockRecord, StoreDamaged } from '../ports/store.ts';
import { Fenced, openJournal } from '../runner/journal-writer.ts';
import { lookAtMarkers } from '../runner/look.ts';
import { backAtLimit, isOutage } from '../runner/outage.ts';
import { tick } from '../runner/tick.ts';
import { judgeInMemory, unjournaled } from '../runner/unjournaled.ts';
import type { Held, Lap, Post } from './watched.ts';

/** While nothing can be done but wait for the store. */
const againMs = 10_000;
const shortestLookMs = 1_000;

type Found =
  | { readonly kind: 'held'; readonly held: Held }
  /** By a lap without the store: the alias says so, and the journal does not know yet. */
  | { readonly kind: 'rolled-back'; readonly id: RolloutId }
  /** The controller does not own it, or can not know. */
  | { readonly kind: 'nobody'; readonly id: RolloutId | null; readonly why: string };

/**
 * A lap without the store. Nothing goes forward. The controller judges on where it owns the rollout, and on a breach, or at
 * the outage's limit, rolls back under the token of its last lap. A process that has just begun does so from the journal and
 * the metrics, where the store can still be read. Else nobody but a person can roll back, and the answer carries an alarm.
 * @param error what the store answered
 * @param since when the store was first found out, on this controller's clock
 */
export async function lapWithoutStore(
  post: Post,
  error: Error,
  { drives, since }: { readonly drives: boolean; readonly since: Instant },
): Promise<Lap> {
  const { ports } = post;
  const now = ports.clock.now();
  const wait = (rollout: RolloutId | null, why: string, alarm: string | null, ms = againMs): Lap => ({
    kind: 'cut-off',
    rollout,
    at: later(now, ms),
    since,
    why: `${why}: ${error.message}`,
    alarm,
  });
  const found = await heldIn(post);
  switch (found.kind) {
    case 'nobody':
      return wait(found.id, 'the store is out of reach', found.why);
    case 'rolled-back':
      return wait(found.id, `${found.id} is rolled back, and its journal is to be told`, null);
    case 'held': {
      const { journal, memory } = found.held;
      const state = journal.state();
      const judging = (): Lap =>
        wait(
          state.id,
          `judging ${state.id} without the store`,
          null,
          Math.max(state.plan.tickMs, shortestLookMs),
        );
      // The one that drives is another lap's.
      if (!drives) return judging();
      post.held = found.held;
      const danger = await judgeInMemory(ports, state, memory).catch((cause: unknown) => {
        if (!isOutage(cause)) throw cause;
        return null;
      });
      const atLimit = now - since >= state.plan.unreadableMs ? backAtLimit(state, error) : null;
      const entries = danger ?? (atLimit === null ? null : [...memory.entries(), atLimit]);
      if (entries === null) {
        if (!(error instanceof StoreDamaged) || now - since < state.plan.unreadableMs) return judging();
        // What these records were is over: whoever looks next opens those that a person has rebuilt since.
        post.held = undefined;
        return wait(state.id, 'the store is gone', `${state.id}: what is left to do needs the store`);
      }
      try {
        await journal.append(now, entries);
      } catch (cause) {
        if (cause instanceof Fenced) return lost(post, state.id, cause.by);
        throw cause;
      }
      return goOn(post, found.held);
    }
  }
}

/** Goes on with what the store has not been told: writes it first, and stops where somebody else has come. */
export async function goOn(post: Post, held: Held): Promise<Lap> {
  const { ports } = post;
  const { journal, memory } = held;
  const { id } = journal.state();
  const result = await tick(ports, journal, undefined, memory);
  if (result.kind === 'lost') return lost(post, id, result.by);
  try {
    await journal.pay();
  } catch (error) {
    if (error instanceof Fenced) return lost(post, id, error.by);
    if (!isOutage(error)) throw error;
    const now = ports.clock.now();
    const why = `${id}: ${journal.owed()} journal entries could not be written: ${error.message}`;
    const at = later(now, shortestLookMs);
    // Nobody will ever take them. Users are home, and their alias says so to the store that a person rebuilds.
    const isGone = error instanceof StoreDamaged && result.kind === 'ended';
    if (isGone) post.held = undefined;
    const alarm = isGone ? `${id} is rolled back, and its store is gone: mlreg recover` : null;
    return { kind: 'cut-off', rollout: id, at, since: now, why, alarm };
  }
  if (result.kind === 'again') return { ...result, rollout: id, adopted: null, token: journal.token };
  post.held = undefined;
  await ports.store.release(journal.token).catch(() => false);
  return { kind: 'ended', rollout: id, outcome: result.outcome };
}

function lost(post: Post, rollout: RolloutId, by: string): Lap {
  post.held = undefined;
  return { kind: 'lost', rollout, by };
}

/** What this controller may drive without the store, if anything. */
async function heldIn(post: Post): Promise<Found> {
  const { held, ports } = post;
  let lock: LockRecord;
  try {
    lock = await ports.store.lock();
  } catch (error) {
    if (!isOutage(error)) throw error;
    if (held !== undefined) return { kind: 'held', held };
    const why = 'whether a rollout is under way, and whether its owner lives, can not be known';
    return { kind: 'nobody', id: null, why };
  }
  if (held?.journal.token === lock.token) return { kind: 'held', held };
  post.held = undefined;
  const { owner, rollout: id } = lock;
  if (owner === null || id === null || !isController(owner)) {
    const who =
      owner === null ? 'nobody drives it' : `${owner.name} on ${owner.host} can not show whether it lives`;
    return { kind: 'nobody', id, why: `${id ?? 'the environment'}: ${who}` };
  }
  return reopened(post, id, lock.token).catch((error: unknown) => {
    if (!(error instanceof Fenced) && !isOutage(error)) throw error;
    return { kind: 'nobody', id, why: `${id}: its journal can not be read` };
  });
}

/**
 * The last lap's, in a process that has just begun: the journal is all that it knows. Two such laps at once only roll back,
 * to the same target, so they may share a token. Where everybody has the new version a lap that still runs may be about to
 * commit that, and the alias is left to it.
 */
async function reopened(post: Post, id: RolloutId, token: number): Promise<Found> {
  const { store, platform, onEntry } = post.ports;
  const journal = await openJournal(store, id, token, onEntry);
  const state = journal.state();
  if (state.outcome !== null || state.promotedAt !== null)
    return { kind: 'nobody', id, why: `${id}: what is left to do needs the store` };
  const { claim } = await lookAtMarkers({ store, platform }, state.plan, state);
  const { meaning } = claim;
  switch (meaning.kind) {
    case 'unknown-rollback':
      return { kind: 'rolled-back', id: meaning.rollout };
    case 'replaced':
    case 'twin':
    case 'put-back':
    case 'copied':
      return { kind: 'nobody', id, why: `${id}: this store is not the newest one` };
    default:
      return { kind: 'held', held: { journal, memory: unjournaled() } };
  }
}
