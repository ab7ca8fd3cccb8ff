import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { DaemonRefused } from './daemon-files.ts';
import { directConnection } from './data-plane/direct-connection.ts';
import { namesLoopback } from './data-plane/loopback-host.ts';
import { memorySockets } from './data-plane/memory-socket.ts';

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ControlResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ControlServer {
  readonly url: string;
  /** A connection from within this process; undefined once it is stopped. */
  connect(): Duplex | undefined;
  stop(): Promise<void>;
}

/** A Lambda package is 50 MB at most, and comes as base64. */
const bodyLimit = 70 * 1024 * 1024;

/**
 * The control plane and, beside it, what is the daemon's own: `GET /_local/status` and `POST /_local/stop`, for which the session
 * token goes into X-Amz-Security-Token too.
 * @throws DaemonRefused where the port is taken
 */
export async function startControl(options: {
  readonly port: number;
  readonly sessionToken: string;
  readonly handle: (request: ControlRequest) => Promise<ControlResponse>;
  readonly status: () => unknown;
  readonly stop: () => void;
}): Promise<ControlServer> {
  const admin = (request: ControlRequest): ControlResponse => {
    if (!sameSecret(request.headers['x-amz-security-token'], options.sessionToken)) {
      return json(403, { message: 'The security token included in the request is invalid.' });
    }
    switch (`${request.method} ${request.path}`) {
      case 'GET /_local/status':
        return json(200, options.status());
      case 'POST /_local/stop':
        // After the answer is out, for the server it goes through is about to close.
        setImmediate(options.stop);
        return json(202, { stopping: true });
    }
    return json(405, { message: `no ${request.method} ${request.path}` });
  };

  const answer = (call: ControlRequest): Promise<ControlResponse> => {
    if (ours.has(call.path)) return Promise.resolve(admin(call));
    return options
      .handle(call)
      .catch((error: unknown) =>
        json(500, { message: error instanceof Error ? error.message : String(error) }),
      );
  };

  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 120_000 }, (request, response) => {
    if (!namesLoopback(request)) {
      send(response, json(403, { message: 'Forbidden' }));
      request.resume();
      return;
    }
    readBody(request, (body) => {
      if (body === undefined) {
        response.shouldKeepAlive = false;
        send(response, json(413, { message: 'Request entity too large' }));
        return;
      }
      // Of requests, only Set-Cookie would come as an array.
      const headers = request.headers as Record<string, string>;
      const call = asControlRequest(request.method ?? 'GET', request.url as string, headers, body);
      void answer(call).then((reply) => send(response, reply));
    });
  });
  await listen(server, options.port, '--control-port');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connect() {
      if (!server.listening) return undefined;
      return directConnection({
        host: `127.0.0.1:${port}`,
        answer: ({ method, target, headers, body }) =>
          answer(asControlRequest(method, target, headers, body)),
        otherwise() {
          const [near, far] = memorySockets();
          server.emit('connection', far);
          return near;
        },
      });
    },
    stop: () => close(server),
  };
}

/** @throws DaemonRefused where the port is taken, naming the flag that sets it */
async function listen(server: Server, port: number, flag: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portRefused(error, port, flag)));
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** Binds the port and gives it back. @throws DaemonRefused where it can't be had, naming the flag that sets it */
export async function proveFree(port: number, flag: string): Promise<void> {
  const probe = createServer();
  await listen(probe, port, flag);
  await close(probe);
}

export function portRefused(error: Error, port: number, flag: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new DaemonRefused(
      `port ${port} is taken by another program`,
      `choose another: ${flag} ${port + 1}`,
      { cause: error },
    );
  }
  if (code === 'EACCES') {
    return new DaemonRefused(`port ${port} may not be opened`, `choose one above 1023: ${flag} 8081`, {
      cause: error,
    });
  }
  return error;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), 1_000);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function asControlRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): ControlRequest {
  const mark = target.indexOf('?');
  return {
    method,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? none : queryOf(target.slice(mark + 1)),
    headers,
    body,
  };
}

const ours = new Set(['/_local/status', '/_local/stop']);
const none = {};

function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    const within = size <= bodyLimit;
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
    else if (within) done(undefined);
  });
  request.on('end', () => {
    if (size <= bodyLimit) done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
  });
}

function json(status: number, document: unknown): ControlResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(document)),
  };
}

function send(response: ServerResponse, { status, headers, body }: ControlResponse): void {
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(body);
}

function sameSecret(given: string | undefined, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(secret));
}
