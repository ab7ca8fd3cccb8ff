import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 digests of the keys that are let in: the keys themselves never stand in the configuration. */
export type ApiKeys = readonly Buffer[];

/**
 * @param text comma separated hexadecimal digests. Set but empty is wrong, not open: a deployment whose secret came
 *   out empty must not open the API.
 * @throws Error
 */
export function parseApiKeys(text: string | undefined): ApiKeys | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((digest, index) => {
    if (!/^[0-9a-f]{64}$/i.test(digest.trim())) {
      throw new Error(
        `MLREG_API_KEYS_SHA256: entry ${index + 1} is no SHA-256 digest of 64 hexadecimal digits`,
      );
    }
    return Buffer.from(digest.trim(), 'hex');
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
