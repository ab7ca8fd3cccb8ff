import type { RolloutId } from '../domain/units.ts';
import {
  apply,
  dropEntries,
  encode,
  journalLength,
  type State,
  toldOf,
  type Transaction,
} from '../store/rules/fold.ts';
import { encodeRecord } from '../store/rules/record.ts';
import type { Known } from './dynamo-index.ts';
import { type Keys, lockItemOf, newerFormat, pack, padded, storedMetrics } from './dynamo-items.ts';
import type { Keyed, Put } from './dynamo-table.ts';

/** A record on its way. */
export interface Tried {
  readonly puts: readonly Put[];
  readonly hash: string;
  readonly body: Buffer;
  /** Where it will be found, if it was written. */
  readonly key: { readonly pk: string; readonly sk: string };
}

/** What writing a transaction comes to: its record, the lock naming it as the newest, and what it changes of the index. */
export function recordOf(
  at: Keys,
  writer: string,
  now: Known,
  transaction: Transaction,
  /** As it was written before. */
  body: Buffer = encode(transaction),
): Tried {
  const { state, records } = now;
  const { line, hash } = encodeRecord(now.head, writer, body);
  const number = records + 1;
  const after = afterwards(now, body);
  const rollout =
    transaction.kind === 'append' && transaction.entries.length > 0 ? transaction.rollout : null;
  const place =
    rollout === null
      ? { pk: at.log, sk: `LOG#${padded(number)}` }
      : { pk: at.journal(rollout), sk: `ENTRY#${padded(journalLength(after, rollout) - 1)}` };
  const first = rollout === null ? {} : { first: journalLength(state, rollout) };
  const keyOf = (part: number) => ({ pk: place.pk, sk: `${place.sk}#${padded(part)}` });
  // The newlines around a line are a file's.
  const parts = pack(line.subarray(1, -1)).map((attributes, part): Put => {
    return { item: { ...keyOf(part), number, hash, ...first, ...attributes }, over: null };
  });
  const lock: Put = {
    item: lockItemOf(at.index, { holder: after.holder, beat: after.beats, head: hash, records: number }),
    over: records === 0 ? null : { head: now.head, token: state.holder.token },
  };
  const puts = [lock, ...parts];
  const changed = transaction.kind === 'told' ? transaction.rollout : rollout;
  if (changed !== null) puts.push(rolloutPut(at, now, after, changed, number));
  if (transaction.kind === 'take') puts.push(...takePuts(at, transaction, number));
  if (transaction.kind === 'restore') {
    // What keeps older programs away is there since the store gave out its first token under format 2.
    const { store, ...given } = transaction;
    const isFirst = state.holder.store === undefined;
    puts.push(...takePuts(at, { ...given, ...(isFirst ? { store } : {}) }, number));
  }
  for (const tag of changedBy(transaction)) puts.push(versionPut(at, now, after, tag, number));
  return { puts, hash, body, key: keyOf(0) };
}

/** The index as the record leaves it, once that is written. */
export function settle(at: Keys, now: Known, { hash, body, puts }: Tried): void {
  apply(now.state, { bytes: body, start: 0, end: body.length });
  dropEntries(now.state);
  now.head = hash;
  now.records++;
  for (const { item } of puts) {
    if (item.pk === at.index && typeof item.number === 'number') now.numbers.set(item.sk, item.number);
  }
}

/** The writer of the token; with the first one, what keeps older programs away. */
function takePuts(
  at: Keys,
  { token, writer, store }: Pick<Extract<Transaction, { kind: 'take' }>, 'token' | 'writer' | 'store'>,
  number: number,
): readonly Put[] {
  const given: Put = { item: { pk: at.tokens, sk: padded(token), number, writer }, over: null };
  if (store === undefined) return [given];
  return [given, { item: { pk: at.index, sk: newerFormat, format: 2 }, over: null }];
}

function rolloutPut(at: Keys, { state, numbers }: Known, after: State, id: RolloutId, number: number): Put {
  const sk = at.rollout(id);
  const before = journalLength(state, id);
  const length = journalLength(after, id);
  const told = toldOf(after, id);
  const item: Keyed = { pk: at.index, sk, id, number: numbers.get(sk) ?? number, length, told };
  return { item, over: before === 0 ? null : { length: before } };
}

function versionPut(at: Keys, { numbers }: Known, after: State, tag: string, number: number): Put {
  const sk = at.version(tag);
  const record = [...after.versions.values()].find(({ version }) => version === tag);
  const known = numbers.get(sk);
  return {
    item: {
      ...{ pk: at.index, sk, number: known ?? number },
      ...(record && { ...record, metrics: storedMetrics(record.metrics) }),
    },
    over: known === undefined ? null : { version: tag },
  };
}

/** The state as it will be. Its journals hold no entries, so copying it is cheap. */
function afterwards({ state }: Known, body: Buffer): State {
  const after: State = {
    holder: state.holder,
    writers: new Map(),
    beats: state.beats,
    journals: new Map([...state.journals].map(([id, journal]) => [id, { ...journal, parts: [] }])),
    versions: new Map(state.versions),
    inboxes: new Map(),
  };
  apply(after, { bytes: body, start: 0, end: body.length });
  return after;
}

function changedBy(transaction: Transaction): readonly string[] {
  switch (transaction.kind) {
    case 'register':
      return [transaction.record.version];
    case 'append':
    case 'change':
      return [...new Set(transaction.changes.map(({ version }) => version))];
    default:
      return [];
  }
}
