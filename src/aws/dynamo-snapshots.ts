import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Log } from '../store/rules/store-over-log.ts';
import type { Keys } from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

const stored = z.object({ length: z.int().min(0), gzip: z.instanceof(Uint8Array) });

/** DynamoDB takes 400 KB an item: what is larger is not kept, and the journal read whole. */
const mostBytes = 350 * 1024;

/** Snapshots lie apart from the index, which every command reads, and from the records, which alone are believed. */
export function dynamoSnapshots(
  table: Pick<Table, 'get' | 'put'>,
  { snapshots: pk }: Keys,
): Pick<Log, 'snapshot' | 'keepSnapshot'> {
  return {
    async snapshot(rollout) {
      const found = stored.safeParse(await table.get(pk, rollout));
      if (!found.success) return undefined;
      try {
        return { length: found.data.length, text: gunzipSync(found.data.gzip).toString('utf8') };
      } catch {
        return undefined;
      }
    },
    async keepSnapshot(rollout, { length, text }) {
      const gzip = gzipSync(text);
      if (gzip.length > mostBytes) return;
      await table.put([{ item: { pk, sk: rollout, length, gzip }, over: undefined }], randomUUID());
    },
  };
}
