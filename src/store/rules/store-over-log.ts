import type { Entry, EntryBody, Request, StoreId, StoreIdentity } from '../../domain/journal.ts';
import type { VersionChange } from '../../domain/registry.ts';
import type { RolloutId } from '../../domain/units.ts';
import { metricValues } from '../../domain/metric-value.ts';
import { type Elsewhere, elsewhereOf, restoredTable } from '../../domain/restored-table.ts';
import { UserError } from '../../domain/user-error.ts';
import type { AcquireOutcome, AppendOutcome, LockRecord, Snapshot, Store } from '../../ports/store.ts';
import { sha256 } from './record.ts';
import { journalLength, lockOf, readJournal, type State, toldOf, type Transaction } from './fold.ts';

/** What a request comes to in one state: an answer at once, or the answer to give when `transaction` is written. */
export type Decision<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'write'; readonly transaction: Transaction; readonly value: T };

/** Where transactions are kept, one after another. */
export interface Log {
  /** The state after everything that has been written so far, by whomever. */
  read(): Promise<State>;
  /** Entries from index `from` on. */
  journal(rollout: RolloutId, from: number): Promise<readonly Entry[]>;
  /** Requests from index `from` on. */
  inbox(rollout: RolloutId, from: number): Promise<readonly Request[]>;
  snapshot(rollout: RolloutId): Promise<Snapshot | undefined>;
  keepSnapshot(rollout: RolloutId, snapshot: Snapshot): Promise<void>;
  /** To whom a token was given. */
  writerOf(token: number): Promise<string | undefined>;
  /** Decides and writes with nothing between: where another writer came first, decides anew. */
  commit<T>(decide: (state: State) => Decision<T>): Promise<T>;
  /** The table that all this is in, as `NAME/ID`; undefined where there is none, or where it can't be asked. */
  place?(): Promise<string | undefined>;
}

/** For logs whose state holds journals and writers too. */
export function readsOf(read: Log['read']): Pick<Log, 'journal' | 'inbox' | 'writerOf'> {
  return {
    writerOf: async (token) => (await read()).writers.get(token),
    journal: async (rollout, from) => readJournal(await read(), rollout, from),
    inbox: async (rollout, from) => (await read()).inboxes.get(rollout)?.slice(from) ?? [],
  };
}

/**
 * The whole of the store's rules, over any log.
 * @param opened different in every store opened: from it come the ids that this one draws
 */
export function storeOverLog(log: Log, opened: string): Store {
  let drawn = 0;
  const draw = (): string => sha256(`${opened} ${++drawn}`).slice(0, 8);
  return {
    async lock() {
      const [state, here] = [await log.read(), await log.place?.()];
      const elsewhere = elsewhereOf(state.holder.table, here);
      return { ...lockOf(state), ...(elsewhere === undefined ? {} : { elsewhere }) };
    },
    acquire: async ({ owner, rollout, takeOver, atLeast = 0, ifToken, at }) => {
      const [writer, id] = [draw(), draw()];
      const here = await log.place?.();
      return log.commit<AcquireOutcome>((state) => {
        const lock = lockOf(state);
        if (lock.sealedBy !== undefined) throw sealed(lock.sealedBy);
        if (lock.restoring === true) throw unrestored();
        const elsewhere = elsewhereOf(lock.table, here);
        if (elsewhere !== undefined) throw restoredElsewhere(elsewhere);
        if (lock.owner !== null && !takeOver) return answer({ kind: 'held', lock });
        if (ifToken !== undefined && ifToken !== lock.token) return answer({ kind: 'held', lock });
        const token = Math.max(lock.token, atLeast) + 1;
        // Also of a store that an mlreg before format 2 began: from here on that one refuses it.
        const store = lock.store ?? { id, epoch: 1 };
        const place = here === undefined || lock.table !== undefined ? {} : { table: here };
        const isFirst = lock.store === undefined;
        return write(
          { kind: 'take', token, writer, owner, rollout, at, ...(isFirst ? { store } : {}), ...place },
          {
            kind: 'acquired',
            lock: { token, owner, rollout, takenAt: at, writer, store, beat: lock.beat + 1 },
          },
        );
      });
    },
    restore: async ({ owner, rollout, epoch, atLeast, supersedes, at }) => {
      const [writer, id] = [draw(), draw()];
      const here = await log.place?.();
      return log.commit<LockRecord>((state) => {
        const lock = lockOf(state);
        const token = Math.max(lock.token, atLeast) + 1;
        const before = lock.store === undefined ? [] : [lock.store, ...(lock.store.supersedes ?? [])];
        const store: StoreIdentity = {
          id,
          epoch: Math.max(epoch, ...before.map((one) => one.epoch), 0) + 1,
          supersedes: placesTaken([...supersedes, ...before.map((one) => ({ ...one, token: lock.token }))]),
        };
        const place = here === undefined ? {} : { table: here };
        const taken = { token, writer, owner, rollout, store, ...place };
        return write(
          { kind: 'restore', ...taken, at },
          { ...taken, takenAt: at, restoring: true, beat: lock.beat + 1 },
        );
      });
    },
    restored: (token) =>
      log.commit((state) => {
        if (!owns(state, token)) return answer(false);
        return state.holder.restoring === true ? write({ kind: 'restored', token }, true) : answer(true);
      }),
    writerOf: (token) => log.writerOf(token),
    seal: (by) =>
      log.commit<void>((state) =>
        state.holder.sealedBy === undefined ? write({ kind: 'seal', by }, undefined) : answer(undefined),
      ),
    beat: (token, at) =>
      log.commit((state) => {
        if (!owns(state, token)) return answer(false);
        return write({ kind: 'beat', token, ...(at === undefined ? {} : { at }) }, true);
      }),
    release: (token) =>
      log.commit((state) => {
        if (!owns(state, token)) return answer(false);
        return state.holder.owner === null ? answer(true) : write({ kind: 'release', token }, true);
      }),

    append: ({ rollout, token, length, at, entries, changes = [] }) =>
      log.commit<AppendOutcome>((state) => {
        if (!owns(state, token)) return answer({ kind: 'fenced', lock: lockOf(state) });
        const present = journalLength(state, rollout);
        if (present !== length) return answer({ kind: 'moved', length: present });
        requireRegistered(state, changes);
        const written = asWritten(entries);
        return write(
          { kind: 'append', rollout, token, at, changes, entries: written },
          {
            kind: 'appended',
            entries: written.map((body, index) => ({ ...body, seq: length + index, at, token })),
          },
        );
      }),
    journal: (rollout, from = 0) => log.journal(rollout, from),
    snapshot: (rollout) => log.snapshot(rollout),
    keepSnapshot: (rollout, snapshot) => log.keepSnapshot(rollout, snapshot),
    async rollouts() {
      return [...(await log.read()).journals.keys()].reverse();
    },

    async versions() {
      return [...(await log.read()).versions.values()];
    },
    async version(tag) {
      return (await log.read()).versions.get(tag);
    },
    async register(given) {
      const record = { ...given, metrics: metricValues(given.metrics) };
      return log.commit(({ versions }) =>
        versions.has(record.version) ? answer(false) : write({ kind: 'register', record }, true),
      );
    },
    change: (token, changes) =>
      log.commit((state) => {
        if (!owns(state, token)) return answer(false);
        requireRegistered(state, changes);
        return write({ kind: 'change', token, changes }, true);
      }),

    async told(rollout) {
      return toldOf(await log.read(), rollout);
    },
    setTold: (rollout, channel, upTo) =>
      log.commit<void>((state) => {
        const isNews = state.journals.has(rollout) && upTo > (toldOf(state, rollout)[channel] ?? 0);
        return isNews ? write({ kind: 'told', rollout, channel, upTo }, undefined) : answer(undefined);
      }),

    post: (rollout, request) => log.commit(() => write({ kind: 'post', rollout, request }, undefined)),
    inbox: (rollout, from) => log.inbox(rollout, from),
  };
}

