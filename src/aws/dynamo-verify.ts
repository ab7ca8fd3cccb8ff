import { follow, genesisOf, newChain } from '../store/rules/chain.ts';
import { damaged, end, headOf, keys, newerFormat, rolloutOf, unpack } from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

/**
 * Walks all records in the order written, by the rules of the embedded store's file, and changes nothing.
 * @throws UserError conflict, at the first that must not be believed
 */
export async function verifyDynamoLog(
  table: Table,
  place: { readonly environment: string; readonly model: string },
): Promise<{ readonly records: number; readonly head: string }> {
  const at = keys(place.environment, place.model);
  const index = await table.range(at.index, '!', '~');
  const lines = unpack(await table.range(at.log, 'LOG#', end('LOG#')));
  for (const item of index.filter(({ sk }) => String(sk).startsWith('ROLLOUT#') && sk !== newerFormat))
    lines.push(...unpack(await table.range(at.journal(rolloutOf(item).id), 'ENTRY#', end('ENTRY#'))));
  lines.sort((a, b) => a.number - b.number);
  const chain = newChain(genesisOf(place));
  const bytes = Buffer.concat(lines.flatMap(({ line }) => [line, Buffer.from('\n')]));
  const { problem } = follow(chain, bytes, () => undefined);
  if (problem !== undefined) throw damaged(`record ${problem.line}: ${problem.sentence}`);
  // Writers of a file may lose a race there; here a write that lost is not there at all.
  if (chain.lost > 0) throw damaged('two records build on the same one');
  const lock = index.find(({ sk }) => sk === at.lock);
  const head = lock === undefined ? genesisOf(place) : headOf(lock).head;
  if (chain.head !== head)
    throw damaged('the newest record is not the one that the lock names: records are gone');
  return { records: chain.records, head };
}
