import { isDeepStrictEqual } from 'node:util';
import type { Entry, EntryBody } from '../domain/journal.ts';
import type { VersionChange } from '../domain/registry.ts';
import { type Instant, instant, type RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Store } from '../ports/index.ts';
import type { LockRecord } from '../ports/store.ts';
import type { Mark } from '../engine/marker.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';

/** Somebody with a newer token owns the environment. Whoever sees this stops, and touches nothing more. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  readonly by: string;
  constructor(by: string) {
    super(`taken over by ${by}`);
    this.by = by;
  }
}

/** The journal as its owner writes it: state and store move together. */
export interface JournalWriter {
  /** Another one after `renew`. */
  readonly token: number;
  /** What this owner's writes of an alias are recognised by. */
  mark(): Mark | undefined;
  state(): RolloutState;
  /**
   * @throws Fenced
   * @throws Error where the store fails, except while rolling back: then entries are kept and written as soon as the
   * store answers again, for a journal must not stand in the way of the way back.
   */
  append(at: Instant, entries: readonly EntryBody[], changes?: readonly VersionChange[]): Promise<void>;
  /** Entries that the store has not taken yet. */
  owed(): number;
  /** Writes them. @throws Fenced @throws Error where the store fails still */
  pay(): Promise<void>;
  /** When this owner last wrote to the store. */
  wroteAt(): Instant;
  beaten(at: Instant): void;
  /** Goes on under a token that this owner has taken anew. @throws Fenced where somebody else has taken one since */
  renew(token: number): Promise<void>;
  /** Reads what the store has, after a write of which nobody knows whether it took effect. */
  reload(): Promise<void>;
}

interface Owed {
  readonly entries: readonly EntryBody[];
  readonly changes: readonly VersionChange[];
  readonly at: Instant;
}

