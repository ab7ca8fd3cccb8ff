import { randomUUID } from 'node:crypto';
import { pendingOf, pendingText } from '../domain/pending-ticks.ts';
import type { PendingStore } from '../ports/pending.ts';
import { keys } from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

/** Beside the sighting, in an item of its own: each invocation of the controller may be a new process. */
export function dynamoPending(
  table: Pick<Table, 'get' | 'put'>,
  { environment, model }: { readonly environment: string; readonly model: string },
): PendingStore {
  const key = { pk: keys(environment, model).index, sk: 'PENDING' };
  return {
    async last(rollout) {
      const pending = pendingOf((await table.get(key.pk, key.sk))?.pending);
      return pending?.rollout === rollout ? pending : null;
    },
    async keep(pending) {
      await table.put([{ item: { ...key, pending: pendingText(pending) }, over: undefined }], randomUUID());
    },
  };
}
