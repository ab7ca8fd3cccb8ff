import { randomUUID } from 'node:crypto';
import { waitersOf, waitersText } from '../domain/waiters-text.ts';
import type { Waiting } from '../ports/waiting.ts';
import { keys } from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

/** Beside the lock, in an item of its own. */
export function dynamoWaiting(
  table: Pick<Table, 'get' | 'put'>,
  { environment, model }: { readonly environment: string; readonly model: string },
): Waiting {
  const key = { pk: keys(environment, model).index, sk: 'WAITING' };
  return {
    read: async () => waitersOf((await table.get(key.pk, key.sk))?.waiters),
    async replace(waiters) {
      // One that is lost comes with the next beat.
      await table.put([{ item: { ...key, waiters: waitersText(waiters) }, over: undefined }], randomUUID());
    },
  };
}
