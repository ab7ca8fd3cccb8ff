import { rawNumberAt } from './raw-number.ts';
import { headerOf, type GatewayEvent, type JsonObject } from './request.ts';

/** Where a request says who asks. */
export type UserKey =
  /** Member of the JSON body, `userId` or nested `user.id`; where it has none, the header x-user-id. */
  | { readonly in: 'body'; readonly name: string; readonly path: readonly string[] }
  | { readonly in: 'header'; readonly name: string }
  | { readonly in: 'cookie'; readonly name: string };

/**
 * `userId`, `user.id`, `header:x-user-id` or `cookie:uid`.
 * @throws Error
 */
export function parseUserKey(text: string): UserKey {
  const [, place, name = ''] = /^(header|cookie):([^]*)$/.exec(text) ?? [];
  if (place === undefined) return { in: 'body', name: text, path: text.split('.') };
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new Error(`MLREG_USER_KEY '${text}' names no ${place}: write ${place}:x-user-id`);
  return place === 'header' ? { in: 'header', name: name.toLowerCase() } : { in: 'cookie', name };
}

/**
 * The user's id as text in Unicode NFC, a JSON number by its digits as they were written. Undefined where there is none, or
 * only a placeholder such as "undefined".
 */
export function userIdOf(
  key: UserKey,
  event: Pick<GatewayEvent, 'headers' | 'cookies'>,
  body: JsonObject | undefined,
): string | undefined {
  if (key.in === 'header') return asId(headerOf(event, key.name));
  if (key.in === 'cookie') return asId(cookieOf(event, key.name));
  const inBody = body && asId(memberOf(body, key));
  return inBody ?? asId(headerOf(event, 'x-user-id'));
}

/** Undefined where the text is no id, but what programs send where they have none. */
export function asId(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return isPlaceholder(text.trim()) ? undefined : text.normalize('NFC');
}

function isPlaceholder(text: string): boolean {
  // None is longer, and ids come from outside: no pattern is run over a megabyte.
  if (text.length > 40) return false;
  return text === 'NaN' || placeholders.has(text.toLowerCase()) || nilId.test(text);
}

/** Seen in the wild in place of an id. Each would make one "user" of all who have none. */
const placeholders = new Set([
  '',
  'null',
  'undefined',
  'none',
  'nil',
  'true',
  'false',
  'n/a',
  'unknown',
  'anonymous',
  'anon',
  'guest',
  '-1',
  '(null)',
  '<null>',
  '(none)',
  '[object object]',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
]);
/** 0, -0, 0.0, and the nil UUID however it is written. */
const nilId = /^[{(]?[-0.]*0[-0.]*[)}]?$/;

function memberOf({ text, value }: JsonObject, { name, path }: { name: string; path: readonly string[] }) {
  const direct = Object.hasOwn(value, name);
  const names = direct ? [name] : path;
  let found: unknown = value;
  for (const each of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, each)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[each];
  }
  if (typeof found === 'string') return found;
  return typeof found === 'number' ? rawNumberAt(text, names) : undefined;
}

/** API Gateway gives cookies as a list; other callers may send the header itself. */
function cookieOf(event: Pick<GatewayEvent, 'headers' | 'cookies'>, name: string): string | undefined {
  const all = event.cookies ?? headerOf(event, 'cookie')?.split(';') ?? [];
  for (const cookie of all) {
    const split = cookie.indexOf('=');
    if (split > 0 && cookie.slice(0, split).trim() === name)
      return cookie
        .slice(split + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
