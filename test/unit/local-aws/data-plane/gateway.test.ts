import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../../../src/local-aws/data-plane/gateway.ts';
import type { GatewayView, IntegrationTarget } from '../../../../src/local-aws/seams.ts';
import { manualClock } from './manual-clock.ts';

interface Event extends Record<string, unknown> {
  readonly requestContext: { readonly requestId: string };
}

type Reply = Awaited<ReturnType<GatewayView['invoke']>>;

const clock = manualClock(Date.UTC(2026, 10, 21, 8, 29, 49));
const lambda: IntegrationTarget = {
  kind: 'lambda',
  functionArn: 'arn:f:live',
  routeKey: 'POST /recommend',
  stage: '$default',
};

let gateway: Gateway;
let port: number;
let target: IntegrationTarget;
let reply: (payload: string) => Reply | Promise<Reply>;
let invoked: { arn: string; event: Event }[];
let recorded: unknown[][];

const returns = (value: unknown, functionError?: 'Unhandled'): Reply => ({
  kind: 'ok',
  executedVersion: '1',
  result: {
    payload: JSON.stringify(value),
    coldStart: false,
    logs: [],
    ...(functionError && { functionError }),
  },
});

beforeAll(async () => {
  gateway = await startGateway({
    port: 0,
    clock,
    apiId: () => 'api123',
    stage: '$default',
    accountId: '000000000000',
    runId: 'Run',
    view: {
      route: (apiId, stage, method, path) => (path === '/none' ? { kind: 'not-found' } : target),
      invoke: async (arn, payload) => {
        invoked.push({ arn, event: JSON.parse(payload) });
        return reply(payload);
      },
      record: (...numbers) => void recorded.push(numbers),
    },
  });
  port = Number(new URL(gateway.url).port);
});
afterAll(() => gateway.stop());
beforeEach(() => {
  target = lambda;
  reply = () => returns({ statusCode: 200, body: 'ok' });
  invoked = [];
  recorded = [];
});

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: string;
}

/** The bytes as they are, for clients mend what is to be tested here. */
function raw(request: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...body] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
      const [line = '', ...headers] = head.split('\r\n');
      resolve({ status: Number(line.split(' ')[1]), headers, body: body.join('\r\n\r\n') });
    });
  });
}

