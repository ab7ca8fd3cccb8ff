import type { Actor, Entry, EntryBody, Request, StoreId, StoreIdentity } from '../../domain/journal.ts';
import type { VersionChange, VersionRecord } from '../../domain/registry.ts';
import { type Instant, instant, type RolloutId, unreachable, type VersionTag } from '../../domain/units.ts';
import type { LockRecord } from '../../ports/store.ts';
import type { Slice } from './record.ts';

/** What one record says has happened. Its writer has checked the conditions, so readers apply it without asking. */
export type Transaction =
  /** Of format 1: read, and never written any more. */
  | {
      readonly kind: 'acquire';
      readonly token: number;
      readonly owner: Actor;
      readonly rollout: RolloutId | null;
      readonly at: Instant;
    }
  /** Format 2. A program that knows format 1 alone refuses the store at its first one, so it never acts beside this one. */
  | {
      readonly kind: 'take';
      readonly token: number;
      readonly writer: string;
      readonly owner: Actor;
      readonly rollout: RolloutId | null;
      readonly at: Instant;
      /** With the first one: which store this is. */
      readonly store?: StoreIdentity;
      /** With the first one in a table that has an id: which table this is. */
      readonly table?: string;
    }
  | { readonly kind: 'seal'; readonly by: StoreId }
  /** From here on it is another store. */
  | {
      readonly kind: 'restore';
      readonly token: number;
      readonly writer: string;
      readonly owner: Actor;
      readonly rollout: RolloutId;
      readonly at: Instant;
      readonly store: StoreIdentity;
      readonly table?: string;
    }
  /** All records before it came from a backup: nobody is given a token until the alias says whose store this is. */
  | {
      readonly kind: 'imported';
      readonly by: Actor;
      readonly at: Instant;
      /** Hash of the backup's newest record. */
      readonly head: string;
    }
  | { readonly kind: 'release' | 'restored'; readonly token: number }
  | { readonly kind: 'beat'; readonly token: number; readonly at?: Instant }
  | {
      readonly kind: 'append';
      readonly rollout: RolloutId;
      readonly token: number;
      readonly at: Instant;
      readonly changes: readonly VersionChange[];
      readonly entries: readonly EntryBody[];
    }
  | { readonly kind: 'register'; readonly record: VersionRecord }
  | { readonly kind: 'change'; readonly token: number; readonly changes: readonly VersionChange[] }
  | { readonly kind: 'post'; readonly rollout: RolloutId; readonly request: Request }
  | { readonly kind: 'told'; readonly rollout: RolloutId; readonly channel: string; readonly upTo: number };

/** Everything that the records say. Changed in place by `apply`, and by nothing else. */
export interface State {
  holder: Omit<LockRecord, 'beat'>;
  /** To whom each token was given, since format 2. A log that keeps them elsewhere leaves this empty. */
  readonly writers: Map<number, string>;
  /** Writes of all owners so far. */
  beats: number;
  /** In the order in which they began. */
  readonly journals: Map<RolloutId, Journal>;
  /** In the order registered. */
  readonly versions: Map<VersionTag, VersionRecord>;
  readonly inboxes: Map<RolloutId, Request[]>;
}

interface Journal {
  length: number;
  readonly parts: Part[];
  /** By channel, the entry up to which it has been told. */
  told: Readonly<Record<string, number>>;
}

/** The entries of one append, unparsed until somebody asks: most commands never look at most journals. */
interface Part {
  readonly from: number;
  readonly count: number;
  readonly at: Instant;
  readonly token: number;
  content:
    | { readonly kind: 'json'; readonly json: Slice }
    | { readonly kind: 'read'; readonly entries: readonly Entry[] };
}

export const emptyState = (): State => ({
  holder: { token: 0, owner: null, rollout: null, takenAt: instant(0) },
  writers: new Map(),
  beats: 0,
  journals: new Map(),
  versions: new Map(),
  inboxes: new Map(),
});

/** As JSON; of an append the entries come last, and their count before them, for `apply` not to parse them. */
export function encode(transaction: Transaction): Buffer {
  if (transaction.kind !== 'append') return Buffer.from(JSON.stringify(transaction));
  const { entries, ...head } = transaction;
  return Buffer.from(JSON.stringify({ ...head, count: entries.length, entries }));
}

/** @throws Error on a body that this program doesn't know; the state is unchanged then */
export function apply(state: State, { bytes, start, end }: Slice): void {
  // Inside a JSON string a quote has a backslash before it, so this can only be the key.
  const key = bytes.subarray(start, end).indexOf(entriesKey);
  const json =
    key === -1 ? bytes.toString('utf8', start, end) : `${bytes.toString('utf8', start, start + key)}}`;
  const known = JSON.parse(json) as Folded;
  const content = { bytes, start: start + key + entriesKey.length - 1, end: end - 1 };
  fold(state, known, { kind: 'json', json: content });
}

/** The same for a transaction that was never written down, and so cost nobody its reading. */
export function applyWhole(state: State, transaction: Transaction): void {
  if (transaction.kind !== 'append') return fold(state, transaction, noEntries);
  const { rollout, at, token, entries } = transaction;
  const from = journalLength(state, rollout);
  const read = entries.map((body, index): Entry => ({ ...body, seq: from + index, at, token }));
  fold(state, { ...transaction, count: entries.length }, { kind: 'read', entries: read });
}

