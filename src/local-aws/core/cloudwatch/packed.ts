import { cellOf, compact, emptySamples, type Samples, valueOf } from './samples.ts';

/**
 * Points as bytes, for whatever is not written any more: some hundred bytes a busy second instead of a hundred thousand.
 * A point is its key's distance from `from`, its kind, and
 * - one value only: it and its count;
 * - few values: sum, extremes, each value with its count;
 * - many: sum, extremes, cells 1 % wide, each by its distance from the cell before.
 */
export function pack(points: readonly (readonly [number, Samples])[], from: number): Uint8Array {
  const out = new Writer();
  for (const [key, samples] of points) {
    out.whole(key - from);
    packPoint(out, samples);
  }
  return out.bytes();
}

/** @param withValues false where only count, sum and extremes are asked for */
export function* unpack(bytes: Uint8Array, from: number, withValues: boolean): Generator<[number, Samples]> {
  const read = new Reader(bytes);
  while (!read.isAtEnd()) {
    const key = from + read.whole();
    yield [key, unpackPoint(read, withValues)];
  }
}

const ONE = 0;
const FEW = 1;
const CELLS = 2;
const OPAQUE = 4;
const FEW_VALUES = 32;

function packPoint(out: Writer, samples: Samples): void {
  const few = compact(samples, FEW_VALUES);
  const { values, counts } = few;
  const opaque = samples.opaque ? OPAQUE : 0;
  const [value = 0] = values;
  const [count = 0] = counts;
  if (values.length === 1 && samples.count === count && samples.sum === value * count && opaque === 0) {
    out.whole(ONE);
    out.float(value);
    out.count(count);
    return;
  }
  // Cells have no sign, and none for zero: such values are few, or stay as they are.
  const asCells = values.length > FEW_VALUES && samples.min > 0;
  out.whole((asCells ? CELLS : FEW) | opaque);
  out.count(samples.count);
  out.float(samples.sum);
  out.float(samples.min);
  out.float(samples.max);
  const body = new Writer();
  let before = 0;
  values.forEach((each, i) => {
    if (asCells) {
      const cell = cellOf(each);
      body.signed(cell - before);
      before = cell;
    } else body.float(each);
    body.count(counts[i] ?? 0);
  });
  const bytes = body.bytes();
  out.whole(bytes.length);
  out.append(bytes);
}

function unpackPoint(read: Reader, withValues: boolean): Samples {
  const kind = read.whole();
  const samples = emptySamples();
  if (kind === ONE) {
    const value = read.float();
    const count = read.count();
    const sum = value * count;
    return Object.assign(samples, { count, sum, min: value, max: value, values: [value], counts: [count] });
  }
  samples.opaque = (kind & OPAQUE) !== 0;
  samples.count = read.count();
  samples.sum = read.float();
  samples.min = read.float();
  samples.max = read.float();
  const end = read.whole() + read.at;
  if (!withValues) {
    read.at = end;
    return samples;
  }
  let cell = 0;
  while (read.at < end) {
    if ((kind & CELLS) !== 0) {
      cell += read.signed();
      // The middle of an outer cell may lie past what was really seen.
      samples.values.push(Math.min(samples.max, Math.max(samples.min, valueOf(cell))));
    } else samples.values.push(read.float());
    samples.counts.push(read.count());
  }
  return samples;
}

class Writer {
  private bytesSoFar = new Uint8Array(256);
  private view = new DataView(this.bytesSoFar.buffer);
  private length = 0;

  /** 7 bits a byte, the lowest first. */
  whole(value: number): void {
    this.need(8);
    let rest = value;
    while (rest >= 128) {
      this.bytesSoFar[this.length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.bytesSoFar[this.length++] = rest;
  }
  signed(value: number): void {
    this.whole(value < 0 ? -2 * value - 1 : 2 * value);
  }
  /** Counts are whole but for those that somebody put otherwise. */
  count(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 50) {
      this.whole(2 * value);
      return;
    }
    this.whole(1);
    this.float(value);
  }
  float(value: number): void {
    this.need(8);
    this.view.setFloat64(this.length, value);
    this.length += 8;
  }
  append(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytesSoFar.set(bytes, this.length);
    this.length += bytes.length;
  }
  bytes(): Uint8Array {
    return this.bytesSoFar.slice(0, this.length);
  }
  private need(more: number): void {
    if (this.length + more <= this.bytesSoFar.length) return;
    const grown = new Uint8Array(2 * (this.length + more));
    grown.set(this.bytesSoFar.subarray(0, this.length));
    this.bytesSoFar = grown;
    this.view = new DataView(grown.buffer);
  }
}

class Reader {
  at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }
  whole(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }
  signed(): number {
    const value = this.whole();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
  count(): number {
    const value = this.whole();
    return value === 1 ? this.float() : value / 2;
  }
  float(): number {
    const value = this.view.getFloat64(this.at);
    this.at += 8;
    return value;
  }
}
