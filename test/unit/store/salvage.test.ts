import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore, verifyStore } from '../../../src/store/embedded.ts';
import { embeddedRecovery } from '../../../src/store/salvage.ts';
import { append, R1, take, V1, V2, version } from '../../contract/store/samples.ts';

const names = { environment: 'prod', model: 'recommendation' };

/** A store with two versions and a journal of three entries, as it is when somebody opens it. */
async function filled() {
  const place = { ...names, stateDir: mkdtempSync(join(tmpdir(), 'salvage-')) };
  const store = openStore(place);
  await store.register(version(V1));
  const token = await take(store);
  for (const length of [0, 1, 2]) await append(store, token, length);
  await store.register(version(V2));
  const path = join(place.stateDir, 'prod-recommendation.ndjson');
  return { place, path, recovery: embeddedRecovery(place, store), store };
}

it('hands out a whole store as it is', async () => {
  const { recovery, store } = await filled();
  expect(await recovery.look()).toEqual({ store, damage: null });
});

it('reads what stands before the damage, and lets nobody write to it', async () => {
  const { recovery, path } = await filled();
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n').map((line, at) => (at === 7 ? line.replace('"body":', '"bodY":') : line));
  writeFileSync(path, lines.join('\n'));
  const { store, damage } = await recovery.look();
  expect(damage).toMatchObject({ where: path, records: 3, problem: expect.stringContaining(`${path}:8: `) });
  expect(await store.versions()).toMatchObject([{ version: V1 }]);
  expect(await store.journal(R1)).toHaveLength(1);
  await expect(store.register(version(V2))).rejects.toThrow('only be read');
});

it('keeps the sound records, and sets the damaged file aside', async () => {
  const { recovery, path, place } = await filled();
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n').map((line, at) => (at === 7 ? line.replace('"body":', '"bodY":') : line));
  writeFileSync(path, lines.join('\n'));
  const aside = await recovery.salvage();
  expect(readFileSync(aside, 'utf8')).toBe(lines.join('\n'));
  expect(await verifyStore(place)).toMatchObject({ records: 3, torn: 0 });
  const store = openStore(place);
  expect(await store.register(version(V2))).toBe(true);
  expect((await verifyStore(place)).records).toBe(4);
});

it('leaves a store alone that a newer mlreg has written', async () => {
  const { recovery, store, path } = await filled();
  const { encodeRecord } = await import('../../../src/store/rules/record.ts');
  const { head } = await verifyStore({ ...names, stateDir: join(path, '..') });
  const { line } = encodeRecord(head, 'f'.repeat(16), Buffer.from('{"kind":"unheard of"}'));
  writeFileSync(path, Buffer.concat([readFileSync(path), line]));
  await expect(recovery.look()).rejects.toThrow('of a kind that this mlreg does not know');
  await expect(recovery.salvage()).rejects.toThrow('of a kind that this mlreg does not know');
  await expect(store.versions()).rejects.toThrow('of a kind that this mlreg does not know');
});
