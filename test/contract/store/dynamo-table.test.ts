import { afterAll, describe, expect, it } from 'vitest';
import { createClients } from '../../../src/aws/clients.ts';
import { dynamoTable, type Item, type Put, type Table } from '../../../src/aws/dynamo-table.ts';
import { startMoto } from '../aws/moto-server.ts';
import { createTable, credentials, fakeClients, tableName } from './dynamo-stores.ts';

/*
 * The table's few operations, over the fake and over moto: what the fake takes for DynamoDB and moto doesn't is a mistake of
 * one of them.
 */

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const put = (sk: string, over?: Put['over'], more: Item = {}): Put => ({
  item: { pk: 'p', sk, ...more },
  over,
});

/** Moto knows no request tokens: it takes the second for another request. */
const unlikeMoto = 'the same request twice';

const cases: readonly [string, (table: Table) => Promise<unknown>, expected: unknown][] = [
  ['nothing there', (table) => table.get('p', 'none'), undefined],
  [
    'what was put',
    async (table) => {
      await table.put(
        [put('a', null, { text: 'ü🦆', number: 0.91, map: { nested: [1, null, true] } })],
        't1',
      );
      return table.get('p', 'a');
    },
    { pk: 'p', sk: 'a', text: 'ü🦆', number: 0.91, map: { nested: [1, null, true] } },
  ],
  [
    'where there must be none, and is one',
    async (table) => {
      await table.put([put('a', null, { n: 1 })], 't1');
      return [(await table.put([put('a', null, { n: 2 })], 't2')).kind, (await table.get('p', 'a'))?.n];
    },
    ['refused', 1],
  ],
  [
    'over one that says what it must',
    async (table) => {
      await table.put([put('a', null, { n: 1, s: 'x' })], 't1');
      return [
        (await table.put([put('a', { n: 1, s: 'y' })], 't2')).kind,
        (await table.put([put('a', { n: 2, s: 'x' })], 't3')).kind,
        (await table.put([put('b', { n: 1 })], 't4')).kind,
        (await table.put([put('a', { n: 1, s: 'x' }, { n: 5 })], 't5')).kind,
        await table.get('p', 'a'),
      ];
    },
    ['refused', 'refused', 'refused', 'written', { pk: 'p', sk: 'a', n: 5 }],
  ],
  [
    'all or none',
    async (table) => {
      await table.put([put('a', null)], 't1');
      const { kind } = await table.put([put('b', null), put('a', null), put('c', null)], 't2');
      return [kind, (await table.range('p', 'a', 'z')).map(({ sk }) => sk)];
    },
    ['refused', ['a']],
  ],
  [
    unlikeMoto,
    async (table) => {
      const first = await table.put([put('a', null, { n: 1 })], 'same');
      return [first.kind, (await table.put([put('a', null, { n: 1 })], 'same')).kind];
    },
    ['written', 'written'],
  ],
  ['the same item twice in one request', (table) => kindOf(table.put([put('a'), put('a')], 't1')), 'refused'],
  [
    'an item of over 400 KB',
    (table) => kindOf(table.put([put('a', null, { text: 'x'.repeat(410 * 1024) })], 't1')),
    'refused',
  ],
  [
    'a range, in order, of one partition',
    async (table) => {
      await table.put(
        ['b', 'a~', 'c', 'a', 'a#2', 'a#1'].map((sk) => put(sk, null)),
        't1',
      );
      await table.put([{ item: { pk: 'q', sk: 'a' }, over: null }], 't2');
      return (await table.range('p', 'a', 'b')).map(({ sk }) => sk);
    },
    ['a', 'a#1', 'a#2', 'a~', 'b'],
  ],
  [
    'the last of a range',
    async (table) => {
      await table.put(
        ['a', 'b', 'c'].map((sk) => put(sk, null)),
        't1',
      );
      return [(await table.last('p', 'a', 'bz'))?.sk, await table.last('p', 'x', 'z')];
    },
    ['b', undefined],
  ],
  [
    'a range of several pages',
    async (table) => {
      for (let n = 0; n < 5; n++)
        await table.put([put(`k${n}`, null, { text: 'x'.repeat(350 * 1024) })], `t${n}`);
      return (await table.range('p', 'k', 'l')).map(({ sk }) => sk);
    },
    ['k0', 'k1', 'k2', 'k3', 'k4'],
  ],
];

/** The failure's kind: moto and DynamoDB differ in words. */
async function kindOf(work: Promise<{ readonly kind: string }>): Promise<string> {
  try {
    return (await work).kind;
  } catch (error) {
    return (error as { failure?: { kind: string } }).failure?.kind ?? String(error);
  }
}

describe('the table over the fake', () => {
  it.each(cases)('%s', async (_what, ask, expected) => {
    const { clients } = fakeClients();
    expect(await ask(dynamoTable({ clients, table: tableName }))).toEqual(expected);
  });

  it('is told apart from none', async () => {
    const { clients } = fakeClients();
    await expect(dynamoTable({ clients, table: 'nobody-made-it' }).get('p', 'a')).rejects.toMatchObject({
      fault: 'unavailable',
      message: 'there is no DynamoDB table nobody-made-it in us-east-1',
    });
  });
});

const moto = await startMoto();
if (moto.kind === 'absent') {
  console.warn(
    `NOT compared: the fake DynamoDB with moto: ${moto.why}. To compare: pip install 'moto[server]'`,
  );
  it.skip(`the table over moto (${moto.why})`, () => undefined);
} else {
  const clients = createClients({ region: 'us-east-1', endpointUrl: moto.url, credentials });
  afterAll(async () => {
    clients.close();
    await moto.stop();
  });
  describe('the table over moto', () => {
    let made = 0;
    it.each(cases.filter(([what]) => what !== unlikeMoto))('%s', async (_what, ask, expected) => {
      const table = `mlreg-${++made}`;
      await createTable(clients, table);
      expect(await ask(dynamoTable({ clients, table }))).toEqual(expected);
    });

    it('is told apart from none', async () => {
      await expect(dynamoTable({ clients, table: 'nobody-made-it' }).get('p', 'a')).rejects.toMatchObject({
        fault: 'unavailable',
      });
    });
  });
}
