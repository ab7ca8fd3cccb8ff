/**
 * CBOR (RFC 8949) as far as Smithy's rpc-v2-cbor uses it: no bignums, tag 1 is a time.
 * Times decode to `Date`, byte strings to `Uint8Array`; `undefined` members are left out.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  return reader.item();
}

export function encodeCbor(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.item(value);
  return writer.done();
}

const BREAK = Symbol('break');
const utf8 = new TextDecoder('utf-8', { fatal: true });

class Reader {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(): unknown {
    const value = this.any();
    if (value === BREAK) throw new Error('unexpected break');
    return value;
  }

  private any(): unknown {
    const head = this.view.getUint8(this.at++);
    const major = head >> 5;
    const info = head & 31;
    switch (major) {
      case 0:
        return this.length(info);
      case 1:
        return -1 - this.length(info);
      case 2:
        return info === 31 ? this.chunks().reduce(joined, new Uint8Array()) : this.take(this.length(info));
      case 3:
        return utf8.decode(
          info === 31 ? this.chunks().reduce(joined, new Uint8Array()) : this.take(this.length(info)),
        );
      case 4:
        return this.list(info);
      case 5:
        return this.map(info);
      case 6:
        return this.tagged(this.length(info));
      default:
        return this.simple(info);
    }
  }

  private length(info: number): number {
    if (info < 24) return info;
    const start = this.at;
    switch (info) {
      case 24:
        this.at += 1;
        return this.view.getUint8(start);
      case 25:
        this.at += 2;
        return this.view.getUint16(start);
      case 26:
        this.at += 4;
        return this.view.getUint32(start);
      case 27:
        this.at += 8;
        return Number(this.view.getBigUint64(start));
      default:
        throw new Error(`bad CBOR length ${info}`);
    }
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new Error('CBOR ends early');
    return this.bytes.subarray(this.at, (this.at += length));
  }

  private chunks(): Uint8Array[] {
    const found: Uint8Array[] = [];
    while (this.view.getUint8(this.at) !== 0xff)
      found.push(this.take(this.length(this.view.getUint8(this.at++) & 31)));
    this.at++;
    return found;
  }

  private list(info: number): unknown[] {
    const found: unknown[] = [];
    if (info === 31) for (let value = this.any(); value !== BREAK; value = this.any()) found.push(value);
    else for (let left = this.length(info); left > 0; left--) found.push(this.item());
    return found;
  }

  private map(info: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    const put = (key: unknown) => {
      if (typeof key !== 'string') throw new Error('CBOR map key is no string');
      found[key] = this.item();
    };
    if (info === 31) for (let key = this.any(); key !== BREAK; key = this.any()) put(key);
    else for (let left = this.length(info); left > 0; left--) put(this.item());
    return found;
  }

  private tagged(tag: number): unknown {
    const value = this.item();
    return tag === 1 && typeof value === 'number' ? new Date(Math.round(value * 1000)) : value;
  }

  private simple(info: number): unknown {
    const start = this.at;
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 23:
        return undefined;
      case 25:
        this.at += 2;
        return half(this.view.getUint16(start));
      case 26:
        this.at += 4;
        return this.view.getFloat32(start);
      case 27:
        this.at += 8;
        return this.view.getFloat64(start);
      case 31:
        return BREAK;
      default:
        throw new Error(`unknown CBOR simple value ${info}`);
    }
  }
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}

class Writer {
  private bytes = Buffer.allocUnsafe(1024);
  private at = 0;

  done(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  item(value: unknown): void {
    if (typeof value === 'string') this.blob(3, Buffer.from(value));
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean') this.byte(value ? 0xf5 : 0xf4);
    else if (value === null || value === undefined) this.byte(0xf6);
    else if (value instanceof Date) {
      this.byte(0xc1);
      this.double(value.getTime() / 1000);
    } else if (value instanceof Uint8Array) this.blob(2, value);
    else if (Array.isArray(value)) {
      this.head(4, value.length);
      for (const each of value) this.item(each);
    } else if (typeof value === 'object') this.map(Object.entries(value));
    else throw new TypeError(`no CBOR for ${typeof value}`);
  }

  private map(entries: [string, unknown][]): void {
    const present = entries.filter(([, value]) => value !== undefined);
    this.head(5, present.length);
    for (const [key, value] of present) {
      this.item(key);
      this.item(value);
    }
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value >= 0) this.head(0, value);
      else this.head(1, -1 - value);
    } else this.double(value);
  }

  private double(value: number): void {
    this.byte(0xfb);
    this.room(8);
    this.at = this.bytes.writeDoubleBE(value, this.at);
  }

  private blob(major: number, bytes: Uint8Array): void {
    this.head(major, bytes.length);
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  private head(major: number, length: number): void {
    this.room(9);
    const top = major << 5;
    if (length < 24) this.at = this.bytes.writeUInt8(top | length, this.at);
    else if (length < 0x100) this.at = this.bytes.writeUInt16BE(((top | 24) << 8) | length, this.at);
    else if (length < 0x10000) {
      this.byte(top | 25);
      this.at = this.bytes.writeUInt16BE(length, this.at);
    } else if (length < 0x1_0000_0000) {
      this.byte(top | 26);
      this.at = this.bytes.writeUInt32BE(length, this.at);
    } else {
      this.byte(top | 27);
      this.at = this.bytes.writeBigUInt64BE(BigInt(length), this.at);
    }
  }

  private byte(value: number): void {
    this.room(1);
    this.at = this.bytes.writeUInt8(value, this.at);
  }

  private room(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + length));
    this.bytes.copy(wider, 0, 0, this.at);
    this.bytes = wider;
  }
}
