import { randomBytes } from 'node:crypto';
import type { Clock } from '../ports/index.ts';
import type { Store } from '../ports/store.ts';
import { storeOverLog } from '../store/rules/store-over-log.ts';
import type { Clients } from './clients.ts';
import { createDynamoLog } from './dynamo-log.ts';
import { dynamoTable, identifyTable } from './dynamo-table.ts';

/** The store of one environment and model in a DynamoDB table. Every method may throw PlatformError or UserError. */
export function openDynamoStore(options: {
  readonly clients: Clients;
  readonly table: string;
  readonly environment: string;
  readonly model: string;
  readonly clock: Clock;
  /** 16 hex digits, different in every store opened; drawn where it isn't given. */
  readonly writer?: string;
  /** Whether to tell this table from one that AWS restored from it, by its id. */
  readonly identified?: boolean;
}): Store {
  const {
    clients,
    table: name,
    environment,
    model,
    clock,
    writer = randomBytes(8).toString('hex'),
  } = options;
  const table = dynamoTable({ clients, table: name });
  const identity =
    options.identified === true ? { identify: () => identifyTable({ clients, table: name }) } : {};
  return storeOverLog(createDynamoLog({ table, environment, model, writer, clock, ...identity }), writer);
}
