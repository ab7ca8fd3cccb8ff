import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { VersionRecord } from '../domain/registry.ts';
import type { RolloutId } from '../domain/units.ts';
import { type LockRecord, StoreDamaged } from '../ports/store.ts';
import type { Item, Keyed } from './dynamo-table.ts';

/*
 * How an environment lies in its table. `LOCK`, one item a rollout and one a version make up the index, under
 * `environment/model`; they are plain attributes, for people and other programs to read. The records, which the index only
 * sums up and which prove it, lie under `environment/model/log` and, those that make up a journal,
 * `environment/model/ROLLOUT`.
 */

export const keys = (environment: string, model: string) => {
  const index = `${environment}/${model}`;
  return {
    index,
    lock: 'LOCK',
    /** No rollout's id is `log`. */
    log: `${index}/log`,
    /** To whom each token was given; no rollout's id is `tokens`. */
    tokens: `${index}/tokens`,
    /** What saves reading journals; no rollout's id is `snapshots`. */
    snapshots: `${index}/snapshots`,
    journal: (rollout: RolloutId): string => `${index}/${rollout}`,
    rollout: (id: RolloutId): string => `ROLLOUT#${id}`,
    version: (tag: string): string => `VERSION#${tag}`,
  };
};

export type Keys = ReturnType<typeof keys>;

/** Sorts as its number does. */
export const padded = (number: number): string => String(number).padStart(12, '0');
/** Sorts after all that begins so. */
export const end = (prefix: string): string => `${prefix}~`;

/** The lock, and what the newest record is. */
export interface Head {
  readonly holder: Omit<LockRecord, 'beat'>;
  readonly beat: number;
  /** Hash of the newest record. */
  readonly head: string;
  /** How many there are. */
  readonly records: number;
  /** `mlreg restore` writes a backup's records here, and has not come to the last one. */
  readonly importing?: true;
}

const count = z.int().min(0);
const actor = z.object({ name: z.string(), host: z.string(), pid: z.int(), command: z.string() });
const storeId = z.object({ id: z.string(), epoch: count });
const lockItem = z.object({
  token: count,
  owner: actor.nullable(),
  rollout: z.string().nullable(),
  takenAt: z.number(),
  beat: count,
  head: z.string().length(64),
  records: count,
  writer: z.string().optional(),
  store: storeId
    .extend({
      supersedes: z
        .array(storeId.extend({ token: count }))
        .readonly()
        .optional(),
    })
    .optional(),
  seenAt: z.number().optional(),
  sealedBy: storeId.optional(),
  restoring: z.literal(true).optional(),
  importing: z.literal(true).optional(),
  table: z.string().optional(),
});

/**
 * An item of the index that mlreg before format 2 takes for a rollout, and refuses the whole table for: its message names
 * the item, and so says what to do.
 */
export const newerFormat = 'ROLLOUT# written by a newer mlreg, update mlreg here;';

export function headOf(item: Item): Head {
  const { beat, head, records, importing, ...holder } = read(lockItem, item);
  const part = importing === undefined ? {} : { importing };
  return { holder: holder as Head['holder'], beat, head, records, ...part };
}

export function lockItemOf(pk: string, { holder, beat, head, records }: Head): Keyed {
  return { pk, sk: 'LOCK', ...holder, beat, head, records };
}

const rolloutItem = z.object({
  id: z.string(),
  number: count,
  length: count,
  told: z.record(z.string(), count).optional(),
});

/** `number` is its first record's. */
export interface RolloutRow {
  readonly id: RolloutId;
  readonly number: number;
  readonly length: number;
  readonly told: Readonly<Record<string, number>>;
}

export const rolloutOf = (item: Item): RolloutRow => ({ told: {}, ...read(rolloutItem, item) }) as RolloutRow;

const service = z.object({
  functionVersion: z.string(),
  endpoint: z.string(),
  routing: z.enum(['sticky', 'weighted']).optional(),
  codeSha256: z.string().optional(),
  since: z.number(),
  rollout: z.string().optional(),
  left: z
    .object({
      at: z.number(),
      why: z.enum(['replaced', 'verdict', 'abort', 'rollback']),
      reason: z.string(),
      rollout: z.string().optional(),
    })
    .optional(),
  assumed: z.literal(true).optional(),
});

/**
 * A number as its attribute. DynamoDB keeps magnitudes from 1e-130 to 9.9e125, and the SDK only integers up to 2^53: what
 * lies outside is kept as the text that reads back as the same number.
 */
const storedNumber = z.union([
  z.number(),
  z
    .string()
    .refine((text) => text !== '' && Number.isFinite(Number(text)))
    .transform(Number),
]);

