import { describe, expect, it } from 'vitest';
import { dynamoSightings } from '../../../src/aws/dynamo-sightings.ts';
import { dynamoTable } from '../../../src/aws/dynamo-table.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { memorySightings } from '../../../src/store/sightings.ts';
import { fakeClients, place, storeOver, tableName } from './dynamo-stores.ts';
import { everything, take } from './samples.ts';

const sighting = (beat: number) => ({
  rollout: rolloutId('r-1'),
  token: 3,
  beat,
  since: instant(1_000 + beat),
});
const overTable = (clients: ReturnType<typeof fakeClients>['clients'], where = place) =>
  dynamoSightings(dynamoTable({ clients, table: tableName }), where);

describe.each([
  ['memory', () => memorySightings()],
  ['DynamoDB', () => overTable(fakeClients().clients)],
])("%s keeps the sightings' contract", (_name, make) => {
  it('remembers the last one, and nothing before the first', async () => {
    const sightings = make();
    expect(await sightings.last()).toBeNull();
    await sightings.keep(sighting(1));
    await sightings.keep(sighting(2));
    expect(await sightings.last()).toEqual(sighting(2));
  });
});

describe('sightings in the table', () => {
  it('are found by the next invocation, each model its own, and leave the store as it was', async () => {
    const { clients, fake } = fakeClients();
    const store = storeOver(clients);
    await take(store);
    const before = await everything(store);
    await overTable(clients).keep(sighting(1));
    expect(await overTable(clients).last()).toEqual(sighting(1));
    expect(await overTable(clients, { ...place, model: 'other' }).last()).toBeNull();
    expect(await everything(storeOver(clients))).toEqual(before);
    expect([...fake.items.keys()].filter((key) => key.endsWith(' SIGHTING'))).toHaveLength(1);
  });

  it('that make no sense begin anew', async () => {
    const { clients } = fakeClients();
    const table = dynamoTable({ clients, table: tableName });
    const item = { pk: `${place.environment}/${place.model}`, sk: 'SIGHTING', rollout: 'r-1' };
    await table.put([{ item, over: undefined }], 'a-request-token');
    expect(await overTable(clients).last()).toBeNull();
  });
});
