import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Pages, servePages } from '../../src/host/page-server.ts';

const served: Pages[] = [];
afterEach(async () => {
  await Promise.all(served.splice(0).map((each) => each.close()));
});

let tell: (word: string) => void = () => undefined;
async function serve(port = 0): Promise<Pages> {
  const pages = await servePages({
    port,
    page: async (path, nonce) => {
      if (path === '/broken') throw new Error('the store is out of reach');
      return path === '/' ? `<script nonce="${nonce}"></script>` : null;
    },
    changed: (signal) =>
      new Promise((resolve) => {
        tell = resolve;
        signal.addEventListener("abort", () => resolve("same"));
      }),
  });
  served.push(pages);
  return pages;
}

/** As raw as it is written, for fetch would choose its own Host. */
async function ask({ url }: Pages, ...lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

describe('who may ask', () => {
  it.each([
    ['another name', ['GET / HTTP/1.1', 'Host: evil.example'], 403],
    ['loopback as a part of a name', ['GET / HTTP/1.1', 'Host: 127.0.0.1.evil.example'], 403],
    ['two names', ['GET / HTTP/1.1', 'Host: localhost', 'Host: evil.example'], 403],
    ['a target with a name of its own', ['GET http://evil.example/ HTTP/1.1', 'Host: localhost'], 403],
    ['no name', ['GET / HTTP/1.0'], 403],
    ['for a change', ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 0'], 405],
    ['for what is not there', ['GET /../etc/passwd HTTP/1.1', 'Host: localhost'], 404],
    ['as loopback', ['GET / HTTP/1.1', 'Host: localhost:4580'], 200],
  ])('%s: %#', async (_what, lines, status) => {
    expect(await ask(await serve(), ...lines)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

it('lets only its own script run, and nothing be loaded from elsewhere', async () => {
  const pages = await serve();
  const [first, second] = [
    await ask(pages, 'GET / HTTP/1.1', 'Host: localhost'),
    await ask(pages, 'GET / HTTP/1.1', 'Host: localhost'),
  ];
  const nonce = /<script nonce="([^"]+)">/.exec(first)?.[1] ?? '';
  expect(nonce).toHaveLength(24);
  expect(first).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'`);
  expect(second).not.toContain(nonce);
});

it('says what is wrong, and goes on', async () => {
  const pages = await serve();
  expect(await ask(pages, 'GET /broken HTTP/1.1', 'Host: localhost')).toContain('the store is out of reach');
  expect(await ask(pages, 'GET / HTTP/1.1', 'Host: localhost')).toContain('200 OK');
});

it('tells of each change, and of its own end', async () => {
  const pages = await serve();
  const response = await fetch(`${pages.url}changes`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain('data: changed');
  tell('changed');
  expect((await reader.read()).value).toBe('data: changed\n\n');
  await served.pop()!.close();
  await expect(
    reader.read().then(
      ({ done }) => (done ? 'over' : 'more'),
      () => 'over',
    ),
  ).resolves.toBe('over');
});

it('says so where the port is taken', async () => {
  const { url } = await serve();
  await expect(serve(Number(new URL(url).port))).rejects.toMatchObject({
    fault: 'usage',
    message: expect.stringContaining("can't be listened on"),
  });
});
