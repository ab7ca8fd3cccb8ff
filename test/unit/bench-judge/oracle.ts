import { readFileSync } from 'node:fs';

/** Rows, whose columns differ from table to table. */
type Table = any[] & { readonly cases: any[] };

/**
 * What a peer's own tests say that its judge answers: figures and rows of test/vectors/oracles, each file with the
 * repository, commit, path and licence that it was taken from.
 */
export function oracle<Name extends string>(file: string, ..._tables: readonly Name[]): Record<Name, Table> {
  return JSON.parse(readFileSync(new URL(`../../vectors/oracles/${file}.json`, import.meta.url), 'utf8'));
}
