import type { PendingStore } from '../ports/pending.ts';
import type { Sightings } from '../ports/sightings.ts';
import type { Clients } from './clients.ts';
import { dynamoPending } from './dynamo-pending.ts';
import { dynamoSightings } from './dynamo-sightings.ts';
import { dynamoWaiting } from './dynamo-waiting.ts';
import type { Waiting } from '../ports/waiting.ts';
import { dynamoTable } from './dynamo-table.ts';

/** What lies in the store's table beside the store, and may be lost. Asks nobody yet. */
export function besideTable({
  clients,
  table: name,
  ...place
}: {
  readonly clients: Clients;
  readonly table: string;
  readonly environment: string;
  readonly model: string;
}): { readonly sightings: Sightings; readonly pending: PendingStore; readonly waiting: Waiting } {
  const table = dynamoTable({ clients, table: name });
  return {
    sightings: dynamoSightings(table, place),
    pending: dynamoPending(table, place),
    waiting: dynamoWaiting(table, place),
  };
}
