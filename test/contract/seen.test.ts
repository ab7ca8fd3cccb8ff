import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeen, type Seen } from '../../src/router/shadow/seen.ts';
import { startMoto } from './aws/moto-server.ts';

/*
 * Which copies were seen before: the memory of one execution environment, and a DynamoDB table as moto has it, by the same
 * signed requests that Lambda sends.
 */

const table = 'mlreg-shadow-prod';
const now = Date.UTC(2026, 10, 26, 8, 0, 0);
const machine = (env: Readonly<Record<string, string>>) => ({
  env,
  now: () => now,
  timers: { set: setTimeout, clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout) },
});
const credentials = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

function suite(open: () => Seen): void {
  it('is true for the first, and false for whoever comes after', async () => {
    const seen = open();
    expect(await seen.claim('r-1/a')).toBe(true);
    expect(await seen.claim('r-1/a')).toBe(false);
    expect(await seen.claim('r-1/b')).toBe(true);
    expect(await seen.claim('r-2/a')).toBe(true);
  });
}

describe('in memory', () => {
  suite(() => createSeen(machine({})));

  // Not over moto: it looks at a put's condition some time before it writes, so that of two at once both may win.
  it('is true for one of many who come at once', async () => {
    const seen = createSeen(machine({}));
    const claims = await Promise.all(Array.from({ length: 20 }, () => seen.claim('r-3/a')));
    expect(claims.filter((claim) => claim === true)).toHaveLength(1);
    expect(claims.filter((claim) => claim === false)).toHaveLength(19);
  });

  it('forgets the oldest of very many', async () => {
    const seen = createSeen(machine({}));
    for (let i = 0; i <= 10_000; i++) await seen.claim(`r-1/${i}`);
    expect(await seen.claim('r-1/1')).toBe(false);
    expect(await seen.claim('r-1/0')).toBe(true);
  });
});

const moto = await startMoto();
if (moto.kind === 'absent') {
  console.warn(`NOT shown against DynamoDB: ${moto.why}. To show it: pip install 'moto[server]'`);
  it.skip(`copies that were seen, in a table (${moto.why})`, () => undefined);
} else {
  afterAll(() => moto.stop());
  const env = { ...credentials, AWS_ENDPOINT_URL: moto.url, MLREG_SHADOW_TABLE: table };
  const dynamo = async (operation: string, input: object): Promise<any> => {
    const response = await fetch(moto.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00',
      },
      body: JSON.stringify(input),
    });
    return response.json();
  };
  beforeAll(async () => {
    await dynamo('CreateTable', {
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'requestId', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'requestId', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  describe('in a DynamoDB table', () => {
    suite(() => createSeen(machine(env)));

    it('is kept longer than Lambda keeps any event, and no longer than need be', async () => {
      await createSeen(machine(env)).claim('r-4/a');
      const { Item } = await dynamo('GetItem', { TableName: table, Key: { requestId: { S: 'r-4/a' } } });
      expect(Item).toEqual({ requestId: { S: 'r-4/a' }, expiresAt: { N: String(now / 1000 + 7 * 3600) } });
    });

    it('can’t be told without the table', async () => {
      const seen = createSeen(machine({ ...env, MLREG_SHADOW_TABLE: 'nowhere' }));
      expect(await seen.claim('r-1/a')).toBe('unknown');
    });
  });
}

describe('can’t be told', () => {
  it('without credentials', async () => {
    expect(await createSeen(machine({ MLREG_SHADOW_TABLE: table })).claim('a')).toBe('unknown');
  });

  it.each([400, 403, 500])('of a table that answers %i', async (status) => {
    const server = http.createServer(
      (_, response) => void response.writeHead(status).end('{"__type":"Throttling"}'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const seen = createSeen(machine({ ...credentials, AWS_ENDPOINT_URL: url, MLREG_SHADOW_TABLE: table }));
    expect(await seen.claim('a')).toBe('unknown');
    server.closeAllConnections();
    server.close();
  });
});
