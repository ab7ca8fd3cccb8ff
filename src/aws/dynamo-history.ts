import { randomBytes } from 'node:crypto';
import { UserError } from '../domain/user-error.ts';
import type { Clock } from '../ports/index.ts';
import type { Cut, History } from '../ports/history.ts';
import type { Store } from '../ports/store.ts';
import { StoreDamaged } from '../ports/store.ts';
import { compareWith, readCut, viewOf } from '../store/rules/cut.ts';
import { emptyState, type Transaction } from '../store/rules/fold.ts';
import { genesisOf } from '../store/rules/chain.ts';
import { decodeRecord } from '../store/rules/record.ts';
import type { Known } from './dynamo-index.ts';
import { headOf, keys, refusePart } from './dynamo-items.ts';
import { patience } from './dynamo-patience.ts';
import { recordOf, settle } from './dynamo-record.ts';
import type { Put, Table } from './dynamo-table.ts';
import { readDynamoRecords } from './dynamo-verify.ts';

/** DynamoDB takes 100 items and 4 MB a transaction; each record costs at most a few items, and often much less. */
const mostPuts = 80;
const mostBytes = 1024 * 1024;

/**
 * A table's records. A backup is written into it in order, several records a transaction; until the last one the lock says
 * that a part is all there is, and every command but `restore` refuses the table.
 */
export function dynamoHistory({
  table,
  name,
  environment,
  model,
  clock,
  open,
}: {
  readonly table: Table;
  readonly name: string;
  readonly environment: string;
  readonly model: string;
  readonly clock: Clock;
  /** Opens the store over this table afresh. */
  readonly open: () => Store;
}): History {
  const place = { environment, model };
  const at = keys(environment, model);
  const where = `table ${name}`;

  async function compare(cut: Cut): ReturnType<History['compare']> {
    try {
      const { bytes, head } = await readDynamoRecords(table, place);
      const found = compareWith(readCut(place, bytes), cut);
      // A part of a backup is nobody's yet, whatever its last record says.
      if (found.kind !== 'part' || head?.importing !== true) return found;
      return { kind: 'part', lock: { ...found.lock, owner: null, rollout: null, restoring: true } };
    } catch (error) {
      if (error instanceof StoreDamaged) return { kind: 'damaged', problem: error.message };
      throw error;
    }
  }

  /** @returns what the table's records come to, as the next one builds on it */
  async function known(): Promise<Known> {
    const { bytes } = await readDynamoRecords(table, place);
    const now: Known = { state: emptyState(), numbers: new Map(), head: genesisOf(place), records: 0 };
    for (const line of readCut(place, bytes).cut.lines) settle(at, now, triedOf(now, line));
    return now;
  }

  const triedOf = (now: Known, line: string) => {
    const { writer, transaction, body } = parsed(line);
    return recordOf(at, writer, now, transaction, body);
  };

  /** Once, or not at all: whether a lost one took effect is read back. @throws UserError where somebody else writes here */
  async function write(puts: readonly Put[], before: string, after: string): Promise<void> {
    const wait = patience(clock, after, environment);
    for (;;) {
      const outcome = await table.put(puts, after.slice(0, 36));
      if (outcome.kind === 'written') return;
      const item = await table.get(at.index, at.lock);
      const head = item === undefined ? genesisOf(place) : headOf(item).head;
      if (head === after) return;
      if (head !== before) throw disturbed(where);
      await wait(outcome.kind === 'unsure' ? outcome.error : undefined);
    }
  }

  return {
    where,
    canSetAside: false,
    view: viewOf,
    compare,
    async read() {
      const { head, bytes } = await readDynamoRecords(table, place);
      if (head !== null) refusePart(head);
      return readCut(place, bytes).cut;
    },
    async take(cut, { actor, at: now }) {
      const found = await compare(cut);
      if (found.kind === 'begun' || found.kind === 'done') return { store: open(), aside: null };
      if (found.kind === 'other' || found.kind === 'damaged') throw occupied(where);
      const state = await known();
      let batch: Put[] = [];
      let bytes = 0;
      let before = state.head;
      const flush = async (): Promise<void> => {
        if (batch.length === 0) return;
        await write(merged(batch, at.lock), before, state.head);
        before = state.head;
        batch = [];
        bytes = 0;
      };
      for (const line of cut.lines.slice(state.records)) {
        const tried = triedOf(state, line);
        const size = JSON.stringify(tried.puts).length;
        if (batch.length + tried.puts.length > mostPuts || bytes + size > mostBytes) await flush();
        batch.push(...tried.puts);
        bytes += size;
        settle(at, state, tried);
      }
      await flush();
      const imported: Transaction = { kind: 'imported', by: actor, at: now, head: cut.head };
      const last = recordOf(at, randomBytes(8).toString('hex'), state, imported);
      await write(last.puts, state.head, last.hash);
      return { store: open(), aside: null };
    },
  };
}

/** The newest of each item, written over what the first of them expects. */
function merged(puts: readonly Put[], lock: string): readonly Put[] {
  const found = new Map<string, Put>();
  for (const { item, over } of puts) {
    const key = `${item.pk} ${item.sk}`;
    const first = found.get(key);
    const marks = item.sk === lock ? { importing: true, restoring: true } : {};
    found.set(key, { item: { ...item, ...marks }, over: first === undefined ? over : first.over });
  }
  return [...found.values()];
}

function parsed(line: string): {
  readonly writer: string;
  readonly transaction: Transaction;
  readonly body: Buffer;
} {
  const bytes = Buffer.from(line);
  const found = decodeRecord({ bytes, start: 0, end: bytes.length });
  if (found.kind !== 'record') throw new Error('a record was checked, and is none');
  const { bytes: all, start, end } = found.body;
  const body = all.subarray(start, end);
  const transaction = JSON.parse(body.toString('utf8')) as Transaction;
  const { writer } = JSON.parse(line) as { readonly writer: string };
  return { writer, transaction, body };
}

const occupied = (where: string): UserError =>
  new UserError('conflict', `${where} holds records that the backup does not have`, {
    why: 'mlreg deletes and changes no record in a table',
    mend: 'make a new table and name it: mlreg restore --from BACKUP --table NEW',
  });

const disturbed = (where: string): UserError =>
  new UserError('conflict', `somebody else writes to ${where} while the backup is restored`, {
    why: 'the records that are there now are not those of the backup alone',
    mend: 'mlreg restore --from BACKUP  # shows how the table differs from the backup now',
  });
