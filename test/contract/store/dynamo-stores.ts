import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { randomBytes } from 'node:crypto';
import { createDynamoLog } from '../../../src/aws/dynamo-log.ts';
import { openDynamoStore } from '../../../src/aws/dynamo-store.ts';
import { dynamoTable, type Put } from '../../../src/aws/dynamo-table.ts';
import type { Clock } from '../../../src/ports/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { storeOverLog } from '../../../src/store/rules/store-over-log.ts';
import { turns } from '../../../src/store/rules/turns.ts';
import { instant } from '../../../src/domain/units.ts';
import { type DynamoFake, dynamoFake } from '../../support/dynamo-fake.ts';

export const place = { environment: 'prod', model: 'recs' };
export const tableName = 'mlreg-test';

/** Whoever sleeps moves it on. */
export function movingClock(): Clock {
  let now = 1_000_000;
  return {
    now: () => instant(now),
    sleepUntil: async (at) => {
      now = Math.max(now, at);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export function storeOver(clients: Clients): Store {
  return openDynamoStore({ clients, table: tableName, clock: movingClock(), ...place });
}

const oneByOne = turns();

/**
 * Moto answers several requests at once and looks at a transaction's conditions some time before it writes, so that of two
 * writers at once both may win: there they go one by one.
 */
export function storeOverMoto(clients: Clients, name: string): Store {
  const moto = dynamoTable({ clients, table: name });
  const writer = randomBytes(8).toString('hex');
  const table = {
    ...moto,
    put: (puts: readonly Put[], asked: string) => oneByOne(() => moto.put(puts, asked)),
  };
  return storeOverLog(createDynamoLog({ table, writer, clock: movingClock(), ...place }), writer);
}

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export function fakeClients(fake: DynamoFake = dynamoFake(tableName)): {
  readonly fake: DynamoFake;
  readonly clients: Clients;
} {
  const clients = createClients({
    region: 'us-east-1',
    credentials,
    requestHandler: fake.requestHandler as never,
  });
  return { fake, clients };
}

/** As terraform/modules/model-registry makes it. */
export async function createTable(clients: Clients, table: string): Promise<void> {
  await clients.of(DynamoDBClient).send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
}
