import { type Chain, follow, genesisOf, newChain } from '../store/rules/chain.ts';
import {
  damaged,
  end,
  type Head,
  headOf,
  keys,
  newerFormat,
  refusePart,
  rolloutOf,
  unpack,
} from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

interface Place {
  readonly environment: string;
  readonly model: string;
}

/** All records that there were at one moment, and the lock as it was then. */
export interface DynamoRecords {
  /** null where nothing was ever written. */
  readonly head: Head | null;
  /** As a file of the embedded store would have them. */
  readonly bytes: Buffer;
  /** How far these can be followed. */
  readonly chain: Chain;
}

/**
 * Reads all records in the order written. Records never change, so those up to the one that the lock names are what there was
 * when it was read, however much is written meanwhile.
 * @throws UserError conflict, at the first that must not be believed
 */
export async function readDynamoRecords(table: Table, place: Place): Promise<DynamoRecords> {
  const at = keys(place.environment, place.model);
  const item = await table.get(at.index, at.lock);
  const head = item === undefined ? null : headOf(item);
  const index = await table.range(at.index, 'ROLLOUT#', end('ROLLOUT#'));
  const lines = unpack(await table.range(at.log, 'LOG#', end('LOG#')));
  for (const row of index.filter(({ sk }) => sk !== newerFormat))
    lines.push(...unpack(await table.range(at.journal(rolloutOf(row).id), 'ENTRY#', end('ENTRY#'))));
  lines.sort((a, b) => a.number - b.number);
  const last = head?.records ?? 0;
  const known = lines.filter(({ number }) => number <= last);
  const chain = newChain(genesisOf(place));
  const bytes = Buffer.concat(known.flatMap(({ line }) => [line, Buffer.from('\n')]));
  const { problem } = follow(chain, bytes, () => undefined);
  if (problem !== undefined) throw damaged(`record ${problem.line}: ${problem.sentence}`);
  // Writers of a file may lose a race there; here a write that lost is not there at all.
  if (chain.lost > 0) throw damaged('two records build on the same one');
  if (chain.head !== (head?.head ?? genesisOf(place)))
    throw damaged('the newest record is not the one that the lock names: records are gone');
  return { head, bytes, chain };
}

/**
 * Walks all records by the rules of the embedded store's file, and changes nothing.
 * @throws UserError conflict, at the first that must not be believed
 */
export async function verifyDynamoLog(
  table: Table,
  place: Place,
): Promise<{ readonly records: number; readonly head: string }> {
  const { head, chain } = await readDynamoRecords(table, place);
  if (head !== null) refusePart(head);
  return { records: chain.records, head: chain.head };
}
