import type { Entry, EntryBody, Request } from '../domain/journal.ts';
import type { VersionChange } from '../domain/registry.ts';
import type { RolloutId } from '../domain/units.ts';
import { metricValues } from '../domain/metric-value.ts';
import { UserError } from '../domain/user-error.ts';
import type { AcquireOutcome, AppendOutcome, Store } from '../ports/store.ts';
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
  /** Decides and writes with nothing between: where another writer came first, decides anew. */
  commit<T>(decide: (state: State) => Decision<T>): Promise<T>;
}

/** For logs whose state holds the journals too. */
export function readsOf(read: Log['read']): Pick<Log, 'journal' | 'inbox'> {
  return {
    journal: async (rollout, from) => readJournal(await read(), rollout, from),
    inbox: async (rollout, from) => (await read()).inboxes.get(rollout)?.slice(from) ?? [],
  };
}

/** The whole of the store's rules, over any log. */
export function storeOverLog(log: Log): Store {
  return {
    async lock() {
      return lockOf(await log.read());
    },
    acquire: ({ owner, rollout, takeOver, atLeast = 0, ifToken, at }) =>
      log.commit<AcquireOutcome>((state) => {
        const lock = lockOf(state);
        if (lock.owner !== null && !takeOver) return answer({ kind: 'held', lock });
        if (ifToken !== undefined && ifToken !== lock.token) return answer({ kind: 'held', lock });
        const token = Math.max(lock.token, atLeast) + 1;
        return write(
          { kind: 'acquire', token, owner, rollout, at },
          { kind: 'acquired', lock: { token, owner, rollout, takenAt: at, beat: lock.beat + 1 } },
        );
      }),
    beat: (token) =>
      log.commit((state) => (owns(state, token) ? write({ kind: 'beat', token }, true) : answer(false))),
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
const owns = ({ holder }: State, token: number): boolean => token > 0 && token === holder.token;

/** What a reader will find: the writer must not know more than the journal holds. */
const asWritten = (entries: readonly EntryBody[]): EntryBody[] =>
  JSON.parse(JSON.stringify(entries)) as EntryBody[];

function requireRegistered(state: State, changes: readonly VersionChange[]): void {
  for (const { version } of changes) {
    if (state.versions.has(version)) continue;
    throw new UserError('conflict', `version ${version} is not in the registry`, {
      why: 'its status was to be changed; nothing was written',
      mend: `mlreg register ${version} --artifact URI`,
    });
  }
}