/** @param known the state after the journal's first entries, where somebody has read them already: only the rest is read */
export async function openJournal(
  store: Store,
  rollout: RolloutId,
  given: number,
  onEntry: (entry: Entry, state: RolloutState) => void,
  known?: RolloutState,
): Promise<JournalWriter> {
  let token = given;
  let mark: Mark | undefined;
  /**
   * After the journal: only while the lock still carries this token are its last revisions this owner's to go on from. A
   * newer owner's would be among them.
   */
  const read = async (from?: RolloutState): Promise<RolloutState> => {
    const found = await readState(store, rollout, from);
    const lock = await store.lock();
    if (lock.token !== token || found.token > token || lock.sealedBy !== undefined)
      throw new Fenced(ownerOf(lock));
    const { writer, store: identity } = lock;
    mark = writer === undefined || identity === undefined ? undefined : { writer, store: identity };
    return { ...found, token };
  };
  let state = await read(known);
  let stored = state.length;
  let owed: Owed[] = [];
  let wroteAt = instant(0);

  /** By so many places the journal is longer than this owner knows, from `shiftFrom` on. */
  let shift = 0;
  let shiftFrom = 0;
  /** An entry names the place of its intent, which lies further on now. */
  const moved = (item: Owed): Owed => ({
    ...item,
    entries: item.entries.map((entry) =>
      (entry.kind === 'result' || entry.kind === 'failed') && entry.intent >= shiftFrom
        ? { ...entry, intent: entry.intent + shift }
        : entry,
    ),
  });

  const write = async (item: Owed, isOwed: boolean): Promise<void> => {
    const outcome = await store.append({ rollout, token, length: stored, ...item });
    switch (outcome.kind) {
      case 'appended':
        stored += outcome.entries.length;
        wroteAt = item.at;
        return;
      case 'fenced':
        throw new Fenced(ownerOf(outcome.lock));
      case 'moved': {
        // Our token holds, so the missing entries can only be our own, whose reply was lost.
        const missing = await store.journal(rollout, stored);
        if (isSame(missing, item.entries)) {
          stored += missing.length;
          return;
        }
        if (!isOwed || shift > 0)
          throw new UserError(
            'unavailable',
            `the journal of ${rollout} has ${outcome.length} entries, expected ${stored}: an earlier one came late`,
          );
        // Sent before the store failed, and given up: what is owed comes after it.
        shift = missing.length;
        shiftFrom = stored;
        stored += missing.length;
        owed = owed.map(moved);
        return write(moved(item), true);
      }
    }
  };

  return {
    get token() {
      return token;
    },
    mark: () => mark,
    state: () => state,
    owed: () => owed.length,
    async pay() {
      for (let next = owed[0]; next !== undefined; next = owed[0]) {
        await write(next, true);
        owed = owed.slice(1);
      }
      if (shift === 0) return;
      state = await read();
      shift = 0;
    },
    wroteAt: () => wroteAt,
    beaten: (at) => {
      wroteAt = at;
    },
    async renew(taken) {
      token = taken;
      state = await read();
      stored = state.length;
      shift = 0;
    },
    async reload() {
      // What is owed has been acted upon: it is not in the store, and still true.
      if (owed.length > 0) return;
      // Where nothing was lost in between, what is known is what the store's first entries say.
      state = await read(shift === 0 && stored === state.length ? state : undefined);
      stored = state.length;
      shift = 0;
    },
    async append(at, entries, changes = []) {
      const mayWait =
        state.phase === 'rolling-back' || entries.some((entry) => entry.kind === 'rolling-back');
      // Once the store has failed, the way back is not kept waiting for it again: the write first, its entry after it.
      const isLater = mayWait && owed.length > 0 && entries.every(({ kind }) => kind === 'intent');
      const whole: Owed = { entries, changes, at };
      const items = (mayWait ? apart(whole) : [whole]).map((item) => (shift > 0 ? moved(item) : item));
      owed.push(...items);
      try {
        while (!isLater && owed[0] !== undefined) {
          await write(owed[0], mayWait);
          owed = owed.slice(1);
        }
        if (shift > 0 && owed.length === 0) {
          // What came in between is part of the state from here on.
          const fresh = await read();
          const written = await store.journal(rollout, stored - entries.length);
          // Nothing is asked of the store from here on: half of this would count the entries twice.
          state = fresh;
          shift = 0;
          for (const entry of written) onEntry(entry, state);
          return;
        }
      } catch (error) {
        if (error instanceof Fenced || !mayWait) {
          owed = owed.filter((other) => !items.includes(other));
          throw error;
        }
      }
      for (const body of entries) {
        const entry: Entry = { ...body, seq: state.length, at, token };
        state = apply(state, entry);
        onEntry(entry, state);
      }
    },
  };
}

/**
 * Each entry of ticks in a write of its own: those of a long outage may be too large for one, and one of them may be in the
 * store already, its reply lost. The registry's changes go with the last.
 */
function apart({ entries, changes, at }: Owed): readonly Owed[] {
  const ticks = entries.findLastIndex(({ kind }) => kind === 'observed') + 1;
  const before = entries.slice(0, ticks).map((entry): Owed => ({ entries: [entry], changes: [], at }));
  return ticks === entries.length && ticks > 0
    ? [...before.slice(0, -1), { entries: entries.slice(-1), changes, at }]
    : [...before, { entries: entries.slice(ticks), changes, at }];
}

/** The rollout as its journal tells it now. @throws Error where there is no such journal */
export async function readState(
  store: Store,
  rollout: RolloutId,
  known?: RolloutState,
): Promise<RolloutState> {
  if (known === undefined) return replay(rollout, await store.journal(rollout));
  return (await store.journal(rollout, known.length)).reduce(apply, known);
}

/** Whether these are the very entries, as the store gives them back. */
const isSame = (stored: readonly Entry[], sent: readonly EntryBody[]): boolean =>
  stored.length === sent.length &&
  stored.every(({ seq: _seq, at: _at, token: _token, ...body }, index) =>
    isDeepStrictEqual(body, JSON.parse(JSON.stringify(sent[index]))),
  );

const ownerOf = ({ owner, token }: LockRecord): string =>
  owner === null ? `token ${token}` : `${owner.name} on ${owner.host} (pid ${owner.pid}, ${owner.command})`;
