import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import type { Cut } from '../../../src/ports/history.ts';
import type { Store } from '../../../src/ports/store.ts';
import { dynamoFake } from '../../support/dynamo-fake.ts';
import { keptInFile, keptInTable, type KeptStore } from '../../support/kept-stores.ts';
import { actor } from '../../support/model-world.ts';
import { version } from './samples.ts';

const by = { actor: actor('ana'), at: instant(9) };
const rollout = rolloutId('r-1');
const kinds = { file: keptInFile, table: () => keptInTable('mlreg-dev') } as const;

async function fill(store: Store): Promise<void> {
  await store.register(version(versionTag('v1.0.0')));
  const { lock } = await store.acquire({ owner: actor('bob'), rollout, takeOver: false, at: instant(1) });
  for (let length = 0; length < 5; length++)
    await store.append({
      ...{ rollout, token: lock.token, length, at: instant(2 + length) },
      entries: [{ kind: 'noted', text: `entry ${length}` } as never],
    });
}

async function cutOf(kept: KeptStore): Promise<Cut> {
  await fill(kept.store);
  return (await kept.history()).read();
}

describe.each([
  ['file', 'file'],
  ['file', 'table'],
  ['table', 'file'],
  ['table', 'table'],
] as const)('the records of a %s, taken by a %s', (from, to) => {
  it('are there byte for byte, and say the same', async () => {
    const own = kinds[from]();
    const cut = await cutOf(own);
    const other = kinds[to]();
    const history = await other.history();
    expect(await history.compare(cut)).toEqual({ kind: 'empty' });
    const { store, aside } = await history.take(cut, by);
    expect(aside).toBeNull();
    const { lines } = await (await other.history()).read();
    expect(lines.slice(0, cut.lines.length)).toEqual(cut.lines);
    expect(lines.length).toBe(cut.lines.length + 1);
    expect(await store.journal(rollout)).toEqual(await own.store.journal(rollout));
    expect(await store.versions()).toEqual(await own.store.versions());
    expect(await store.writerOf(1)).toBe(await own.store.writerOf(1));
  });

  it('give nobody a token, and fence who owned the store they come from', async () => {
    const cut = await cutOf(kinds[from]());
    const { store } = await (await kinds[to]().history()).take(cut, by);
    const lock = await store.lock();
    expect(lock).toMatchObject({ owner: null, restoring: true, token: 2 });
    const wanted = { owner: actor('eve'), rollout: null, takeOver: true, at: instant(9) };
    await expect(store.acquire(wanted)).rejects.toThrow('was cut off in this store');
    expect(await store.beat(1)).toBe(false);
  });

  it('are taken once, however often that is asked for', async () => {
    const cut = await cutOf(kinds[from]());
    const other = kinds[to]();
    await (await other.history()).take(cut, by);
    expect(await (await other.history()).compare(cut)).toMatchObject({ kind: 'begun' });
    const before = (await (await other.history()).read()).lines;
    await (await other.history()).take(cut, by);
    expect((await (await other.history()).read()).lines).toEqual(before);
  });
});

describe('a table', () => {
  it('that took a part of the records is refused by every reader, and takes the rest', async () => {
    const own = keptInFile();
    const cut = await cutOf(own);
    const other = keptInTable('mlreg-dev');
    let writes = 0;
    other.fake.fate = (operation) => (operation.startsWith('Transact') && ++writes > 1 ? 'denied' : 'pass');
    await expect((await other.history()).take(cut, by)).rejects.toThrow();
    other.fake.fate = () => 'pass';
    for (const read of [() => other.store.lock(), () => other.store.versions()])
      await expect(read()).rejects.toThrow('only a part of a backup');
    await expect((await other.history()).read()).rejects.toThrow('only a part of a backup');
    expect(await (await other.history()).compare(cut)).toMatchObject({ kind: 'part', lock: { owner: null } });
    const { store } = await (await other.history()).take(cut, by);
    expect(await store.journal(rollout)).toEqual(await own.store.journal(rollout));
  });

  it('that holds other records is left alone', async () => {
    const cut = await cutOf(keptInFile());
    const other = keptInTable('mlreg-dev');
    await fill(other.store);
    const items = structuredClone([...other.fake.items]);
    expect(await (await other.history()).compare(cut)).toMatchObject({
      kind: 'other',
      isLater: false,
      rollouts: [],
    });
    await expect((await other.history()).take(cut, by)).rejects.toThrow(
      'records that the backup does not have',
    );
    expect([...other.fake.items]).toEqual(items);
  });

  it('is read up to the record that its lock named, whatever is written meanwhile', async () => {
    const fake = dynamoFake('mlreg-dev');
    const handler = fake.requestHandler as { handle(request: { headers: object }): Promise<unknown> };
    let isWritten = true;
    const own = keptInTable('mlreg-dev', {
      ...fake,
      requestHandler: {
        ...handler,
        handle: async (request: { headers: object }) => {
          if (!isWritten && JSON.stringify(request.headers).includes('DynamoDB_20120810.Query')) {
            isWritten = true;
            await own.store.register(version(versionTag('v1.1.0')));
          }
          return handler.handle(request);
        },
      },
    });
    await fill(own.store);
    const before = (await (await own.history()).read()).lines;
    isWritten = false;
    // The lock was read, and then a record written, before the records are.
    expect((await (await own.history()).read()).lines).toEqual(before);
    expect(isWritten).toBe(true);
  });
});

describe('a file', () => {
  it('that holds other records is set aside whole, also where it is damaged', async () => {
    const cut = await cutOf(keptInFile());
    for (const isDamaged of [false, true]) {
      const other = keptInFile();
      await fill(other.store);
      if (isDamaged)
        writeFileSync(other.path, readFileSync(other.path, 'utf8').replace('entry 1', 'entry 9'));
      const bytes = readFileSync(other.path);
      expect((await (await other.history()).compare(cut)).kind).toBe(isDamaged ? 'damaged' : 'other');
      const { aside } = await (await other.history()).take(cut, by);
      expect(readFileSync(aside ?? '')).toEqual(bytes);
      expect(readdirSync(dirname(other.path)).some((name) => name.endsWith('.part'))).toBe(false);
    }
  });
});
