import { afterAll, expect, it } from 'vitest';
import { createClients } from '../../../src/aws/clients.ts';
import { openDynamoStore } from '../../../src/aws/dynamo-store.ts';
import { identifyTable } from '../../../src/aws/dynamo-table.ts';
import { instant } from '../../../src/domain/units.ts';
import { startMoto } from '../aws/moto-server.ts';
import { createTable, credentials, fakeClients, movingClock, place, tableName } from './dynamo-stores.ts';

it('the stand-in for DynamoDB names a table by an id that changes when it is made anew', async () => {
  const { fake, clients } = fakeClients();
  const first = await identifyTable({ clients, table: tableName });
  expect(first).toBe(`${tableName}/${fake.tableId}`);
  fake.tableId = 'another';
  expect(await identifyTable({ clients, table: tableName })).toBe(`${tableName}/another`);
});

const moto = await startMoto();
if (moto.kind === 'absent') {
  it.skip(`ids of tables, as moto has them (${moto.why})`, () => undefined);
} else {
  afterAll(() => moto.stop());
  it('a table without an id, as moto has them, is used all the same', async () => {
    const clients = createClients({ region: 'us-east-1', credentials, endpointUrl: moto.url });
    const table = 'mlreg-ids';
    await createTable(clients, table);
    await expect(identifyTable({ clients, table })).rejects.toThrow('has no id');
    const store = openDynamoStore({ clients, table, ...place, clock: movingClock(), identified: true });
    const owner = { name: 'm', host: 'h', pid: 1, command: 'deploy' };
    const taken = await store.acquire({ owner, rollout: null, takeOver: false, at: instant(0) });
    expect(taken.kind).toBe('acquired');
    expect(await store.lock()).not.toHaveProperty('table');
    clients.close();
  });
}
