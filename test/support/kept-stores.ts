import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClients } from '../../src/aws/clients.ts';
import { dynamoHistory } from '../../src/aws/dynamo-history.ts';
import { openDynamoStore } from '../../src/aws/dynamo-store.ts';
import { dynamoTable } from '../../src/aws/dynamo-table.ts';
import { instant } from '../../src/domain/units.ts';
import type { Clock } from '../../src/ports/index.ts';
import type { History } from '../../src/ports/history.ts';
import type { Store } from '../../src/ports/store.ts';
import { openStore, storeFile } from '../../src/store/embedded.ts';
import { type FileSystem, nodeFileSystem } from '../../src/store/file-system.ts';
import { embeddedHistory } from '../../src/store/history.ts';
import { type DynamoFake, dynamoFake } from './dynamo-fake.ts';

export const keptFor = { environment: 'dev', model: 'recommendation' };

/** A store as commands find it: each opens it anew. */
export interface KeptStore {
  readonly store: Store;
  history(): Promise<History>;
}

/** Each call opens the store, as each command does. */
const reopened = (open: () => Store): Store =>
  new Proxy({} as Store, {
    get: (_none, name: keyof Store | 'then') =>
      // Else whoever awaits it takes it for a promise.
      name === 'then'
        ? undefined
        : (...args: never[]) => (open()[name] as (...given: never[]) => unknown)(...args),
  });

/** Nothing here cuts the power. */
const quickFiles: FileSystem = {
  ...nodeFileSystem,
  open: async (path, flags, mode) => {
    const file = await nodeFileSystem.open(path, flags, mode);
    return {
      read: (...given) => file.read(...given),
      write: (bytes) => file.write(bytes),
      datasync: async () => undefined,
      sync: async () => undefined,
      close: () => file.close(),
    };
  },
};

export function keptInFile(stateDir: string = mkdtempSync(join(tmpdir(), 'mlreg-kept-'))): KeptStore & {
  readonly path: string;
} {
  const place = { ...keptFor, stateDir, fs: quickFiles };
  return {
    path: storeFile(place),
    store: reopened(() => openStore(place)),
    history: async () => embeddedHistory(place),
  };
}

const clock: Clock = {
  now: () => instant(Date.now()),
  sleepUntil: () => new Promise((resolve) => setImmediate(resolve)),
};

export function keptInTable(
  name: string,
  fake: DynamoFake = dynamoFake(name),
): KeptStore & {
  readonly fake: DynamoFake;
} {
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: fake.requestHandler as never,
  });
  const open = () =>
    openDynamoStore({
      ...{ clients, table: name, clock, ...keptFor, identified: true },
      writer: randomBytes(8).toString('hex'),
    });
  return {
    fake,
    store: reopened(open),
    history: async () =>
      dynamoHistory({ table: dynamoTable({ clients, table: name }), name, ...keptFor, clock, open }),
  };
}

/** As AWS restores a table under another name, or as it was at one moment. */
export function copyOfTable(of: DynamoFake, name: string): DynamoFake {
  const fake = dynamoFake(name);
  for (const [key, item] of of.items) fake.items.set(key, structuredClone(item));
  return fake;
}
