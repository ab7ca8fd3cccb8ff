import { parseApiKeys, type ApiKeys } from './api-keys.ts';
import type { Environment } from './environment.ts';
import { createPoster, type Machine, type Reply } from './http-request.ts';
import { serviceAddress } from './service-address.ts';

/**
 * What one read of a parameter with keys came to. `passing`: the same read may succeed a moment later, so it is worth
 * another try. `why` is for the log and never holds a key.
 */
export type KeyReading<Keys = ApiKeys> =
  | { readonly kind: 'read'; readonly keys: Keys }
  | { readonly kind: 'failed'; readonly why: string; readonly passing: boolean };

/** Reads the parameter once. Never rejects, and never takes longer than `readTimeoutMs`. */
export type ReadKeys<Keys = ApiKeys> = () => Promise<KeyReading<Keys>>;

/** What kind of keys a parameter holds. */
export interface KeyKind<Keys> {
  /** @throws Error that names `source` and never quotes the text */
  readonly parse: (text: string, source: string) => Keys;
  /** What a parameter that does not exist holds. Undefined: the read has failed. */
  readonly absent?: Keys;
}

/** The list was deleted: that is an answer, and it lists nobody. Only a read that failed may fall back on an older list. */
const apiKeys: KeyKind<ApiKeys> = { parse: parseApiKeys, absent: [] };

/** The Parameter Store answers in some ten milliseconds. */
export const readTimeoutMs = 1_500;

/**
 * SSM's GetParameter, decrypted, one try. A name `/aws/reference/secretsmanager/NAME` reads a Secrets Manager secret.
 * Signed here, for the SDK's client would multiply the size of a bundle that every cold start loads.
 */
export function createReadKeys(
  deps: Machine & { readonly env: Environment },
  name: string,
): ReadKeys<ApiKeys> {
  return createReadParameter(deps, name, apiKeys);
}

/** The same for keys of another kind. */
export function createReadParameter<Keys>(
  deps: Machine & { readonly env: Environment },
  name: string,
  kind: KeyKind<Keys>,
): ReadKeys<Keys> {
  try {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.GetParameter',
    };
    const poster = createPoster(serviceAddress(deps.env, 'ssm'), { headers }, deps);
    const body = JSON.stringify({ Name: name, WithDecryption: true });
    return async () => readingOf(name, kind, await poster.post('/', body, readTimeoutMs));
  } catch (error) {
    const why = (error as Error).message;
    return async () => ({ kind: 'failed', why, passing: false });
  }
}

function readingOf<Keys>(name: string, kind: KeyKind<Keys>, reply: Reply): KeyReading<Keys> {
  if (reply.kind === 'failed') return { kind: 'failed', why: reply.detail, passing: true };
  const answer = parsed(reply.body.toString());
  if (reply.status === 200) return valueOf(name, kind, answer?.['Parameter']);
  const code = codeOf(reply.errorType ?? answer?.['__type']);
  if (code === 'ParameterNotFound' && kind.absent !== undefined) return { kind: 'read', keys: kind.absent };
  const passing = reply.status >= 500 || code === 'ThrottlingException' || code === 'TooManyUpdates';
  return { kind: 'failed', why: `ssm:GetParameter answered ${reply.status} ${code}`, passing };
}

function valueOf<Keys>(name: string, kind: KeyKind<Keys>, parameter: unknown): KeyReading<Keys> {
  const value = (parameter as { readonly Value?: unknown } | null | undefined)?.Value;
  if (typeof value !== 'string')
    return { kind: 'failed', why: 'ssm:GetParameter answered no value', passing: true };
  try {
    return { kind: 'read', keys: kind.parse(value, `parameter ${name}`) };
  } catch (error) {
    return { kind: 'failed', why: (error as Error).message, passing: false };
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `com.amazonaws.ssm#ParameterNotFound:http://...` is a ParameterNotFound. */
function codeOf(type: unknown): string {
  if (typeof type !== 'string') return 'without an error code';
  return /^(?:[^#]*#)?(\w+)/.exec(type)?.[1] ?? 'without an error code';
}
