import { Buffer } from 'node:buffer';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { classify, failed } from './classify.ts';
import type { Environment } from './config.ts';
import type { ModelAnswer, ModelClient } from './invoke.ts';
import { serviceAddress } from './service-address.ts';
import { createSigner } from './sigv4.ts';

export interface Timers {
  readonly set: (run: () => void, ms: number) => unknown;
  readonly clear: (timer: unknown) => void;
}

/** After so long without a call the far end has probably closed. */
const staleAfterMs = 30_000;
const connectMs = 2_000;

/**
 * SageMaker runtime's InvokeEndpoint straight over node:http, one try. The SDK's client costs three to four times the
 * CPU time of it on every request, and retries by itself, which would hide throttles and failures from the metrics.
 */
export function createHttpClient(deps: {
  readonly env: Environment;
  readonly now: () => number;
  readonly timers: Timers;
}): ModelClient {
  try {
    return connectTo(serviceAddress(deps.env), deps);
  } catch (error) {
    const broken = failed('unavailable', (error as Error).message);
    return { invoke: async () => broken, warm: async () => false };
  }
}

function connectTo(
  { url, region, credentials }: ReturnType<typeof serviceAddress>,
  { now, timers }: { readonly now: () => number; readonly timers: Timers },
): ModelClient {
  const { Agent, request: open } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  const base = url.pathname.replace(/\/$/, '');
  const signer = createSigner({ credentials, region, service: 'sagemaker', host: url.host });
  const target = {
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
  };
  let usedAt = now();

  return {
    invoke(endpoint, body, timeoutMs) {
      const path = `${base}/endpoints/${endpoint}/invocations`;
      const at = now();
      // A thawed environment may hold connections of which it never heard that they are gone: a write into one would
      // hang until the deadline.
      if (at - usedAt > staleAfterMs) dropIdle(agent);
      usedAt = at;
      const headers = signer.sign(path, body, at);
      headers.push('accept', 'application/json', 'content-length', String(Buffer.byteLength(body)));
      const post = (fresh: boolean): ClientRequest =>
        open({ ...target, method: 'POST', path, headers, agent: fresh ? false : agent });
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
  call: { readonly body: string; readonly timeoutMs: number; readonly timers: Timers },
): Promise<ModelAnswer> {
  return new Promise((resolve) => {
    let current: ClientRequest | undefined;
    let settled = false;
    const settle = (answer: ModelAnswer): void => {
      settled = true;
      call.timers.clear(deadline);
      resolve(answer);
    };
    const fail = (error: NodeJS.ErrnoException): void =>
      settle(failed('unavailable', error.code ?? 'the connection broke'));
    const deadline = call.timers.set(() => {
      settle(failed('timeout', `no answer within ${call.timeoutMs} ms`));
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
          settle(answerOf(message, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))),
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

function answerOf(message: IncomingMessage, body: Buffer = Buffer.alloc(0)): ModelAnswer {
  const status = message.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return { kind: 'answered', contentType: message.headers['content-type'] ?? 'application/json', body };
  }
  const errorType = message.headers['x-amzn-errortype'];
  return classify(status, typeof errorType === 'string' ? errorType : undefined, body.toString());
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
