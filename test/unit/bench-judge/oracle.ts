import { readFileSync } from 'node:fs';

/**
 * What a peer's own tests say that its judge answers: figures and rows of test/vectors/oracles, each file with the
 * repository, commit, path and licence that it was taken from.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function oracle(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../vectors/oracles/${name}.json`, import.meta.url), 'utf8'));
}
