import { STATUS_CODES } from 'node:http';
import { Duplex } from 'node:stream';
import { asSocket } from './memory-socket.ts';

export interface DirectRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** By lower case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface DirectAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * A client's end of a connection to a server in this process. Node's HTTP client writes and reads it as any other; what
 * it writes is read here where it is plain (a GET or POST, whole, of single headers), which is what SDKs send all day.
 * At the first request that is anything else, the connection goes over to a real server, with what was written so far.
 * Together with the absence of system calls that is a third of the CPU that TCP and two HTTP parsers take.
 */
export function directConnection(options: {
  /** What `Host` must be. */
  readonly host: string;
  /** Rejects never. */
  readonly answer: (request: DirectRequest) => Promise<DirectAnswer>;
  /** A connection to the real server. */
  readonly otherwise: () => Duplex;
}): Duplex {
  let held: Buffer | undefined;
  let answering = false;
  let server: Duplex | undefined;

  const take = (chunk: Buffer): void => {
    if (server) {
      server.write(chunk);
      return;
    }
    held = held === undefined ? chunk : Buffer.concat([held, chunk]);
    if (!answering) read(held);
  };
  const read = (bytes: Buffer): void => {
    const request = plainRequest(bytes, options.host);
    if (request === 'unfinished') return;
    held = undefined;
    if (request === 'other') {
      handOver(bytes);
      return;
    }
    answering = true;
    void options.answer(request).then((answer) => {
      answering = false;
      if (client.destroyed) return;
      client.push(spelled(answer));
      if (held !== undefined) read(held);
    });
  };
  const handOver = (bytes: Buffer): void => {
    const real = options.otherwise();
    server = real;
    real.on('data', (chunk: Buffer) => client.push(chunk));
    real.on('end', () => client.push(null));
    real.on('error', () => undefined);
    real.on('close', () => client.destroy());
    real.write(bytes);
  };

  const client = asSocket(
    new Duplex({
      allowHalfOpen: false,
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        take(chunk);
        done();
      },
      writev(chunks: { chunk: Buffer }[], done) {
        take(Buffer.concat(chunks.map(({ chunk }) => chunk)));
        done();
      },
      final(done) {
        if (server) server.end();
        else client.push(null);
        done();
      },
      destroy(error, done) {
        server?.destroy();
        done(error);
      },
    }),
  );
  return client;
}

/** Larger ones go the long way. */
const bodyAtMost = 8 * 1024 * 1024;
const headAtMost = 16 * 1024;

/** One whole request that can be read in one way only; else `other`. */
function plainRequest(bytes: Buffer, host: string): DirectRequest | 'unfinished' | 'other' {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return bytes.length > headAtMost ? 'other' : 'unfinished';
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const start = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1$/.exec(first);
  const headers = headersOf(lines);
  if (start === null || headers === undefined || headers['host'] !== host) return 'other';
  const length = lengthOf(headers);
  if (length === undefined) return 'other';
  const whole = end + 4 + length;
  if (bytes.length < whole) return 'unfinished';
  if (bytes.length > whole) return 'other';
  return {
    method: start[1] as string,
    target: start[2] as string,
    headers,
    body: bytes.subarray(end + 4),
  };
}

function headersOf(lines: readonly string[]): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!/^[a-z][a-z0-9-]*$/.test(name) || !/^[ -~]*$/.test(value)) return undefined;
    if (unplain.has(name) || Object.hasOwn(headers, name)) return undefined;
    headers[name] = value;
  }
  return headers['connection'] === undefined || /^keep-alive$/i.test(headers['connection'])
    ? headers
    : undefined;
}

const unplain = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te']);

function lengthOf(headers: Readonly<Record<string, string>>): number | undefined {
  const given = headers['content-length'];
  if (given === undefined) return 0;
  const length = /^\d{1,8}$/.test(given) ? Number(given) : Number.NaN;
  return length <= bodyAtMost ? length : undefined;
}

function spelled({ status, headers, body }: DirectAnswer): Buffer {
  const bodiless = status === 204 || status === 304;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  head += bodiless ? '\r\n' : `content-length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + (bodiless ? 0 : body.length));
  bytes.write(head, 'latin1');
  if (!bodiless) bytes.set(body, head.length);
  return bytes;
}
