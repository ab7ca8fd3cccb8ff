import { readFileSync } from 'node:fs';
import { type EnvironmentConfig, refuseMistakesIn } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';

interface SmokeRequest {
  /** JSON text. */
  readonly body: string;
  /** What the answer must hold. */
  readonly expect?: unknown;
}

/** What an endpoint is asked before users are. @throws UserError usage, where the file is no JSON array */
function smokeRequests(config: EnvironmentConfig): readonly SmokeRequest[] {
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

/** The smoke requests, and why there are none. */
export interface FoundSmoke {
  readonly requests: readonly SmokeRequest[];
  /** Only of a lenient reading: what can't be asked must not be taken for passed. */
  readonly trouble?: UserError;
}

/**
 * Who only goes back asks an endpoint nothing, so a file that is gone waits until somebody does.
 * @throws UserError usage, in a strict reading
 */
export function findSmoke(config: EnvironmentConfig): FoundSmoke {
  try {
    refuseMistakesIn(config, ['requests'], 'the smoke test');
    return { requests: smokeRequests(config) };
  } catch (error) {
    if (config.overlooked === undefined || !(error instanceof UserError)) throw error;
    return { requests: [], trouble: error };
  }
}

/** Refuses what rests on settings that have a mistake, when it is asked for. */
export function withoutMistaken(
  platform: Platform,
  config: EnvironmentConfig,
  { trouble }: FoundSmoke,
): Platform {
  const refuse = (error: unknown): never => {
    const message = error instanceof UserError ? [error.message, error.why].join('; ') : String(error);
    throw new PlatformError({ kind: 'refused', message });
  };
  return {
    ...platform,
    ensureEndpoint: async (spec) => {
      try {
        refuseMistakesIn(config, ['sagemaker'], `endpoint ${spec.endpoint}`);
      } catch (error) {
        return refuse(error);
      }
      return platform.ensureEndpoint(spec);
    },
    smoke: async (endpoint, through) =>
      trouble === undefined ? platform.smoke(endpoint, through) : refuse(trouble),
  };
}
