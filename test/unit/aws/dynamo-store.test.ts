import { beforeEach, describe, expect, it } from 'vitest';
import { verifyDynamoLog } from '../../../src/aws/dynamo-verify.ts';
import { dynamoTable } from '../../../src/aws/dynamo-table.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import type { Store } from '../../../src/ports/store.ts';
import { fakeClients, place, storeOver, tableName } from '../../contract/store/dynamo-stores.ts';
import { append, everything, held, R1, request, take, V1, version } from '../../contract/store/samples.ts';
import type { DynamoFake, DynamoFate } from '../../support/dynamo-fake.ts';
import { seeded } from '../store/fake-disk.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

let fake: DynamoFake;
let store: Store;
let open: () => Store;
let verify: () => ReturnType<typeof verifyDynamoLog>;
beforeEach(() => {
  const made = fakeClients();
  fake = made.fake;
  open = () => storeOver(made.clients);
  store = open();
  verify = () => verifyDynamoLog(dynamoTable({ clients: made.clients, table: tableName }), place);
});

/** The next write meets these, one after another; then all is well. */
function writesMeet(...fates: DynamoFate[]): void {
  fake.fate = (operation) => (operation === 'TransactWriteItems' ? (fates.shift() ?? 'pass') : 'pass');
}

const writes: readonly [string, (store: Store, token: number) => Promise<unknown>][] = [
  ['acquire', (one) => take(one)],
  ['beat', (one, token) => one.beat(token)],
  ['release', (one, token) => one.release(token)],
  [
    'append',
    (one, token) => append(one, token, 1, { changes: [{ version: V1, set: { status: 'champion' } }] }),
  ],
  ['register', (one) => one.register({ ...version(V1), version: versionTag('v9.0.0') })],
  ['change', (one, token) => one.change(token, [{ version: V1, set: { statusReason: 'gc' } }])],
  ['post', (one) => one.post(R1, request('q1'))],
];
const troubles: readonly DynamoFate[][] = [
  ['lost-before'],
  ['lost-after'],
  ['late'],
  ['throttled'],
  ['conflict'],
  ['late', 'late', 'lost-after'],
  ['conflict', 'lost-before', 'throttled', 'lost-after'],
];

describe('a write that meets trouble', () => {
  it.each(writes.flatMap(([name, write]) => troubles.map((met) => [name, met, write] as const)))(
    '%s, %j: is done once',
    async (name, met, write) => {
      const set = async (one: Store): Promise<number> => {
        await one.register(version(V1));
        const token = await take(one);
        await append(one, token, 0);
        return token;
      };
      const calm = storeOver(fakeClients().clients);
      const expected = [await write(calm, await set(calm)), await everything(calm)];
      const token = await set(store);
      writesMeet(...met);
      const answer = await write(store, token);
      const seen = (await everything(open())) as { lock: { beat: number } };
      // A sign of life more or less is none the worse.
      if (name === 'beat') seen.lock.beat = (expected[1] as typeof seen).lock.beat;
      expect(withoutIds([answer, seen])).toEqual(withoutIds(expected));
      await expect(verify()).resolves.toBeDefined();
    },
  );

  it('is told of when the trouble does not end', async () => {
    const token = await take(store);
    fake.fate = () => 'throttled';
    await expect(append(store, token, 0)).rejects.toMatchObject({ failure: { kind: 'throttled' } });
    fake.fate = () => 'expired';
    await expect(append(store, token, 0)).rejects.toMatchObject({ failure: { kind: 'credentials' } });
    fake.fate = () => 'pass';
    expect(await append(store, token, 0)).toMatchObject({ kind: 'appended' });
  });

  it('is fenced where another took over before a late one arrives', async () => {
    const token = await take(store);
    const other = open();
    await other.lock();
    const fates: DynamoFate[] = ['late'];
    fake.fate = (operation) => (operation === 'TransactWriteItems' ? (fates.shift() ?? 'pass') : 'pass');
    const appending = append(store, token, 0);
    const taken = await take(other, 'bob');
    expect(['appended', 'fenced']).toContain((await appending).kind);
    const lengths = (await open().journal(R1)).length;
    expect(await append(store, token, lengths)).toMatchObject({ kind: 'fenced', lock: { token: taken } });
    await verify();
  });
});

