import type { Entry } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import { apply, emptyState, readJournal, type State } from '../store/rules/fold.ts';
import { decodeRecord } from '../store/rules/record.ts';
import { damaged, type Head, newerFormat, rolloutOf, unpack, versionOf } from './dynamo-items.ts';
import type { Item } from './dynamo-table.ts';

/** The index as it was read, or as our own writes have left it since. Its journals have lengths and no entries. */
export interface Known {
  readonly state: State;
  /** Number of the first record of each rollout and version, by its item's sort key: their order. */
  readonly numbers: Map<string, number>;
  /** Hash of the newest record. */
  head: string;
  records: number;
}

export function indexOf(items: readonly Item[], { holder, beat, head, records }: Head): Known {
  const state = emptyState();
  const numbers = new Map<string, number>();
  state.holder = holder;
  state.beats = beat;
  const under = (prefix: string): readonly Item[] =>
    items.filter(({ sk }) => String(sk).startsWith(prefix) && sk !== newerFormat);
  for (const { id, number, length, told } of under('ROLLOUT#').map(rolloutOf).sort(byNumber)) {
    state.journals.set(id, { length, parts: [], told });
    numbers.set(`ROLLOUT#${id}`, number);
  }
  for (const { record, number } of under('VERSION#').map(versionOf).sort(byNumber)) {
    state.versions.set(record.version, record);
    numbers.set(`VERSION#${record.version}`, number);
  }
  return { state, numbers, head, records };
}

const byNumber = (a: { readonly number: number }, b: { readonly number: number }): number =>
  a.number - b.number;

/** @throws UserError conflict, where they are not what was written, or not all that was */
export function entriesOf(
  items: readonly Item[],
  rollout: RolloutId,
  from: number,
  length: number,
): readonly Entry[] {
  const state = emptyState();
  for (const { line, number, first } of unpack(items)) {
    const found = decodeRecord({ bytes: line, start: 0, end: line.length });
    if (found.kind !== 'record') throw damaged(`record ${number}, of ${rollout}, is not what was written`);
    if (state.journals.size === 0) state.journals.set(rollout, { length: first, parts: [], told: {} });
    apply(state, found.body);
  }
  const entries = readJournal(state, rollout, from);
  if (entries.length !== length - from || entries[0]?.seq !== from)
    throw damaged(`entries of ${rollout} are gone`);
  return entries;
}
