import { Buffer } from 'node:buffer';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ServiceAddress } from './service-address.ts';
import { createSigner } from './sigv4.ts';

export interface Timers {
  readonly set: (run: () => void, ms: number) => unknown;
  readonly clear: (timer: unknown) => void;
}

export interface Machine {
  readonly now: () => number;
  readonly timers: Timers;
}

export type Reply =
  | {
      readonly kind: 'replied';
      readonly status: number;
      readonly contentType: string | undefined;
      readonly errorType: string | undefined;
      readonly body: Buffer;
    }
  | { readonly kind: 'failed'; readonly why: 'timeout' | 'unavailable'; readonly detail: string };

/** One AWS service, asked by signed POSTs over kept connections. Neither rejects. */
export interface Poster {
  /** One try, never longer than `timeoutMs`. @param path of characters that need no escaping */
  readonly post: (
    path: string,
    body: string | Uint8Array,
    timeoutMs: number,
    types?: { readonly contentType: string; readonly accept?: string },
  ) => Promise<Reply>;
  /** Makes ready what the first call would have to wait for. True where a connection stands. */
  readonly warm: () => Promise<boolean>;
}

/** After so long without a call the far end has probably closed. */
const staleAfterMs = 30_000;
const connectMs = 2_000;

/**
 * Straight over node:http. The SDK's client costs three to four times the CPU time of it on every request, and retries by
 * itself, which would hide throttles and failures from the metrics.
 * @param wanted headers and query of every request, as the signer takes them
 */
export function createPoster(
  { service, url, region, credentials }: ServiceAddress,
  wanted: { readonly headers?: Readonly<Record<string, string>>; readonly query?: string },
  { now, timers }: Machine,
): Poster {
  const { Agent, request: open } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  const base = url.pathname.replace(/\/$/, '');
  const signer = createSigner({ credentials, region, service, host: url.host, ...wanted });
  const search = wanted.query === undefined ? '' : `?${wanted.query}`;
  const target = {
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
  };
  let usedAt = now();

  return {
    post(suffix, body, timeoutMs, types) {
      const path = `${base}${suffix}`;
      const at = now();
      // A thawed environment may hold connections of which it never heard that they are gone: a write into one would
      // hang until the deadline.
      if (at - usedAt > staleAfterMs) dropIdle(agent);
      usedAt = at;
      const headers = signer.sign(path, body, at, types?.contentType);
      headers.push(
        'accept',
        types?.accept ?? 'application/json',
        'content-length',
        String(Buffer.byteLength(body)),
      );
      const post = (fresh: boolean): ClientRequest =>
        open({ ...target, method: 'POST', path: path + search, headers, agent: fresh ? false : agent });
      return exchange(post, { body, timeoutMs, timers });
    },
    warm() {
      signer.sign('/', '', now());
      usedAt = now();
      // No HEAD: Node closes the connection after an answer to one that states no length.
      return connect(open({ ...target, method: 'GET', path: '/', agent }), timers);
    },
  };
}

function exchange(
  open: (fresh: boolean) => ClientRequest,
  call: { readonly body: string | Uint8Array; readonly timeoutMs: number; readonly timers: Timers },
): Promise<Reply> {
  return new Promise((resolve) => {
    let current: ClientRequest | undefined;
    let settled = false;
    const settle = (reply: Reply): void => {
      settled = true;
      call.timers.clear(deadline);
      resolve(reply);
    };
    const fail = (error: NodeJS.ErrnoException): void =>
      settle({ kind: 'failed', why: 'unavailable', detail: error.code ?? 'the connection broke' });
    const deadline = call.timers.set(() => {
      settle({ kind: 'failed', why: 'timeout', detail: `no answer within ${call.timeoutMs} ms` });
      current?.destroy();
    }, call.timeoutMs);

    const send = (fresh: boolean): void => {
      const request = open(fresh);
      current = request;
      let response: IncomingMessage | undefined;
      const broken = (error: NodeJS.ErrnoException): void => {
        if (settled) return;
        // The far end closed an idle connection just as it was taken up again: nothing came of that try.
        const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        if (closed && !fresh && !response && request.reusedSocket) return send(true);
        fail(error);
      };
      request.on('error', broken);
      request.on('response', (message) => {
        response = message;
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('error', broken);
        message.on('end', () =>
          settle(replyOf(message, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))),
        );
      });
      request.end(call.body);
    };
    try {
      send(false);
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
  });
}

function replyOf(message: IncomingMessage, body: Buffer = Buffer.alloc(0)): Reply {
  const errorType = message.headers['x-amzn-errortype'];
  return {
    kind: 'replied',
    status: message.statusCode ?? 0,
    contentType: message.headers['content-type'],
    errorType: typeof errorType === 'string' ? errorType : undefined,
    body,
  };
}

/** Any answer will do, the unsigned request is turned away; what counts is that the connection now stands. */
function connect(request: ClientRequest, timers: Timers): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (connected: boolean): void => {
      timers.clear(deadline);
      resolve(connected);
    };
    const deadline = timers.set(() => {
      settle(false);
      request.destroy();
    }, connectMs);
    request.on('error', () => settle(false));
    request.on('response', (message) => {
      message.on('error', () => settle(false));
      message.on('end', () => settle(true));
      message.resume();
    });
    request.end();
  });
}

function dropIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}
