import { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { gunzipSync } from 'node:zlib';

/** What the router reads of an API Gateway event, payload format 2.0. */
export interface GatewayEvent {
  readonly rawPath?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** `name=value` each. */
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  /** `POST /recommend`, `ANY /v1/{proxy+}` or `$default`. */
  readonly routeKey?: string;
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly requestContext: {
    /** Milliseconds since the epoch at which the gateway took the request. */
    readonly timeEpoch?: number;
    readonly requestId?: string;
    readonly stage?: string;
    readonly http: { readonly method: string; readonly path?: string };
  };
}

/** What a request asks a model: passed on as it came. */
export interface ModelRequest {
  readonly body: string | Uint8Array;
  readonly contentType: string;
  /** Undefined: JSON. */
  readonly accept?: string;
}

/** A request's body where it is a JSON object: as text, and parsed. */
export interface JsonObject {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export type ParsedBody =
  /** `json`: where the body is a JSON object, so that it may hold the user's id. */
  | { readonly kind: 'body'; readonly request: ModelRequest; readonly json: JsonObject | undefined }
  | { readonly kind: 'refused'; readonly status: 400 | 413 | 415; readonly message: string };

/** SageMaker's own limit for a serverless endpoint's request. */
const maxBodyBytes = 4 * 1024 * 1024;

export function isGatewayEvent(event: unknown): event is GatewayEvent {
  const http = (event as Partial<GatewayEvent> | null | undefined)?.requestContext?.http;
  return typeof http?.method === 'string';
}

/**
 * The path that the API's route is for. A custom domain's mapping puts its key in front of `rawPath`, and a named stage its
 * name; the route's own key knows neither.
 */
export function pathOf(event: GatewayEvent): string {
  return routePath(event) ?? pathWithoutStage(event);
}

/** Undefined where the route is for any path. */
function routePath({ routeKey, pathParameters }: GatewayEvent): string | undefined {
  const [, template] = /^[A-Z]+ (\/.*)$/.exec(routeKey ?? '') ?? [];
  if (template === undefined) return undefined;
  let isKnown = true;
  const path = template.replaceAll(/\{([^{}+]+)\+?\}/g, (_, name: string) => {
    const value = pathParameters?.[name];
    if (value === undefined) isKnown = false;
    return value ?? '';
  });
  return isKnown ? path : undefined;
}

function pathWithoutStage(event: GatewayEvent): string {
  const path = event.rawPath ?? event.requestContext.http.path ?? '/';
  const { stage } = event.requestContext;
  if (stage === undefined || stage === '$default' || !path.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1);
}

/** @param name in lower case, as HTTP APIs send it; other callers may not */
export function headerOf(event: Pick<GatewayEvent, 'headers'>, name: string): string | undefined {
  const { headers } = event;
  if (!headers) return undefined;
  const exact = headers[name];
  if (exact !== undefined) return exact;
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return headers[key];
  }
  return undefined;
}

/** JSON is checked, for most mistakes are seen there; anything else is the model's own business. */
export function parseBody(event: GatewayEvent): ParsedBody {
  const sent = event.body ?? '';
  // Four characters hold three bytes.
  if (event.isBase64Encoded ? sent.length > (maxBodyBytes / 3 + 1) * 4 : sent.length > maxBodyBytes)
    return tooLarge;
  const type = headerOf(event, 'content-type');
  const encoding = headerOf(event, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '')
    return bodyOf(event.isBase64Encoded ? Buffer.from(sent, 'base64') : sent, type, event);
  if (encoding !== 'gzip')
    return { kind: 'refused', status: 415, message: 'the body may be encoded with gzip, or not at all' };
  try {
    const packed = Buffer.from(sent, event.isBase64Encoded ? 'base64' : 'latin1');
    return bodyOf(gunzipSync(packed, { maxOutputLength: maxBodyBytes }), type, event);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge
      : bad('the body is not gzip');
  }
}

function bodyOf(sent: string | Buffer, type: string | undefined, event: GatewayEvent): ParsedBody {
  if (Buffer.byteLength(sent) > maxBodyBytes) return tooLarge;
  const contentType = plainHeader(type);
  const mustBeJson = contentType === undefined || isJson(contentType) || isForm(contentType);
  const accept = plainHeader(headerOf(event, 'accept'));
  const wanted = accept === undefined || accept === '*/*' ? {} : { accept };
  const text = typeof sent === 'string' ? withoutMark(sent) : looksLikeText(sent, mustBeJson) && utf8(sent);
  const value = typeof text === 'string' ? parsedJson(text) : undefined;
  if (typeof text === 'string' && value !== undefined) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return {
      kind: 'body',
      request: { body: text, contentType: jsonType, ...wanted },
      json: isObject ? { text, value: value as Readonly<Record<string, unknown>> } : undefined,
    };
  }
  if (mustBeJson) return bad(text === undefined ? 'the body is not UTF-8' : 'the body must be JSON');
  return { kind: 'body', request: { body: sent, contentType, ...wanted }, json: undefined };
}

const jsonType = 'application/json';
const tooLarge = { kind: 'refused', status: 413, message: 'the body is larger than 4 MB' } as const;

const isJson = (type: string): boolean => /^application\/json\b|\+json\b/i.test(type);
/** What curl says of any body unless it is told otherwise. */
const isForm = (type: string): boolean => type.toLowerCase().startsWith('application/x-www-form-urlencoded');

/** Whether it is worth while to read bytes as JSON. */
function looksLikeText(sent: Buffer, mustBeJson: boolean): boolean {
  return mustBeJson || sent[0] === 0x7b || sent[0] === 0x5b;
}

/** As one header of a signed request: AWS signs values without leading, trailing or repeated blanks. */
function plainHeader(value: string | undefined): string | undefined {
  const plain = value?.replace(/\s+/g, ' ').trim();
  return plain === undefined || plain === '' || plain.length > 1024 || !/^[\x20-\x7e]+$/.test(plain)
    ? undefined
    : plain;
}

/** Undefined where it is none. Null is not undefined. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Without a byte order mark, which JSON does not allow. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function bad(message: string): ParsedBody & { kind: 'refused' } {
  return { kind: 'refused', status: 400, message };
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
