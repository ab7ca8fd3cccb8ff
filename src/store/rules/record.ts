import { hash } from 'node:crypto';

/** A part of a larger buffer. There are so many of them that a Buffer for each would cost more than what it holds. */
export interface Slice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * One record is one line: `{"prev":"<64 hex>","writer":"<16 hex>","body":{...},"hash":"<64 hex>"}`. `hash` is the
 * SHA-256 of the line's own bytes before `,"hash"`, hence of the content and of all history through `prev`. The layout
 * is fixed, so that a reader checks a record without parsing it.
 */
export function encodeRecord(prev: string, writer: string, body: Uint8Array): { line: Buffer; hash: string } {
  const content = Buffer.concat([Buffer.from(headOf(prev, writer), 'latin1'), body]);
  const digest = sha256(content);
  // The leading newline ends whatever a crash left on the line before.
  return {
    line: Buffer.concat([newline, content, Buffer.from(tailOf(digest), 'latin1'), newline]),
    hash: digest,
  };
}

export type Line =
  | {
      readonly kind: 'record';
      readonly prev: string;
      readonly hash: string;
      readonly body: Slice;
      /** Where in the bytes its own hash stands, and where it ends. */
      readonly tail: number;
      readonly end: number;
    }
  /** A record that was never written whole, or what a power cut leaves: nobody was ever told that it counts. */
  | { readonly kind: 'torn' }
  /** A record that was whole once and isn't what its hash says. */
  | { readonly kind: 'damaged' };

/** The first record in a line, its newline left out; what else the line holds is for the next call. */
export function decodeRecord({ bytes, start, end }: Slice): Line {
  const whole = readRecord(bytes, start, end);
  if (whole !== undefined) return whole;
  // A lost newline joins a record to its neighbours: it is found by its marks, which no JSON string can hold.
  const line = bytes.subarray(start, end);
  for (let tail = line.indexOf(tailMark); tail !== -1; tail = line.indexOf(tailMark, tail + 1)) {
    const head = line.lastIndexOf(headMark, tail);
    const inner = head === -1 ? undefined : readRecord(bytes, start + head, start + tail + tailLength);
    if (inner !== undefined) return inner;
  }
  return !line.includes(0) && endsLikeARecord(line) ? { kind: 'damaged' } : { kind: 'torn' };
}

export const sha256 = (content: Uint8Array | string): string => hash('sha256', content, 'hex');

/** The bytes that end the record with this hash. */
export const tailOf = (digest: string): string => `${tailMark}${digest}"}`;

const newline = Buffer.from('\n');
const headMark = '{"prev":"';
const headOf = (prev: string, writer: string): string => `${headMark}${prev}","writer":"${writer}","body":`;
export const headLength = headOf('0'.repeat(64), '0'.repeat(16)).length;
const tailMark = ',"hash":"';
const tailShape = tailOf('0'.repeat(64));
export const tailLength = tailShape.length;

function readRecord(bytes: Buffer, start: number, end: number): Line | undefined {
  const tail = end - tailLength;
  if (tail <= start + headLength || end > bytes.length) return undefined;
  if (bytes.toString('latin1', start, start + headMark.length) !== headMark) return undefined;
  const digest = sha256(bytes.subarray(start, tail));
  if (bytes.toString('latin1', tail, end) !== tailOf(digest)) return undefined;
  const prev = bytes.toString('latin1', start + headMark.length, start + headMark.length + 64);
  return {
    kind: 'record',
    prev,
    hash: digest,
    body: { bytes, start: start + headLength, end: tail },
    tail,
    end,
  };
}

/**
 * The cut end of a torn record never looks like a record's end; one changed byte leaves it looking so. This is what
 * tells damage from a crash in the very last record, which no later one vouches for.
 */
function endsLikeARecord(line: Buffer): boolean {
  if (line.length < tailLength) return false;
  const end = line.toString('latin1', line.length - tailLength);
  let wrong = 0;
  for (let at = 0; at < tailLength; at++) {
    const inHash = at >= tailMark.length && at < tailLength - 2;
    const fits = inHash ? /[0-9a-f]/.test(end.charAt(at)) : end[at] === tailShape[at];
    if (!fits && ++wrong > 1) return false;
  }
  return true;
}
