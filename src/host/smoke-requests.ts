import { readFileSync } from 'node:fs';
import type { EnvironmentConfig } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';

export interface SmokeRequest {
  /** JSON text. */
  readonly body: string;
  /** What the answer must hold. */
  readonly expect?: unknown;
}

/** What an endpoint is asked before users are. @throws UserError usage, where the file is no JSON array */
export function smokeRequests(config: EnvironmentConfig): readonly SmokeRequest[] {
  const path = config.requests.smokeFile;
  if (path === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError('usage', `the smoke requests in ${path} can't be read`, {
      cause,
      mend: 'fix requests.smoke in mlreg.yaml: a JSON array of request bodies',
    });
  }
  if (!Array.isArray(parsed)) throw new UserError('usage', `${path} holds no array of smoke requests`);
  return parsed.map(requestOf);
}

/** An element is a request's body, or `{ "body": ..., "expect": ... }` and nothing else. */
function requestOf(element: unknown): SmokeRequest {
  if (
    typeof element === 'object' &&
    element !== null &&
    Object.keys(element).toSorted().join() === 'body,expect'
  ) {
    const { body, expect } = element as { body: unknown; expect: unknown };
    return { body: JSON.stringify(body), expect };
  }
  return { body: JSON.stringify(element) };
}