function post(
  path: string,
  body: string,
  headers: readonly string[] = ['content-type: application/json'],
): Promise<Answer> {
  const lines = [`POST ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'connection: close', ...headers];
  return raw(`${lines.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

describe('the event', () => {
  it('is payload format 2.0', async () => {
    const headers = [
      'Content-Type: application/json',
      'X-User: a',
      'x-user: b',
      'Cookie: s=1; t=2',
      'Keep-Alive: 1',
      'user-agent: test',
    ];
    await post('/recommend?k=10&tag=a&tag=b%20c', '{"userId":"ü"}', headers);
    const requestId = invoked[0]?.event.requestContext.requestId;
    expect(requestId).toMatch(/^Run\w+=$/);
    expect(invoked).toEqual([
      {
        arn: 'arn:f:live',
        event: {
          version: '2.0',
          routeKey: 'POST /recommend',
          rawPath: '/recommend',
          rawQueryString: 'k=10&tag=a&tag=b%20c',
          cookies: ['s=1', 't=2'],
          headers: {
            host: `127.0.0.1:${port}`,
            'content-type': 'application/json',
            'content-length': '15',
            'user-agent': 'test',
            'x-user': 'a,b',
            'x-forwarded-for': '127.0.0.1',
            'x-forwarded-proto': 'http',
          },
          queryStringParameters: { k: '10', tag: 'a,b c' },
          requestContext: {
            accountId: '000000000000',
            apiId: 'api123',
            domainName: `127.0.0.1:${port}`,
            domainPrefix: 'api123',
            http: {
              method: 'POST',
              path: '/recommend',
              protocol: 'HTTP/1.1',
              sourceIp: '127.0.0.1',
              userAgent: 'test',
            },
            requestId,
            routeKey: 'POST /recommend',
            stage: '$default',
            time: '21/Nov/2026:08:29:49 +0000',
            timeEpoch: clock.now(),
          },
          body: '{"userId":"ü"}',
          isBase64Encoded: false,
        },
      },
    ]);
  });

  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['text/csv', false],
    ['application/xml', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('holds a body of type %s as base64: %s', async (type, isBase64Encoded) => {
    await post('/recommend', 'a=1', type === undefined ? [] : [`content-type: ${type}`]);
    const body = isBase64Encoded ? Buffer.from('a=1').toString('base64') : 'a=1';
    expect(invoked[0]?.event).toMatchObject({ body, isBase64Encoded });
  });

  it('holds the path parameters of its route', async () => {
    target = { ...lambda, routeKey: 'POST /models/{name}/{rest+}' };
    await post('/models/rec%20v1/a/b', '');
    expect(invoked[0]?.event['pathParameters']).toEqual({ name: 'rec v1', rest: 'a/b' });
    expect(invoked[0]?.event).not.toHaveProperty('body');
  });
});

describe('the answer', () => {
  const internal = '{"message":"Internal Server Error"}';
  const json = 'content-type: application/json';
  it.each<[string, Reply, number, string, string[]]>([
    [
      'a response',
      returns({ statusCode: 201, headers: { 'X-Model-Version': 'v2', 'x-n': 3 }, body: 'hi' }),
      201,
      'hi',
      ['x-model-version: v2', 'x-n: 3'],
    ],
    [
      'a response without a type',
      returns({ statusCode: 200, body: 'hi' }),
      200,
      'hi',
      ['content-type: text/plain; charset=utf-8'],
    ],
    ['a response without a body', returns({ statusCode: 204 }), 204, '', []],
    [
      'a body in base64',
      returns({ statusCode: 200, body: 'aGk=', isBase64Encoded: true }),
      200,
      'hi',
      ['content-length: 2'],
    ],
    [
      'cookies',
      returns({ statusCode: 200, cookies: ['a=1', 'b=2'] }),
      200,
      '',
      ['set-cookie: a=1', 'set-cookie: b=2'],
    ],
    [
      'headers that are the connection’s',
      returns({
        statusCode: 200,
        headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': 99, connection: 'x' },
        body: 'hi',
      }),
      200,
      'hi',
      ['content-length: 2'],
    ],
    ['a bare object', returns({ items: [1] }), 200, '{"items":[1]}', [json]],
    ['a bare text', returns('hello'), 200, 'hello', [json]],
    ['a status that is none', returns({ statusCode: 'abc' }), 502, internal, [json]],
    ['headers that are none', returns({ statusCode: 200, headers: ['a'] }), 502, internal, [json]],
    [
      'a header that would end the head',
      returns({ statusCode: 200, headers: { 'x-a': 'b\r\nx-evil: 1' } }),
      502,
      internal,
      [json],
    ],
    [
      'a function that failed',
      returns({ errorType: 'Error', errorMessage: 'secret' }, 'Unhandled'),
      502,
      internal,
      [json],
    ],
    ['a throttled function', { kind: 'throttled' }, 503, '{"message":"Service Unavailable"}', [json]],
    ['a missing permission', { kind: 'denied', why: 'secret' }, 500, internal, [json]],
    ['a missing alias', { kind: 'missing', why: 'secret' }, 500, internal, [json]],
  ])('to %s', async (_case, given, status, body, headers) => {
    reply = () => given;
    const answer = await post('/recommend', '{}');
    expect(answer).toMatchObject({ status, body });
    for (const header of headers) expect(answer.headers).toContain(header);
    expect(answer.headers.filter((header) => /^(transfer-encoding|x-evil)/.test(header))).toEqual([]);
    expect(answer.headers.find((header) => header.startsWith('apigw-requestid: '))).toBeDefined();
    expect(recorded).toEqual([['api123', '$default', status, expect.any(Number), expect.any(Number)]]);
  });

  it.each<[string, string, IntegrationTarget, number, string]>([
    ['no route', '/none', lambda, 404, '{"message":"Not Found"}'],
    ['a route to nowhere', '/recommend', { kind: 'misconfigured', why: 'secret' }, 500, internal],
  ])('to %s', async (_case, path, given, status, body) => {
    target = given;
    expect(await post(path, '{}')).toMatchObject({ status, body });
    expect(recorded).toEqual([['api123', '$default', status, expect.any(Number), undefined]]);
  });

  it('is 500 where the control plane breaks', async () => {
    reply = () => Promise.reject(new Error('secret'));
    expect(await post('/recommend', '{}')).toMatchObject({ status: 500, body: internal });
  });

  it('comes after 30 s at the latest', async () => {
    let ask = (): void => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    reply = () => (ask(), new Promise(() => undefined));
    const answer = post('/recommend', '{}');
    await asked;
    await clock.advance(30_000);
    expect(await answer).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  it('to over 10 MB is a refusal', async () => {
    expect(await post('/recommend', 'x'.repeat(10 * 1024 * 1024))).toMatchObject({ status: 200 });
    const head = `POST /recommend HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${10 * 1024 * 1024 + 1}\r\n\r\n`;
    const answer = await raw(Buffer.concat([Buffer.from(head), Buffer.alloc(10 * 1024 * 1024 + 1)]));
    expect(answer).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
    expect(invoked).toHaveLength(1);
  });
});

describe('who may ask', () => {
  it.each([
    ['127.0.0.1', 'host: 127.0.0.1', 200],
    ['localhost and a port', 'Host: localhost:8080', 200],
    ['IPv6 loopback', 'host: [::1]:8080', 200],
    ["an API's own name", 'host: a1b2c3.execute-api.localhost:8080', 200],
    ['another name', 'host: evil.example', 403],
    ['a name like that of an API', 'host: a1b2c3.execute-api.evil.example', 403],
    ['an API of a longer name', 'host: a1.execute-api.localhost.evil.example', 403],
    ['a name that begins well', 'host: 127.0.0.1.evil.example', 403],
    ['a name that ends well', 'host: evil.example:127.0.0.1', 403],
    ['two hosts, the first good', 'host: 127.0.0.1\r\nHost: evil.example', 403],
    ['two hosts, the second good', 'host: evil.example\r\nHost: 127.0.0.1', 403],
    ['an empty host', 'host:', 403],
  ])('%s', async (_case, header, status) => {
    const answer = await raw(`GET /health HTTP/1.1\r\n${header}\r\nconnection: close\r\n\r\n`);
    expect(answer.status).toBe(status);
    expect(invoked).toHaveLength(status === 200 ? 1 : 0);
    expect(recorded).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['127.0.0.1', 'api123'],
    ['A1B2c3.execute-api.localhost', 'a1b2c3'],
  ])('%s is the API %s', async (host, apiId) => {
    await raw(`GET /health HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    expect(invoked[0]?.event.requestContext).toMatchObject({ apiId });
    expect(recorded[0]?.[0]).toBe(apiId);
  });

  it('is refused without a host, and with a target that names one', async () => {
    expect((await raw('GET /health HTTP/1.0\r\n\r\n')).status).toBe(403);
    const absolute = `GET http://evil.example/health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
    expect((await raw(absolute)).status).toBe(403);
    expect(invoked).toEqual([]);
  });
});

it('counts', async () => {
  const before = gateway.counters();
  await post('/none', '');
  const after = gateway.counters();
  expect(after.requests - before.requests).toBe(1);
  expect(after.status['4xx'] - before.status['4xx']).toBe(1);
  expect(after.inFlight).toBe(0);
});

describe('a route with an authorizer', () => {
  const authorizer = { id: 'auth', functionArn: 'arn:keys:live', headers: ['x-api-key'], resultTtlMs: 0 };
  const ask = async (key?: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${gateway.url}/recommend`, {
      method: 'POST',
      headers: key === undefined ? {} : { 'x-api-key': key },
      body: '{"userId":"u"}',
    });
    return { status: response.status, body: await response.json() };
  };
  beforeEach(() => {
    target = { ...lambda, authorizer } as IntegrationTarget;
  });

  it('is asked first, of the request without its body', async () => {
    reply = (payload) => returns(payload.includes('REQUEST') ? { isAuthorized: true } : { served: true });
    expect(await ask('k')).toEqual({ status: 200, body: { served: true } });
    expect(invoked.map(({ arn }) => arn)).toEqual(['arn:keys:live', 'arn:f:live']);
    const [asked] = invoked;
    expect(asked?.event).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      identitySource: ['k'],
      headers: { 'x-api-key': 'k' },
      requestContext: { http: { method: 'POST' } },
    });
    expect(Object.keys(asked?.event ?? {})).not.toContain('body');
  });

  it('without the identity source is 401, and nobody is asked', async () => {
    expect(await ask()).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect(invoked).toEqual([]);
  });

  it.each([
    { what: 'refuses', answer: returns({ isAuthorized: false }), status: 403, message: 'Forbidden' },
    { what: 'throws', answer: returns({}, 'Unhandled'), status: 500, message: 'Internal Server Error' },
    {
      what: 'says neither',
      answer: returns({ isAuthorized: 'yes' }),
      status: 500,
      message: 'Internal Server Error',
    },
    { what: 'says nothing', answer: returns(null), status: 500, message: 'Internal Server Error' },
    {
      what: 'is throttled',
      answer: { kind: 'throttled' } as const,
      status: 500,
      message: 'Internal Server Error',
    },
  ])('that $what is $status and reaches no integration', async ({ answer, status, message }) => {
    reply = () => answer;
    expect(await ask('k')).toEqual({ status, body: { message } });
    expect(invoked.map(({ arn }) => arn)).toEqual(['arn:keys:live']);
  });

  it('caches an answer for its time to live, by key', async () => {
    target = {
      ...lambda,
      authorizer: { ...authorizer, id: 'cached', resultTtlMs: 60_000 },
    } as IntegrationTarget;
    reply = (payload) => returns({ isAuthorized: payload.includes('"identitySource":["good"]') });
    expect([(await ask('bad')).status, (await ask('bad')).status]).toEqual([403, 403]);
    expect(invoked).toHaveLength(1);
    await ask('good');
    expect(invoked.map(({ arn }) => arn)).toEqual(['arn:keys:live', 'arn:keys:live', 'arn:f:live']);
  });
});
