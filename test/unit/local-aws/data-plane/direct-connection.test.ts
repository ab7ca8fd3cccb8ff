import { hash } from 'node:crypto';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ControlRequest,
  type ControlServer,
  startControl,
} from '../../../../src/local-aws/daemon-control.ts';
import { functionHttp } from '../../../../src/local-aws/data-plane/function-http.ts';

let control: ControlServer;
let port: number;
let handled: ControlRequest[];
let sockets: Duplex[];

beforeAll(async () => {
  control = await startControl({
    port: 0,
    sessionToken: 'the token',
    handle: async (request) => {
      handled.push(request);
      if (request.path === '/breaks') throw new Error('broken');
      if (request.path === '/empty') return { status: 204, headers: {}, body: Buffer.alloc(0) };
      const size = request.path === '/large' ? 3_000_000 : 5;
      return { status: 201, headers: { 'x-amzn-requestid': 'r1' }, body: Buffer.alloc(size, 'é', 'latin1') };
    },
    status: () => ({ pid: 1 }),
    stop: () => undefined,
  });
  port = Number(new URL(control.url).port);
});
afterAll(() => control.stop());
beforeEach(() => {
  handled = [];
  sockets = [];
});

const own = functionHttp((host, at) => {
  if (host !== '127.0.0.1' || at !== port) return undefined;
  const socket = control.connect();
  if (socket) sockets.push(socket);
  return socket;
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  /** Several are written one by one. */
  readonly body?: readonly (string | Buffer)[];
}

function send(agent: http.Agent, sent: Sent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/endpoints/a/invocations', headers = {}, body = [] } = sent;
    const request = own.request({ host: '127.0.0.1', port, method, path, headers, agent });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { 'x-amzn-requestid': id, 'content-type': type } = response.headers;
        resolve({
          status: response.statusCode,
          reason: response.statusMessage,
          id,
          type,
          bytes: summary(Buffer.concat(chunks)),
        });
      });
    });
    for (const part of body.slice(0, -1)) request.write(part);
    request.end(body.at(-1));
  });
}

/** Enough to tell them apart; megabytes take their time to be compared one by one. */
const summary = (bytes: Uint8Array): string => `${bytes.length} ${hash('sha256', bytes)}`;

/** What the server was handed and what came back, over the network and within the process. */
async function bothWays(...all: Sent[]): Promise<{ over: unknown; within: unknown }> {
  const ways: unknown[] = [];
  for (const { Agent } of [http, own]) {
    const agent = new Agent({ keepAlive: true });
    handled = [];
    const answers: unknown[] = [];
    for (const sent of all) answers.push(await send(agent, sent));
    const seen = handled.map(({ headers, query, body, ...rest }) => {
      // Who goes the short way needs no word about the connection.
      const { connection: _, ...others } = headers;
      return { ...rest, headers: others, query: { ...query }, body: summary(body) };
    });
    ways.push({ answers, seen });
    agent.destroy();
  }
  return { over: ways[0], within: ways[1] };
}

const json = { 'Content-Type': 'application/json', 'X-Amz-Security-Token': 'the token' };
const large = Buffer.alloc(9_000_000, 'a');

describe('a connection within the process says the same as one over the network', () => {
  it.each<[string, Sent[]]>([
    ['to a request with a body', [{ headers: { ...json, 'content-length': '4' }, body: ['{"é'] }]],
    ['to one without', [{ method: 'GET', path: '/a?x=1&x=2&y=' }]],
    ['to one after the other', [{ body: ['1'] }, { method: 'GET', path: '/' }, { body: ['2'] }]],
    ['to a body in parts of stated length', [{ headers: { 'content-length': '4' }, body: ['ab', 'cd'] }]],
    ['to a chunked body', [{ body: ['ab', 'cd'] }, { body: ['after it'] }]],
    [
      'to another method',
      [
        { method: 'PUT', path: '/x', body: ['a'] },
        { method: 'HEAD', path: '/x' },
      ],
    ],
    ['to a header given twice', [{ headers: { 'x-a': ['1', '2'] }, body: ['a'] }]],
    ['to a header with bytes beyond ASCII', [{ headers: { 'x-a': 'é' }, body: ['a'] }]],
    ['to one that ends the connection', [{ headers: { connection: 'close' }, body: ['a'] }, { body: ['b'] }]],
    ['to one that waits to be told to go on', [{ headers: { expect: '100-continue' }, body: ['a'] }]],
    ['to one for another host', [{ headers: { host: 'evil.example' }, body: ['a'] }]],
    ['to a large body', [{ body: [large] }]],
    ['with a large answer', [{ path: '/large' }, { body: ['after it'] }]],
    ['with no body', [{ path: '/empty', body: ['a'] }, { body: ['after it'] }]],
    ['where the handler breaks', [{ path: '/breaks', body: ['a'] }]],
    ["where it is the daemon's own", [{ method: 'GET', path: '/_local/status', headers: json }]],
  ])('%s', async (_case, sent) => {
    const { over, within } = await bothWays(...sent);
    expect(within).toEqual(over);
  });

  it('and uses one connection for all', async () => {
    const agent = new own.Agent({ keepAlive: true });
    for (let i = 0; i < 5; i++) await send(agent, { body: [String(i)] });
    expect(sockets).toHaveLength(1);
    agent.destroy();
    expect(sockets[0]?.destroyed).toBe(true);
  });

  it('and may be left in the middle', async () => {
    const agent = new own.Agent({ keepAlive: true });
    const request = own.request({ host: '127.0.0.1', port, method: 'POST', path: '/x', agent });
    const error = new Promise((resolve) => request.on('error', resolve));
    request.end('a');
    request.destroy(new Error('enough'));
    expect(await error).toMatchObject({ message: 'enough' });
    expect(await send(agent, { body: ['b'] })).toMatchObject({ status: 201 });
  });
});

it('goes over the network elsewhere', async () => {
  const other = http.createServer((_, response) => response.end('other'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const at = (other.address() as { port: number }).port;
  const text = await new Promise((resolve) => {
    own.get(
      { host: '127.0.0.1', port: at, agent: new own.Agent() },
      (response) => void response.on('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
  });
  expect(text).toBe('other');
  expect(sockets).toHaveLength(0);
  other.closeAllConnections();
  other.close();
});
