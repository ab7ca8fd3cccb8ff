import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { entriesOf } from '../../../src/aws/dynamo-index.ts';
import { keys, rolloutOf, versionOf } from '../../../src/aws/dynamo-items.ts';
import { openDynamoStore } from '../../../src/aws/dynamo-store.ts';
import { dynamoTable, type Item } from '../../../src/aws/dynamo-table.ts';
import { verifyDynamoLog } from '../../../src/aws/dynamo-verify.ts';
import { instant } from '../../../src/domain/units.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import type { Clock } from '../../../src/ports/index.ts';
import type { PlatformFailure } from '../../../src/ports/platform.ts';
import type { Store } from '../../../src/ports/store.ts';
import { memoryPlace, openMemoryStore } from '../../support/memory-store.ts';
import { type DynamoFate, dynamoFake } from '../../support/dynamo-fake.ts';
import { draw } from '../dice.ts';
import { storeCalled } from '../engine-level.ts';
import type { Level, Stage } from '../level.ts';
import { losing } from '../losing.ts';
import type { Process } from '../scheduler.ts';
import { region } from './account.ts';

export interface TableRequest {
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

/** Where registry, lock and journals are kept. */
export interface Keeping
  extends Pick<
    Level,
    'store' | 'registry' | 'audit' | 'copyStore' | 'loseStore' | 'keepStore' | 'importStore'
  > {
  /** The store as a process opens it. */
  open(process: Process, clients: Clients, clock: Clock): Store;
  /** Answers one HTTP request for the table. */
  handle(process: Process, request: TableRequest): Promise<object>;
}

/** The embedded store's rules in memory: each of its methods is one call. */
export function embeddedKeeping(stage: Stage): Keeping {
  const place = memoryPlace();
  const store = openMemoryStore(place);
  return {
    store,
    ...losing(place),
    registry: () => [...place.state.versions.values()],
    open: (process) => storeCalled(stage, store, process),
    audit: () => Promise.resolve(null),
    handle: () => Promise.reject(new Error('there is no table')),
  };
}

const at = { table: 'mlreg-test', environment: 'local', model: 'recommendation' };
const { index } = keys(at.environment, at.model);

/** The DynamoDB store over a stand-in for the table: each HTTP request is one call. */
export function dynamoKeeping({ story, now, caller, onEntries }: Stage): Keeping {
  const fake = dynamoFake(at.table);
  fake.now = now;
  const answer = (fake.requestHandler as { handle(request: TableRequest): Promise<{ response: object }> })
    .handle;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = createClients({ region, credentials, requestHandler: fake.requestHandler as never }, {});
  const clock: Clock = { now: () => instant(now()), sleepUntil: () => Promise.resolve() };
  const store = openDynamoStore({ ...at, clients, clock, writer: '0'.repeat(16) });

  let registry: readonly VersionRecord[] | undefined;

  async function effect(request: TableRequest, operation: string): Promise<object> {
    const response = await answered(request, operation);
    const { headers } = response as { headers: Record<string, string> };
    headers.date = new Date(now()).toUTCString();
    return response;
  }

  async function answered(request: TableRequest, operation: string): Promise<object> {
    if (operation !== 'TransactWriteItems') return (await answer(request)).response;
    const before = new Set(fake.items.keys());
    const { response } = await answer(request);
    registry = undefined;
    const added = [...fake.items].filter(([key]) => !before.has(key)).map(([, item]) => itemOf(item));
    const journal = added.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
    const [first] = journal;
    if (first === undefined) return response;
    const row = fake.items.get(`${index} ROLLOUT#${String(first.pk).slice(index.length + 1)}`);
    const { id, length } = rolloutOf(itemOf(row ?? {}));
    onEntries(id, entriesOf(journal, id, Number(first.first), length));
    return response;
  }

  async function refuse(request: TableRequest, kind: PlatformFailure['kind'], luck: number): Promise<object> {
    const meets = async (fate: DynamoFate): Promise<object> => {
      fake.fate = () => fate;
      const { response } = await answer(request).finally(() => (fake.fate = () => 'pass'));
      return response;
    };
    if (kind === 'credentials') return meets('expired');
    if (kind === 'denied') return meets('denied');
    if (kind === 'throttled') return meets(luck % 2 === 0 ? 'throttled' : 'conflict');
    return meets('lost-before');
  }

  return {
    store,
    registry: () =>
      (registry ??= [...fake.items]
        .filter(([key]) => key.startsWith(`${index} VERSION#`))
        .map(([, item]) => versionOf(itemOf(item)).record)),
    audit: async () => {
      try {
        await verifyDynamoLog(dynamoTable({ clients, table: at.table }), at);
        return null;
      } catch (error) {
        if (error instanceof UserError) return error.message;
        throw error;
      }
    },
    open: (process, own, clockOf) => {
      const writer = [1, 2].map((half) => draw(process.index, half).toString(16).padStart(8, '0')).join('');
      return openDynamoStore({ ...at, clients: own, clock: clockOf, writer });
    },
    handle(process, request) {
      const operation = (request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
      const luck = draw(story.seed, 98, process.index, process.calls);
      return caller.call(process, `store.${operation}`, () => effect(request, operation), {
        refuse: (kind) => refuse(request, kind, luck),
      });
    },
  };
}

const itemOf = (item: object): Item => unmarshall(item as never);
