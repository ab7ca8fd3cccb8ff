import { parseApiKeys, type ApiKeys } from './api-keys.ts';
import type { Environment } from './environment.ts';

/** Where the valid keys are found. */
export type KeySetting =
  /** No key is asked for. */
  | { readonly kind: 'none' }
  /** Outside the published version, so a rollback brings no old list back. */
  | { readonly kind: 'parameter'; readonly name: string }
  /** Deprecated: frozen into the published version. */
  | { readonly kind: 'frozen'; readonly keys: ApiKeys };

/**
 * MLREG_API_KEYS_PARAMETER is the name or ARN of an SSM parameter, and wins. MLREG_API_KEYS_SHA256 is read where no name
 * is set. Set but empty is a mistake in both.
 * @throws Error that names the variable
 */
export function readKeySetting(env: Environment): KeySetting {
  const { MLREG_API_KEYS_PARAMETER: name, MLREG_API_KEYS_SHA256: digests } = env;
  if (name !== undefined) return { kind: 'parameter', name: parameterName(name, 'MLREG_API_KEYS_PARAMETER') };
  if (digests !== undefined) return { kind: 'frozen', keys: parseApiKeys(digests, 'MLREG_API_KEYS_SHA256') };
  return { kind: 'none' };
}

/**
 * A selector (`name:3`) would pin one version of the list: a key that is revoked later would stay valid for ever.
 * @throws Error naming `what`
 */
export function parameterName(text: string, what: string): string {
  if (/^(arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter\/)?[\w+=.@/-]{1,1011}$/.test(text)) return text;
  throw new Error(
    `${what} '${text}' is no name of an SSM parameter: write /mlreg/prod/api-keys, without a version`,
  );
}
