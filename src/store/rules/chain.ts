import { decodeRecord, sha256, type Slice } from './record.ts';

/**
 * How far a reader has followed a file. The chain is the lock: of all records that build on the same head the first in
 * the file counts, and every reader of the same bytes finds the same ones.
 */
export interface Chain {
  /** Hash of the newest record that counts. */
  head: string;
  /** Every hash that was ever the head. */
  readonly ancestors: Set<string>;
  /** Bytes of the file that are settled. What follows is read again: it may be a record still being written. */
  offset: number;
  /** Newlines before `offset`. */
  lines: number;
  /** Where the last settled record's own hash stands in the file. */
  anchor: { readonly at: number; readonly hash: string } | undefined;
  records: number;
  /** Records that lost a race: whole, and built on a head that had moved on. */
  lost: number;
  /** Records that were never written whole. */
  torn: number;
}

export const newChain = (genesis: string): Chain => ({
  head: genesis,
  ancestors: new Set([genesis]),
  offset: 0,
  lines: 0,
  anchor: undefined,
  records: 0,
  lost: 0,
  torn: 0,
});

/**
 * What the first record builds on: bound to the names, for file systems that take `Prod` and `prod` for one. The number
 * is the format's.
 */
export const genesisOf = (place: { readonly environment: string; readonly model: string }): string =>
  sha256(JSON.stringify(['mlreg store', 1, place.environment, place.model]));

export interface Problem {
  /** From 1, as editors count. */
  readonly line: number;
  readonly sentence: string;
}

/**
 * Follows the chain through `bytes`, which begin at `chain.offset`, and hands every record that counts to `take`.
 * Stops before the first that must not be believed; `torn` counts the pieces after the last settled record.
 */
export function follow(
  chain: Chain,
  bytes: Buffer,
  take: (body: Slice, line: number) => void,
): { readonly torn: number; readonly problem?: Problem } {
  const base = chain.offset;
  let line = chain.lines + 1;
  let torn = 0;
  let firstTorn: number | undefined;
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    if (end === start) {
      start++;
      line++;
      continue;
    }
    const found = decodeRecord({ bytes, start, end });
    if (found.kind === 'damaged') {
      return { torn, problem: { line, sentence: 'this record is not what it was when it was written' } };
    }
    if (found.kind === 'torn') {
      torn++;
      firstTorn ??= line;
      start = end + 1;
      line++;
      continue;
    }
    if (found.prev === chain.head) {
      take(found.body, line);
      chain.head = found.hash;
      chain.ancestors.add(found.hash);
      chain.records++;
    } else if (chain.ancestors.has(found.prev)) {
      chain.lost++;
    } else {
      return { torn, problem: orphan(line, firstTorn, chain.records) };
    }
    start = found.end;
    if (found.end === newline) {
      start++;
      line++;
    }
    chain.anchor = { at: base + found.tail, hash: found.hash };
    chain.offset = base + start;
    chain.lines = line - 1;
    chain.torn += torn;
    torn = 0;
    firstTorn = undefined;
  }
  return { torn };
}

/**
 * No crash makes one: a record is written only when the one it builds on is on disk (file-log.ts), so that one was
 * there, whole.
 */
function orphan(line: number, firstTorn: number | undefined, records: number): Problem {
  if (firstTorn !== undefined) {
    return { line: firstTorn, sentence: `this can't be read, and the record in line ${line} builds on it` };
  }
  return records === 0
    ? {
        line,
        sentence: 'the first record belongs to another environment or model, or records before it are gone',
      }
    : { line, sentence: 'the record that this one builds on is gone' };
}
