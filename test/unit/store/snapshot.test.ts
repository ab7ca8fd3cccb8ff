import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, verifyStore } from '../../../src/store/embedded.ts';
import { type FileSystem, nodeFileSystem } from '../../../src/store/file-system.ts';
import type { Store } from '../../../src/ports/store.ts';
import { append, everything, R1, take } from '../../contract/store/samples.ts';

let dir: string;
const place = () => ({ stateDir: dir, environment: 'local', model: 'recs' });
const log = (): string => join(dir, 'local-recs.ndjson');
const file = (): string => `${log()}.snapshot`;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlreg-snapshot-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function written(entries: number, keepAt: number): Promise<Store> {
  const store = openStore(place());
  const token = await take(store);
  for (let length = 0; length < entries; length++) {
    if (length === keepAt) await store.keepSnapshot(R1, { length, text: 'kept' });
    await append(store, token, length);
  }
  return store;
}

/** With whatever lies beside the log, and without. */
async function expectAsWithout(): Promise<void> {
  const found = await everything(openStore(place()));
  rmSync(file(), { force: true });
  expect(found).toEqual(await everything(openStore(place())));
}

/** Rewrites the snapshot with a sum that fits. */
async function changed(change: (body: any) => void): Promise<void> {
  const { sha256 } = await import('../../../src/store/rules/record.ts');
  const text = readFileSync(file(), 'utf8');
  const body = JSON.parse(text.slice(text.indexOf('\n') + 1));
  change(body);
  const bytes = Buffer.from(JSON.stringify(body));
  writeFileSync(file(), `${sha256(bytes)}\n${bytes.toString()}`);
}

describe('the snapshot beside an embedded store', () => {
  it('spares a new process the log but for its end', async () => {
    await written(200, 190);
    let read = 0;
    const fs: FileSystem = {
      ...nodeFileSystem,
      async open(path, flags, mode) {
        const opened = await nodeFileSystem.open(path, flags, mode);
        if (path !== log()) return opened;
        return {
          read: (into, at, length, position) => {
            read += length;
            return opened.read(into, at, length, position);
          },
          write: (bytes) => opened.write(bytes),
          datasync: () => opened.datasync(),
          sync: () => opened.sync(),
          close: () => opened.close(),
        };
      },
    };
    const store = openStore({ ...place(), fs });
    expect((await store.journal(R1, 195)).map(({ seq }) => seq)).toEqual([195, 196, 197, 198, 199]);
    // The last entry before it as well, to the letter: by that a rollout's snapshot is recognised.
    const [last] = await store.journal(R1, 189);
    expect(JSON.stringify(last)).toBe(JSON.stringify((await openStore(place()).journal(R1))[189]));
    expect(read).toBeLessThan(readFileSync(log()).length / 10);
    expect(await store.journal(R1)).toHaveLength(200);
    expect(await everything(store)).toEqual(await everything(openStore(place())));
  });

  const whole = (): Buffer => readFileSync(file());
  it.each<[string, () => unknown]>([
    ['cut short', () => writeFileSync(file(), whole().subarray(0, 100))],
    ['empty', () => writeFileSync(file(), '')],
    ['no JSON', () => writeFileSync(file(), 'x\ny')],
    [
      'changed in one byte',
      () => {
        const bytes = whole();
        bytes[bytes.length - 40]! ^= 1;
        writeFileSync(file(), bytes);
      },
    ],
    ['of a newer format', () => changed((body) => (body.format = 2))],
    ['of another log', () => changed((body) => (body.genesis = 'f'.repeat(64)))],
    ['of a head that the log never had', () => changed((body) => (body.chain.anchor.hash = 'f'.repeat(64)))],
    ['about a longer log', () => changed((body) => (body.chain.offset += 1_000_000))],
    ['without what a log has', () => changed((body) => delete body.journals)],
  ])('is ignored where it is %s', async (_how, damage) => {
    await written(20, 15);
    await damage();
    await expectAsWithout();
  });

  it('is ignored where an older copy of the log was put back', async () => {
    await written(10, 5);
    const older = readFileSync(log());
    const store = openStore(place());
    const token = await take(store);
    await append(store, token, 10);
    await store.keepSnapshot(R1, { length: 11, text: 'later' });
    writeFileSync(log(), older);
    expect(await openStore(place()).journal(R1)).toHaveLength(10);
    await expectAsWithout();
  });

  it('covers up no damage of the log after it', async () => {
    await written(20, 10);
    const bytes = readFileSync(log());
    bytes[bytes.length - 200]! ^= 1;
    writeFileSync(log(), bytes);
    await expect(openStore(place()).lock()).rejects.toMatchObject({ fault: 'conflict' });
  });

  it('covers up no damage before it from an audit, nor from whoever reads there', async () => {
    await written(20, 15);
    const bytes = readFileSync(log());
    bytes[Math.floor(bytes.length / 4)]! ^= 1;
    writeFileSync(log(), bytes);
    expect((await verifyStore(place())).problem).toBeDefined();
    await expect(openStore(place()).journal(R1)).rejects.toMatchObject({ fault: 'conflict' });
  });

  it('lets no process that has acted go on where the log was replaced', async () => {
    await written(10, 5);
    const store = openStore(place());
    await store.lock();
    rmSync(log());
    const other = openStore({ ...place() });
    await take(other);
    await expect(store.lock()).rejects.toMatchObject({ fault: 'conflict' });
    await expect(store.journal(R1)).rejects.toMatchObject({ fault: 'conflict' });
  });

  it('that can not be written costs nothing but time', async () => {
    const fs: FileSystem = {
      ...nodeFileSystem,
      replace: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    const store = openStore({ ...place(), fs });
    const token = await take(store);
    await append(store, token, 0);
    await expect(store.keepSnapshot(R1, { length: 1, text: 'x' })).rejects.toThrow('full');
    expect(await append(store, token, 1)).toMatchObject({ kind: 'appended' });
    await expectAsWithout();
  });
});
