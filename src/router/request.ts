import { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** What the router reads of an API Gateway event, payload format 2.0. */
export interface GatewayEvent {
  readonly rawPath?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly requestId?: string;
    readonly stage?: string;
    readonly http: { readonly method: string; readonly path?: string };
  };
}

export type ParsedBody =
  | { readonly kind: 'object'; readonly text: string; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly message: string };

/** SageMaker's own limit for a serverless endpoint's request. */
const maxBodyBytes = 4 * 1024 * 1024;

export function isGatewayEvent(event: unknown): event is GatewayEvent {
  const http = (event as Partial<GatewayEvent> | null | undefined)?.requestContext?.http;
  return typeof http?.method === 'string';
}

/** The path without the stage: API Gateway puts a named stage in front. */
export function pathOf(event: GatewayEvent): string {
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

export function parseBody(event: GatewayEvent): ParsedBody {
  const sent = event.body ?? '';
  const tooLarge = { kind: 'refused', status: 413, message: 'the body is larger than 4 MB' } as const;
  // Four characters hold three bytes.
  if (event.isBase64Encoded ? sent.length > (maxBodyBytes / 3 + 1) * 4 : sent.length > maxBodyBytes)
    return tooLarge;
  const text = event.isBase64Encoded ? utf8(sent) : sent;
  if (text === undefined) return bad('the body is not UTF-8');
  if (Buffer.byteLength(text) > maxBodyBytes) return tooLarge;
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return notAnObject;
    return { kind: 'object', text, value: value as Record<string, unknown> };
  } catch {
    return notAnObject;
  }
}

/** A user's id as text; undefined where there is none. */
export function userIdOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' ? String(value) : undefined;
}

const notAnObject = bad('the body must be a JSON object');

function bad(message: string): ParsedBody & { kind: 'refused' } {
  return { kind: 'refused', status: 400, message };
}

function utf8(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}