const answer = <T>(value: T): Decision<T> => ({ kind: 'answer', value });
const write = <T>(transaction: Transaction, value: T): Decision<T> => ({ kind: 'write', transaction, value });

/** Until somebody takes the lock anew the last token is good, released or not; 0 was never given to anybody. */
const owns = ({ holder }: State, token: number): boolean =>
  token > 0 && token === holder.token && holder.sealedBy === undefined;

/** What a reader will find: the writer must not know more than the journal holds. */
const asWritten = (entries: readonly EntryBody[]): EntryBody[] =>
  JSON.parse(JSON.stringify(entries)) as EntryBody[];

/** Each store once, with the newest token that it is known to have given out. */
function placesTaken(
  stores: readonly (StoreId & { readonly token: number })[],
): readonly (StoreId & { readonly token: number })[] {
  const found = new Map<string, StoreId & { readonly token: number }>();
  for (const { id, epoch, token } of stores) {
    const key = `${id} ${epoch}`;
    found.set(key, { id, epoch, token: Math.max(token, found.get(key)?.token ?? 0) });
  }
  return [...found.values()];
}

const restoredElsewhere = (elsewhere: Elsewhere): UserError => {
  const { what, why, mend } = restoredTable(elsewhere);
  return new UserError('conflict', what, {
    why,
    mend: [mend, 'mlreg rollback  # where users suffer: moves the alias alone'],
  });
};

const unrestored = (): UserError =>
  new UserError(
    'conflict',
    'mlreg recover, or mlreg restore, was cut off in this store before the alias said so',
    {
      why: 'until the alias carries the marker of this store, another one may still move users',
      mend: ['mlreg recover  # goes on', 'mlreg rollback  # where users suffer: moves the alias alone'],
    },
  );

const sealed = ({ id, epoch }: StoreId): UserError =>
  new UserError('conflict', `another store took this one's place: store ${id}, epoch ${epoch}`, {
    why: 'the alias carries the marker of that store, and two stores must not move the same users',
    mend: 'name the store that is in use now in mlreg.yaml (environments.ENVIRONMENT.table), or run mlreg in the directory whose .mlreg holds it',
  });

function requireRegistered(state: State, changes: readonly VersionChange[]): void {
  for (const { version } of changes) {
    if (state.versions.has(version)) continue;
    throw new UserError('conflict', `version ${version} is not in the registry`, {
      why: 'its status was to be changed; nothing was written',
      mend: `mlreg register ${version} --artifact URI`,
    });
  }
}