/** Store and writer ids are drawn anew for each store. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, each: unknown) =>
      (key === 'id' || key === 'writer') && /^[0-9a-f]{8}$/.test(String(each)) ? 'drawn' : each,
    ),
  );
}

describe('writers that meet trouble at every turn', () => {
  it('lose nothing that was acknowledged, and write nothing twice', async () => {
    const all: DynamoFate[] = ['lost-before', 'lost-after', 'late', 'throttled', 'conflict'];
    for (let seed = 0; seed < 25; seed++) {
      const made = fakeClients();
      const random = seeded(seed);
      // In every other run DynamoDB has forgotten the tokens of requests: more than ten minutes have passed.
      let now = 0;
      made.fake.now = () => (seed % 2 === 0 ? (now += 11 * 60_000) : 0);
      // Reads are the SDK's to send again.
      made.fake.fate = (operation) =>
        operation === 'TransactWriteItems' && random() < 0.25
          ? all[Math.floor(random() * all.length)]!
          : 'pass';
      const acknowledged: string[] = [];
      const write = async (name: string): Promise<void> => {
        const one = storeOver(made.clients);
        for (let n = 0; n < 4; n++) {
          const { lock } = await one.acquire({
            owner: { name, host: 'here', pid: 1, command: 'mlreg' },
            rollout: R1,
            takeOver: true,
            at: instant(1),
          });
          const entry = held(`${name}-${n}`);
          const { length } = await one.journal(R1);
          const outcome = await append(one, lock.token, length, { entries: [entry] });
          if (outcome.kind === 'appended') acknowledged.push(`${name}-${n}`);
        }
      };
      const register = async (): Promise<void> => {
        const one = storeOver(made.clients);
        for (let n = 0; n < 6; n++) await one.register({ ...version(V1), version: versionTag(`v1.0.${n}`) });
      };
      const results = await Promise.allSettled([...['a', 'b', 'c'].map(write), register()]);
      made.fake.fate = () => 'pass';
      const journal = await storeOver(made.clients).journal(R1);
      const names = journal.map((entry) => entry.kind === 'held' && entry.why);
      expect(
        journal.map(({ seq }) => seq),
        `seed ${seed}`,
      ).toEqual(journal.map((_, n) => n));
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(expect.arrayContaining(acknowledged));
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Error);
      await verifyDynamoLog(dynamoTable({ clients: made.clients, table: tableName }), place);
    }
  });
});

const observed = (ticks: number): { kind: 'observed'; observations: Observation[] } => {
  const random = seeded(7);
  const arm = () => ({
    requests: Math.floor(random() * 1e6),
    errors: 0,
    throttles: 0,
    latency: {
      le: Array.from({ length: 60 }, (_, n) => 1.3 ** n),
      count: Array.from({ length: 61 }, () => random() * 1e4),
    },
  });
  return {
    kind: 'observed',
    observations: Array.from({ length: ticks }, (_, n) => ({
      at: instant(n * 10_000),
      tickMs: 10_000,
      plannedPercent: 10,
      champion: arm(),
      challenger: arm(),
    })),
  };
};

describe('sizes', () => {
  it.each([1, 100, 500, 900])('keeps an entry of %i observations whole', async (ticks) => {
    const token = await take(store);
    const entry = observed(ticks);
    await append(store, token, 0, { entries: [held('before')] });
    await append(store, token, 1, { entries: [entry, held('after')] });
    await append(store, token, 3, { entries: [held('end')] });
    const journal = await open().journal(R1);
    expect(journal).toMatchObject([held('before'), entry, held('after'), held('end')]);
    expect((await open().journal(R1, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
    await verify();
  });

  it('reads on where a page ends', async () => {
    fake.pageBytes = 500;
    const token = await take(store);
    for (let n = 0; n < 20; n++) await append(store, token, n, { entries: [held(`n${n}`)] });
    expect((await open().journal(R1)).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});

describe('what a rollout costs in calls', () => {
  it('one for each write of an owner, one for each look at the lock', async () => {
    await store.register(version(V1));
    const token = await take(store);
    await append(store, token, 0);
    fake.asked.length = 0;
    await append(store, token, 1);
    await store.beat(token);
    await append(store, token, 2);
    await store.lock();
    expect(fake.asked).toEqual(['TransactWriteItems', 'TransactWriteItems', 'TransactWriteItems', 'GetItem']);
    fake.asked.length = 0;
    expect(await store.journal(R1, 3)).toEqual([]);
    expect(fake.asked).toEqual(['GetItem']);
  });
});

describe('an index read while others write', () => {
  it('is never half of one write and half of another', async () => {
    await store.register(version(V1));
    const token = await take(store);
    let writes = 0;
    const other = open();
    const from = fake.requestHandler as { handle: (request: unknown) => Promise<unknown> };
    const { handle } = from;
    // Between the reader's looks the other writes, a few times.
    let busy = false;
    from.handle = async (input) => {
      const answer = await handle(input);
      if (!busy && writes < 3) {
        busy = true;
        await append(other, token, writes++, {
          changes: [{ version: V1, set: { statusReason: `write ${writes}` } }],
        });
        busy = false;
      }
      return answer;
    };
    const reader = open();
    const [reason, length] = [(await reader.versions())[0]?.statusReason, (await reader.journal(R1)).length];
    expect([reason, length]).toEqual(['write 3', 3]);
  });
});

describe('a table that was changed by hand', () => {
  const entryKey = (): string => [...fake.items.keys()].find((key) => key.includes('ENTRY#'))!;

  it.each<[string, () => void, RegExp]>([
    [
      'a changed entry',
      () => {
        const item = fake.items.get(entryKey())!;
        fake.items.set(entryKey(), { ...item, record: { S: String(item.record?.S).replace('ann', 'eve') } });
      },
      /can't be believed/,
    ],
    ['a lost entry', () => void fake.items.delete(entryKey()), /can't be believed/],
    [
      'a lock without its head',
      () => {
        const key = [...fake.items.keys()].find((name) => name.endsWith('LOCK'))!;
        const { head: _, ...rest } = fake.items.get(key)!;
        fake.items.set(key, rest);
      },
      /head/,
    ],
  ])('%s: is refused', async (_what, spoil, words) => {
    const token = await take(store);
    await append(store, token, 0, { entries: [{ kind: 'held', why: 'ann' }] });
    spoil();
    await expect(open().journal(R1)).rejects.toThrow(words);
    await expect(verify()).rejects.toThrow(words);
  });

  it('records cut off at the end are missed', async () => {
    await take(store);
    await take(store);
    const key = [...fake.items.keys()].filter((name) => name.includes('LOG#')).at(-1)!;
    fake.items.delete(key);
    await expect(verify()).rejects.toThrow(/records are gone/);
  });
});
