import { Buffer } from 'node:buffer';

const arms = ['champion', 'challenger', 'weighted', 'tester'] as const;

/** What a receipt says of the answer that carried it. */
export interface ReceiptContent {
  /** Undefined where no rollout published what served. */
  readonly rollout: string | undefined;
  /** `tester`: the challenger, for a user who is in neither arm. `weighted`: Lambda drew the version. */
  readonly arm: (typeof arms)[number];
  /** With its generation, as `v2.3.0#2`. */
  readonly version: string;
  /** The user's bucket, 0 to 999; undefined where users are not told apart. */
  readonly bucket: number | undefined;
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number;
}

/** More than any bucket. */
const noBucket = 0xffff;
const fixedBytes = 1 + 2 + 6;
const leastBytes = 48;
const blockBytes = 16;

/**
 * Bytes that a receipt of any of these versions needs. All of a route are made as long as the longest, for the length of
 * a version's name would tell the arm.
 */
export function roomFor(rollout: string | undefined, versions: readonly string[]): number {
  const longest = Math.max(...versions.map((version) => Buffer.byteLength(version)));
  const needed = fixedBytes + 1 + Buffer.byteLength(rollout ?? '') + 1 + longest;
  return Math.max(leastBytes, Math.ceil(needed / blockBytes) * blockBytes);
}

/** Padded with zeros to `room` bytes. */
export function encode({ rollout = '', arm, version, bucket, at }: ReceiptContent, room: number): Buffer {
  const bytes = Buffer.alloc(room);
  bytes.writeUInt8(arms.indexOf(arm), 0);
  bytes.writeUInt16BE(bucket ?? noBucket, 1);
  bytes.writeUIntBE(at, 3, 6);
  let end = fixedBytes;
  for (const text of [rollout, version]) {
    bytes.writeUInt8(Buffer.byteLength(text), end);
    end += 1 + bytes.write(text, end + 1, 'utf8');
  }
  return bytes;
}

/** Undefined where the bytes are of no form that this router knows. */
export function decode(bytes: Buffer): ReceiptContent | undefined {
  if (bytes.length < fixedBytes + 2) return undefined;
  const arm = arms[bytes.readUInt8(0)];
  const bucket = bytes.readUInt16BE(1);
  const rollout = textAt(bytes, fixedBytes);
  const version = textAt(bytes, fixedBytes + 1 + Buffer.byteLength(rollout));
  if (arm === undefined || version === '') return undefined;
  return {
    arm,
    bucket: bucket === noBucket ? undefined : bucket,
    at: bytes.readUIntBE(3, 6),
    rollout: rollout === '' ? undefined : rollout,
    version,
  };
}

const textAt = (bytes: Buffer, at: number): string =>
  at < bytes.length ? bytes.toString('utf8', at + 1, at + 1 + bytes.readUInt8(at)) : '';
