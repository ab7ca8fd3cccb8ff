import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dynamoPending } from '../../../src/aws/dynamo-pending.ts';
import { dynamoTable } from '../../../src/aws/dynamo-table.ts';
import type { PendingTicks } from '../../../src/domain/pending-ticks.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { pendingFile } from '../../../src/store/embedded.ts';
import { filePending, memoryPending } from '../../../src/store/pending.ts';
import { fakeClients, place, storeOver, tableName } from './dynamo-stores.ts';
import { everything, take } from './samples.ts';

const id = rolloutId('r-1');
const scratch = mkdtempSync(join(tmpdir(), 'mlreg-pending-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const pending = (over: Partial<PendingTicks> = {}): PendingTicks => ({
  rollout: id,
  marks: [
    [10_000, '900,3,0,900,4.9/100,1,0,100,5', 30_000],
    [20_000, '900,3,0,900,4.9/', 40_000],
  ],
  late: [[5_000, '900,3,0,0,/1,0,0,0,', 35_000]],
  provenUntil: 25_000,
  probe: { at: 31_000, sentAt: instant(30_990), version: 'v1' },
  ...over,
});

let files = 0;
const stateDir = (): string => join(scratch, String(++files));
const overFile = (directory = stateDir(), model = 'rec') =>
  filePending(pendingFile({ stateDir: directory, environment: 'prod-eu', model }), 'w1');
const overTable = (clients: ReturnType<typeof fakeClients>['clients'], where = place) =>
  dynamoPending(dynamoTable({ clients, table: tableName }), where);

describe.each([
  ['memory', () => memoryPending()],
  ['a file', () => overFile()],
  ['DynamoDB', () => overTable(fakeClients().clients)],
])('ticks that are not final, kept in %s', (_name, make) => {
  it('are found as they were kept last, by their rollout alone', async () => {
    const store = make();
    expect(await store.last(id)).toBeNull();
    await store.keep(pending({ marks: [], provenUntil: null, probe: null }));
    expect(await store.last(id)).toEqual(pending({ marks: [], provenUntil: null, probe: null }));
    await store.keep(pending());
    expect(await store.last(id)).toEqual(pending());
    expect(await store.last(rolloutId('r-2'))).toBeNull();
  });
});

describe('in the table', () => {
  it('they leave the store as it was, each model has its own, and nonsense is nothing', async () => {
    const { clients } = fakeClients();
    const store = storeOver(clients);
    await take(store);
    const before = await everything(store);
    await overTable(clients).keep(pending());
    expect(await overTable(clients).last(id)).toEqual(pending());
    expect(await overTable(clients, { ...place, model: 'other' }).last(id)).toBeNull();
    expect(await everything(storeOver(clients))).toEqual(before);

    const item = { pk: `${place.environment}/${place.model}`, sk: 'PENDING', pending: '{"rollout":"r-1"}' };
    await dynamoTable({ clients, table: tableName }).put([{ item, over: undefined }], 'a-request-token');
    expect(await overTable(clients).last(id)).toBeNull();
  });
});

describe('in a file', () => {
  it('another process finds them, no other file is left, and what is cut short is nothing', async () => {
    const directory = stateDir();
    await overFile(directory).keep(pending());
    expect(await overFile(directory).last(id)).toEqual(pending());
    expect(await overFile(directory, 'other').last(id)).toBeNull();
    expect(readdirSync(directory)).toEqual(['prod%2Deu-rec.pending.json']);
    writeFileSync(join(directory, 'prod%2Deu-rec.pending.json'), '{"rollout":"r-1","marks":[[1');
    expect(await overFile(directory).last(id)).toBeNull();
  });

  it.each([
    '{}',
    'null',
    '{"rollout":"r-1","marks":[[1,2,3]],"provenUntil":null,"probe":null}',
    '{"rollout":"r-1","marks":[],"provenUntil":"x","probe":null}',
    '{"rollout":"r-1","marks":[],"provenUntil":null,"probe":{"at":1}}',
    '{"rollout":"r-1","marks":[],"provenUntil":null,"probe":{"at":1,"sentAt":2,"version":3}}',
  ])('%s is nothing', async (text) => {
    const directory = stateDir();
    await overFile(directory).keep(pending());
    writeFileSync(join(directory, 'prod%2Deu-rec.pending.json'), text);
    expect(await overFile(directory).last(id)).toBeNull();
  });
});
