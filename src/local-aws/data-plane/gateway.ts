import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayView, LocalClock } from '../seams.ts';
import { createAuthorizerGate } from './authorizer-gate.ts';
import { apiOfHost, namesLoopback } from './loopback-host.ts';
import { answerOf, eventOf, type GatewayAnswer, gatewayMessage } from './payload-v2.ts';

export interface GatewayCounters {
  readonly requests: number;
  readonly inFlight: number;
  readonly status: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;
}

export interface Gateway {
  readonly url: string;
  counters(): GatewayCounters;
  /** Takes no more connections, lets requests under way finish for a while, closes. */
  stop(): Promise<void>;
}

/** HTTP API limits: 10 MB, 30 s. */
const bodyLimit = 10 * 1024 * 1024;
const integrationLimitMs = 30_000;

/**
 * The front door of HTTP APIs, to a stage whose name is not in the path (as `$default`). The stage is looked up anew for
 * every request, because it moves while requests come.
 * @throws Error with code EADDRINUSE where the port is taken
 */
export async function startGateway(options: {
  readonly port: number;
  readonly view: GatewayView;
  readonly clock: LocalClock;
  /** The API of requests whose Host names none. */
  readonly apiId: () => string;
  readonly stage: string;
  readonly accountId: string;
  /** Distinguishes this run's request ids from another's. */
  readonly runId: string;
  readonly integrationLimitMs?: number;
}): Promise<Gateway> {
  const { view, clock, stage } = options;
  const limitMs = options.integrationLimitMs ?? integrationLimitMs;
  const status = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
  const admit = createAuthorizerGate(view, clock);
  let requests = 0;
  let inFlight = 0;

  const answer = async (
    request: IncomingMessage,
    body: Buffer,
    requestId: string,
    apiId: string,
  ): Promise<Answered> => {
    const target = request.url as string;
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    const route = view.route(apiId, stage, request.method ?? 'GET', path);
    if (route.kind === 'not-found') return { answer: gatewayMessage(404) };
    if (route.kind === 'misconfigured') return { answer: gatewayMessage(500) };
    const event = eventOf(request, path, mark === -1 ? '' : target.slice(mark + 1), body, {
      accountId: options.accountId,
      apiId,
      stage: route.stage,
      routeKey: route.routeKey,
      requestId,
      at: Math.floor(clock.now()),
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    });
    if (route.authorizer !== undefined) {
      const admission = await admit(route.authorizer, event);
      if (admission !== 'allowed') return { answer: gatewayMessage(admission) };
    }
    const began = performance.now();
    const reply = await limited(clock, limitMs, view.invoke(route.functionArn, event));
    return { answer: answerTo(reply), integrationMs: performance.now() - began };
  };

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const began = performance.now();
    const requestId = nextRequestId(options.runId);
    if (!namesLoopback(request)) {
      send(response, gatewayMessage(403), requestId);
      request.resume();
      return;
    }
    requests++;
    inFlight++;
    const apiId = apiOfHost(request.headers.host) ?? options.apiId();
    const finish = ({ answer, integrationMs }: Answered): void => {
      inFlight--;
      status[`${Math.floor(answer.status / 100)}xx` as keyof typeof status]++;
      send(response, answer, requestId);
      view.record(apiId, stage, answer.status, performance.now() - began, integrationMs);
    };
    readBody(request, (body) => {
      if (body === 'gone') {
        inFlight--;
        return;
      }
      if (body === 'too-large') {
        response.shouldKeepAlive = false;
        finish({ answer: gatewayMessage(413, 'Request Entity Too Large') });
        return;
      }
      answer(request, body, requestId, apiId).then(finish, () => finish({ answer: gatewayMessage(500) }));
    });
  };

  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 60_000 }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counters: () => ({ requests, inFlight, status: { ...status } }),
    stop: () =>
      new Promise((resolve) => {
        const cancel = clock.at(clock.now() + drainMs, () => server.closeAllConnections());
        server.close(() => {
          cancel();
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const drainMs = 3_000;

interface Answered {
  readonly answer: GatewayAnswer;
  /** Undefined where no integration ran. */
  readonly integrationMs?: number;
}

type Reply = Awaited<ReturnType<GatewayView['invoke']>> | { readonly kind: 'late' };

/**
 * Statuses as AWS documents them for Lambda behind API Gateway: an invocation that Lambda refuses is 500, a function
 * that fails or answers what isn't a response is 502; throttled and late are 503.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
 */
function answerTo(reply: Reply): GatewayAnswer {
  switch (reply.kind) {
    case 'ok':
      if (reply.result.functionError !== undefined) return gatewayMessage(502, 'Internal Server Error');
      return answerOf(reply.result.payload) ?? gatewayMessage(502, 'Internal Server Error');
    case 'throttled':
    case 'late':
      return gatewayMessage(503);
    case 'denied':
    case 'missing':
      return gatewayMessage(500);
  }
}

/** The integration goes on when it is late, as on AWS; only the caller stops waiting. */
function limited(clock: LocalClock, ms: number, work: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const cancel = clock.at(clock.now() + ms, () => resolve({ kind: 'late' }));
    work.then(
      (reply) => {
        cancel();
        resolve(reply);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

const nothing = Buffer.alloc(0);

function readBody(request: IncomingMessage, done: (body: Buffer | 'too-large' | 'gone') => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  let ended = false;
  const end = (body: Buffer | 'too-large' | 'gone'): void => {
    if (ended) return;
    ended = true;
    done(body);
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > bodyLimit) {
      end('too-large');
      return;
    }
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on('end', () => end(more ? Buffer.concat(more, size) : (first ?? nothing)));
  request.on('close', () => end('gone'));
}

function send(response: ServerResponse, { status, headers, body }: GatewayAnswer, requestId: string): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  headers.push('content-length', String(length), 'apigw-requestid', requestId);
  response.writeHead(status, headers);
  response.end(body);
}

let served = 0;

function nextRequestId(runId: string): string {
  served++;
  return `${runId}${served.toString(36).padStart(6, '0')}=`;
}
