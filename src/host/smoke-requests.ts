import { readFileSync } from 'node:fs';
import type { EnvironmentConfig } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';

/** What an endpoint is asked before users are. @throws UserError usage, where the file is no JSON array */
export function smokeRequests(config: EnvironmentConfig): readonly { readonly body: string }[] {
  const path = config.requests.smokeFile;
  if (path === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError('usage', `the smoke requests in ${path} can't be read`, {
      cause,
      mend: 'mend requests.smoke in mlreg.yaml: a JSON array of request bodies',
    });
  }
  if (!Array.isArray(parsed)) throw new UserError('usage', `${path} holds no array of smoke requests`);
  return parsed.map((body) => ({ body: JSON.stringify(body) }));
}
