import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';

/** What the event says beside the request itself. */
export interface EventFacts {
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: string;
  readonly routeKey: string;
  readonly requestId: string;
  readonly at: number;
  readonly sourceIp: string;
}

/**
 * The Lambda event of an HTTP API, payload format 2.0, as JSON text.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function eventOf(
  request: IncomingMessage,
  path: string,
  query: string,
  body: Buffer,
  facts: EventFacts,
): string {
  const { headers, cookies } = headersOf(request);
  const method = request.method ?? 'GET';
  const binary = body.length > 0 && !isText(headers);
  const host = headers['host'] ?? '127.0.0.1';
  headers['x-forwarded-for'] = facts.sourceIp;
  headers['x-forwarded-proto'] = 'http';
  return JSON.stringify({
    version: '2.0',
    routeKey: facts.routeKey,
    rawPath: path,
    rawQueryString: query,
    cookies,
    headers,
    queryStringParameters: query === '' ? undefined : parametersOf(query),
    requestContext: {
      accountId: facts.accountId,
      apiId: facts.apiId,
      domainName: host,
      domainPrefix: facts.apiId,
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: facts.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: facts.requestId,
      routeKey: facts.routeKey,
      stage: facts.stage,
      time: logTime(facts.at),
      timeEpoch: facts.at,
    },
    pathParameters: facts.routeKey.includes('{') ? pathParameters(facts.routeKey, path) : undefined,
    body: body.length === 0 ? undefined : binary ? body.toString('base64') : body.toString('utf8'),
    isBase64Encoded: binary,
  });
}

/** Lower-case names, several values joined with a comma, cookies apart, nothing that speaks of the connection. */
function headersOf(request: IncomingMessage): {
  headers: Record<string, string>;
  cookies: string[] | undefined;
} {
  const raw = request.rawHeaders;
  const headers: Record<string, string> = {};
  let cookies: string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (hopByHop.has(name) || name === '__proto__') continue;
    if (name === 'cookie') {
      cookies = (cookies ?? []).concat(value.split('; '));
      continue;
    }
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return { headers, cookies };
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * HTTP APIs hand only these over as text; everything else, a form and a body without a type included, is base64.
 * Seen on AWS by others: https://github.com/ministackorg/ministack/pull/766
 */
function isText(headers: Readonly<Record<string, string>>): boolean {
  const type = headers['content-type'];
  if (type === undefined || headers['content-encoding'] !== undefined) return false;
  return type === 'application/json' || /^(text\/|application\/(json|xml|javascript)\s*(;|$))/i.test(type);
}

function parametersOf(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = Object.hasOwn(parameters, name) ? `${parameters[name]},` : '';
    Object.defineProperty(parameters, name, {
      value: before + value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return parameters;
}

/** `GET /models/{name}/{rest+}` read against the path. */
function pathParameters(routeKey: string, path: string): Record<string, string> | undefined {
  const template = routeKey.slice(routeKey.indexOf(' ') + 1).split('/');
  const parts = path.split('/');
  const parameters: Record<string, string> = {};
  template.forEach((part, i) => {
    const name = /^\{(\w+)(\+?)\}$/.exec(part);
    if (name?.[1]) parameters[name[1]] = decoded(name[2] ? parts.slice(i).join('/') : (parts[i] ?? ''));
  });
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let second = -1;
let secondText = '';

/** `21/Nov/2026:08:29:49 +0000`, made once a second. */
function logTime(at: number): string {
  const now = Math.floor(at / 1000);
  if (now === second) return secondText;
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ');
  second = now;
  secondText = `${day}/${month}/${year}:${time} +0000`;
  return secondText;
}

export interface GatewayAnswer {
  readonly status: number;
  /** Names and values in turn, as writeHead takes them. */
  readonly headers: string[];
  readonly body: string | Buffer;
}

/**
 * What the caller gets for what the function returned: `{statusCode, headers, cookies, body, isBase64Encoded}`, or
 * without a statusCode the value itself as JSON.
 * @returns undefined where it is neither, which API Gateway answers with an error of its own
 */
export function answerOf(payload: string): GatewayAnswer | undefined {
  const value: unknown = JSON.parse(payload);
  if (typeof value === 'string') return { status: 200, headers: [...jsonType], body: value };
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return { status: 200, headers: [...jsonType], body: payload };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = value as Record<string, unknown>;
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    return undefined;
  const flat = flatHeaders(headers, cookies);
  if (!flat) return undefined;
  if (body === undefined || body === null) return { status, headers: flat, body: '' };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: flat, body: isBase64Encoded === true ? Buffer.from(text, 'base64') : text };
}

const jsonType = ['content-type', 'application/json'];

/** Set by this server itself, so not the function's to say. */
const ours = new Set([...hopByHop, 'content-length', 'date', 'apigw-requestid']);

function flatHeaders(headers: unknown, cookies: unknown): string[] | undefined {
  const flat: string[] = [];
  let typed = false;
  if (headers !== undefined && headers !== null) {
    if (typeof headers !== 'object' || Array.isArray(headers)) return undefined;
    for (const name in headers) {
      const value: unknown = (headers as Record<string, unknown>)[name];
      const lower = name.toLowerCase();
      if (ours.has(lower) || value === null || value === undefined) continue;
      if (typeof value === 'object' || !headerName.test(name)) return undefined;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (!headerValue.test(text)) return undefined;
      typed ||= lower === 'content-type';
      flat.push(lower, text);
    }
  }
  if (Array.isArray(cookies)) {
    for (const cookie of cookies)
      if (typeof cookie === 'string' && headerValue.test(cookie)) flat.push('set-cookie', cookie);
  }
  if (!typed) flat.push('content-type', 'text/plain; charset=utf-8');
  return flat;
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** An answer that API Gateway gives itself. */
export function gatewayMessage(status: number, message = STATUS_CODES[status] ?? ''): GatewayAnswer {
  return { status, headers: [...jsonType], body: JSON.stringify({ message }) };
}
