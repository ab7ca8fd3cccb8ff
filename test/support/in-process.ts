import { Readable } from 'node:stream';
import type { LocalAws, WireRequest, WireResponse } from '../../src/local-aws/core/local-aws.ts';

/** What a request meets on its way, decided before it is handled. */
export type Fate =
  | 'pass'
  /** Fails before it takes effect: the connection was refused, say. */
  | { readonly kind: 'before'; readonly error: Error }
  /** Takes effect, but its answer is lost: a time-out, as far as the caller knows. */
  | { readonly kind: 'after'; readonly error: Error }
  /** Never answered, nor handled: ends when the caller gives up. */
  | { readonly kind: 'hang' };

/** What an SDK client takes as `requestHandler`. */
export interface InProcessHandler {
  readonly metadata: { readonly handlerProtocol: 'in-process' };
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: Abortable },
  ): Promise<{ response: SdkResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
}

/**
 * Lets an AWS SDK v3 client talk to local AWS without sockets:
 * `new LambdaClient({ requestHandler: inProcess(local), region, credentials })`.
 * An abort rejects at once with `AbortError`; a request already being handled takes effect all the same.
 */
export function inProcess(
  local: Pick<LocalAws, 'handle'>,
  fate: (request: WireRequest) => Fate | Promise<Fate> = () => 'pass',
): InProcessHandler {
  return {
    metadata: { handlerProtocol: 'in-process' },
    async handle(request, { abortSignal } = {}) {
      const work = async (): Promise<SdkResponse> => {
        const wire = await wireRequest(request);
        const met = await fate(wire);
        if (met === 'pass') return sdkResponse(wire, await local.handle(wire));
        if (met.kind === 'hang') return new Promise(() => undefined);
        if (met.kind === 'after') await local.handle(wire);
        throw met.error;
      };
      return { response: await unlessAborted(work, abortSignal) };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy: () => undefined,
  };
}

interface Abortable {
  readonly aborted: boolean;
  onabort?: unknown;
  addEventListener?: (type: 'abort', listener: () => void, options?: { once: boolean }) => void;
  removeEventListener?: (type: 'abort', listener: () => void) => void;
}

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | Readable;
}

async function unlessAborted<T>(work: () => Promise<T>, signal: Abortable | undefined): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) throw abortError();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError());
    signal.addEventListener?.('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener?.('abort', stop);
  }
}

function abortError(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}

async function wireRequest(request: SdkRequest): Promise<WireRequest> {
  const query = Object.entries(request.query ?? {}).map(([name, value]) => [name, value ?? ''] as const);
  const headers = Object.entries(request.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return {
    method: request.method,
    path: request.path,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(headers),
    body: await bytesOf(request.body),
  };
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array | string>)
    chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Only S3's GetObject streams its answer; the SDK reads the others whole. */
function sdkResponse(request: WireRequest, { status, headers, body }: WireResponse): SdkResponse {
  const streams = request.method === 'GET' && 'x-amz-request-id' in headers;
  return {
    statusCode: status,
    headers: { ...headers },
    body: streams ? Readable.from([body], { objectMode: false }) : body,
  };
}