function fold(state: State, known: Folded, content: Part['content']): void {
  switch (known.kind) {
    case 'acquire':
    case 'take': {
      const { token, owner, rollout, at: takenAt } = known;
      const { store, sealedBy, table } = state.holder;
      const writer = known.kind === 'take' ? { writer: known.writer } : {};
      const identity = (known.kind === 'take' ? known.store : undefined) ?? store;
      const place = (known.kind === 'take' ? known.table : undefined) ?? table;
      state.holder = {
        ...{ token, owner, rollout, takenAt, ...writer },
        ...(identity === undefined ? {} : { store: identity }),
        ...(place === undefined ? {} : { table: place }),
        ...(sealedBy === undefined ? {} : { sealedBy }),
      };
      if (known.kind === 'take') state.writers.set(token, known.writer);
      state.beats++;
      return;
    }
    case 'restore': {
      const { token, writer, owner, rollout, at: takenAt, store, table } = known;
      const place = table === undefined ? {} : { table };
      state.holder = { token, writer, owner, rollout, takenAt, store, restoring: true, ...place };
      state.writers.set(token, writer);
      state.beats++;
      return;
    }
    case 'imported':
      // An owner of the store that the backup was made of has the newest token there: here it is fenced.
      state.holder = {
        ...state.holder,
        ...{ token: state.holder.token + 1, owner: null, rollout: null, restoring: true },
      };
      state.beats++;
      return;
    case 'restored': {
      const { restoring: _done, ...holder } = state.holder;
      state.holder = { ...holder, owner: null, rollout: null };
      state.beats++;
      return;
    }
    case 'seal':
      state.holder = { ...state.holder, owner: null, rollout: null, sealedBy: known.by };
      state.beats++;
      return;
    case 'beat':
      if (known.at !== undefined) state.holder = { ...state.holder, seenAt: known.at };
      state.beats++;
      return;
    case 'release':
      state.holder = { ...state.holder, owner: null, rollout: null };
      state.beats++;
      return;
    case 'append':
      addPart(state, known, content);
      change(state, known.changes);
      state.beats++;
      return;
    case 'register':
      state.versions.set(known.record.version, known.record);
      return;
    case 'change':
      change(state, known.changes);
      state.beats++;
      return;
    case 'post':
      inboxOf(state, known.rollout).push(known.request);
      return;
    case 'told': {
      const journal = state.journals.get(known.rollout);
      if (journal !== undefined) journal.told = { ...journal.told, [known.channel]: known.upTo };
      return;
    }
    default:
      return unreachable(known);
  }
}

export const lockOf = ({ holder, beats }: State): LockRecord => ({ ...holder, beat: beats });

/** For a log that keeps journals and writers elsewhere: the journals' lengths stay. */
export function dropEntries({ journals, writers }: State): void {
  writers.clear();
  for (const journal of journals.values()) journal.parts.length = 0;
}

/** The entries from index `from` on. */
export function readJournal(state: State, rollout: RolloutId, from: number): Entry[] {
  const parts = state.journals.get(rollout)?.parts ?? [];
  // Whoever follows a rollout asks for its end, so look from there.
  let first = parts.length;
  while (first > 0 && endOf(parts[first - 1]) > from) first--;
  return parts
    .slice(first)
    .flatMap(readPart)
    .filter((entry) => entry.seq >= from);
}

/** The entries of one append, read already. */
export function partsOf(entries: readonly Entry[]): Part[] {
  const [first] = entries;
  if (first === undefined) return [];
  const { seq: from, at, token } = first;
  return [{ from, count: entries.length, at, token, content: { kind: 'read', entries } }];
}

export const journalLength = (state: State, rollout: RolloutId): number =>
  state.journals.get(rollout)?.length ?? 0;

export const toldOf = (state: State, rollout: RolloutId): Readonly<Record<string, number>> =>
  state.journals.get(rollout)?.told ?? {};

type Append = Extract<Transaction, { kind: 'append' }>;
type Folded = Exclude<Transaction, Append> | (Omit<Append, 'entries'> & { readonly count: number });

const entriesKey = ',"entries":[';
const noEntries: Part['content'] = { kind: 'read', entries: [] };

const endOf = (part: Part | undefined): number => (part === undefined ? 0 : part.from + part.count);

function readPart(part: Part): readonly Entry[] {
  if (part.content.kind === 'read') return part.content.entries;
  const { bytes, start, end } = part.content.json;
  const bodies = JSON.parse(bytes.toString('utf8', start, end)) as EntryBody[];
  const { from, at, token } = part;
  const entries = bodies.map((body, index) => ({ ...body, seq: from + index, at, token }));
  part.content = { kind: 'read', entries };
  return entries;
}

function addPart(
  state: State,
  { rollout, at, token, count }: Omit<Append, 'entries'> & { count: number },
  content: Part['content'],
): void {
  if (count === 0) return;
  let journal = state.journals.get(rollout);
  if (journal === undefined) state.journals.set(rollout, (journal = { length: 0, parts: [], told: {} }));
  journal.parts.push({ from: journal.length, count, at, token, content });
  journal.length += count;
}

function change(state: State, changes: readonly VersionChange[]): void {
  for (const { version, set } of changes) {
    const record = state.versions.get(version);
    if (record !== undefined) state.versions.set(version, { ...record, ...set });
  }
}

function inboxOf(state: State, rollout: RolloutId): Request[] {
  const inbox = state.inboxes.get(rollout);
  if (inbox !== undefined) return inbox;
  const created: Request[] = [];
  state.inboxes.set(rollout, created);
  return created;
}