export const storedMetrics = (metrics: VersionRecord['metrics']): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => {
      const size = Math.abs(value);
      const isPlain = size === 0 || (size >= 1e-100 && size <= Number.MAX_SAFE_INTEGER);
      return [name, isPlain ? value : String(value)];
    }),
  );

const versionItem = z.object({
  number: count,
  version: z.string(),
  status: z.enum(['candidate', 'challenger', 'champion', 'archived', 'rolled_back']),
  artifact: z.object({ uri: z.string(), digest: z.string() }),
  metrics: z.record(z.string(), storedNumber),
  registeredAt: z.number(),
  registeredBy: z.string(),
  statusAt: z.number(),
  statusReason: z.string(),
  rollout: z.string().optional(),
  endpoint: z.object({ name: z.string(), generation: z.int() }).optional(),
  serving: z
    .object({
      image: z.string(),
      roleArn: z.string(),
      memoryMb: z.number(),
      maxConcurrency: z.number(),
      variables: z.array(z.string()),
    })
    .optional(),
  functionVersion: z.string().optional(),
  services: z.array(service).optional(),
  tombstone: z.object({ at: z.number(), endpoint: z.string() }).optional(),
  retiredAt: z.number().optional(),
  adopted: z.literal(true).optional(),
  retireAfter: z.number().optional(),
});

export interface VersionRow {
  readonly number: number;
  readonly record: VersionRecord;
}

export function versionOf(item: Item): VersionRow {
  const { number, ...record } = read(versionItem, item);
  return { number, record: record as unknown as VersionRecord };
}

/** DynamoDB takes 400 KB an item, names included, and 4 MB a transaction. */
const mostBytes = 300 * 1024;
const mostParts = 12;

/** A record's line as the attributes of one item, or compressed in several where it is too large for one. */
export function pack(line: Buffer): readonly Item[] {
  if (line.length <= mostBytes) return [{ record: line.toString('utf8') }];
  const bytes = gzipSync(line);
  const parts = Math.ceil(bytes.length / mostBytes);
  if (parts > mostParts) {
    throw new RangeError(
      `a journal entry of ${line.length} bytes (${bytes.length} compressed) is too large for DynamoDB`,
    );
  }
  return Array.from({ length: parts }, (_, part) => ({
    parts,
    gzip: bytes.subarray(part * mostBytes, (part + 1) * mostBytes),
  }));
}

const recordItem = z.object({
  number: count,
  first: count.optional(),
  record: z.string().optional(),
  parts: count.optional(),
  gzip: z.instanceof(Uint8Array).optional(),
});

export interface Line {
  /** The record's place in the chain, from 1. */
  readonly number: number;
  /** Of a journal's record: which entry its first one is. */
  readonly first: number;
  readonly line: Buffer;
}

/** The lines of the records in these items, which come in the order of their keys. */
export function unpack(items: readonly Item[]): Line[] {
  const lines: Line[] = [];
  let parts: Uint8Array[] = [];
  for (const item of items) {
    const { number, first = 0, record, gzip, parts: whole } = read(recordItem, item);
    if (record !== undefined) lines.push({ number, first, line: Buffer.from(record) });
    if (gzip === undefined) continue;
    parts.push(gzip);
    if (parts.length !== whole) continue;
    lines.push({ number, first, line: unzipped(Buffer.concat(parts), number) });
    parts = [];
  }
  return lines;
}

function unzipped(bytes: Buffer, number: number): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw damaged(`record ${number} is not what was written`);
  }
}

function read<Schema extends z.ZodType>(schema: Schema, item: Item): z.output<Schema> {
  const found = schema.safeParse(item);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw damaged(
    `item ${String(item.pk)} ${String(item.sk)}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

/** Only `mlreg restore` reads on where a part of a backup is all there is. */
export function refusePart({ importing }: Pick<Head, 'importing'>): void {
  if (importing !== true) return;
  throw new StoreDamaged('conflict', 'this table holds only a part of a backup: mlreg restore was cut off', {
    why: 'what it says about versions and rollouts ends somewhere in the past',
    mend: [
      'mlreg restore --from BACKUP --apply  # goes on',
      'mlreg rollback  # where users suffer: moves the alias alone, and needs no store',
    ],
  });
}

export function damaged(sentence: string): StoreDamaged {
  return new StoreDamaged('conflict', `the store can't be believed: ${sentence}`, {
    why: 'its records are chained by their hashes, and mlreg acts on nothing that was changed by hand',
    mend: [
      'restore the table from its point-in-time recovery under a new name, to a moment before that, and name it in mlreg.yaml',
      'mlreg recover  # then compares the restored table with the alias, and rebuilds the registry',
      'mlreg rollback  # where users suffer: moves the alias alone, and needs no store',
    ],
  });
}
