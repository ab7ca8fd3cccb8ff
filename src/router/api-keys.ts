import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 digests of the keys that are valid. The keys themselves are in no configuration and no parameter. */
export type ApiKeys = readonly Buffer[];

/**
 * @param text hexadecimal digests, separated by commas or white space; `none` is the list of nobody. Empty text is a
 *   mistake and not an open door: a deployment whose secret came out empty must not open the API.
 * @param source what the error names: the variable or parameter that the text comes from
 * @throws Error that never quotes the text
 */
export function parseApiKeys(text: string, source: string): ApiKeys {
  if (text.trim() === 'none') return [];
  return text
    .trim()
    .split(/\s*,\s*|\s+/)
    .map((digest, index) => {
      if (!/^[0-9a-f]{64}$/i.test(digest)) {
        throw new Error(`${source}: entry ${index + 1} is no SHA-256 digest of 64 hexadecimal digits`);
      }
      return Buffer.from(digest, 'hex');
    });
}

/** Takes equally long for every key: digests are compared, in constant time, and all of them. */
export function letsIn(keys: ApiKeys, given: string | undefined): boolean {
  if (given === undefined) return false;
  const digest = hash('sha256', given, 'buffer');
  let found = false;
  for (const key of keys) found = timingSafeEqual(key, digest) || found;
  return found;
}
