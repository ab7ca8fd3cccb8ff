import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../domain/user-error.ts';

export interface PagesOptions {
  /** 0: any that is free. */
  readonly port: number;
  /**
   * What stands under a path; null: nothing.
   * @param nonce what a script of the page must carry in order to run
   */
  readonly page: (path: string, nonce: string) => Promise<string | null>;
  /** Resolves after a look at what the pages show, to one word for them: `changed`, or `same`; or when the signal aborts. */
  readonly changed: (signal: AbortSignal) => Promise<string>;
}

export interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Pages for whoever sits at this machine: on loopback alone, under no name but loopback's (a web page could reach it by
 * a name that resolves to 127.0.0.1), for reading only.
 * @throws UserError where the port is taken
 */
export async function servePages({ port, page, changed }: PagesOptions): Promise<Pages> {
  const over = new AbortController();
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, why: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...safe }).end(`${why}\n`);
    };
    if (!isAskedAsLoopback(request)) return refuse(403, 'only as 127.0.0.1 or localhost');
    if (request.method !== 'GET') return refuse(405, 'to be read only');
    const path = request.url ?? '/';
    if (path === '/changes') return tell(response);
    const nonce = randomBytes(16).toString('base64');
    const text = await page(path, nonce);
    if (text === null) return refuse(404, 'nothing here');
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        ...safe,
      })
      .end(text);
  }

  /** Server-sent events: one for each look, so that a page knows how old it is. Source: HTML Living Standard, 9.2. */
  async function tell(response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, over.signal]);
    response.writeHead(200, { 'content-type': 'text/event-stream', ...safe });
    // The page is older than this connection.
    response.write('retry: 2000\ndata: changed\n\n');
    while (!signal.aborted) {
      const word = await changed(signal);
      if (!signal.aborted) response.write(`data: ${word}\n\n`);
    }
    response.end();
  }

  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new UserError('usage', `port ${port} can't be listened on`, {
      cause,
      why: cause instanceof Error ? cause.message : String(cause),
      mend: 'choose another by --port, or any that is free by --port 0',
    });
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      over.abort();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const safe = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Exactly one Host, which is loopback's, and a target that names no host of its own. */
function isAskedAsLoopback(request: IncomingMessage): boolean {
  const hosts = request.headersDistinct.host ?? [];
  return (
    hosts.length === 1 &&
    /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(hosts[0] ?? '') &&
    request.url?.startsWith('/') === true
  );
}
