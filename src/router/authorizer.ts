import { letsIn } from './api-keys.ts';
import type { Environment } from './environment.ts';
import type { HandlerDeps } from './deps.ts';
import { readKeySetting, type KeySetting } from './key-setting.ts';
import { createKeySource, type CurrentKeys, type KeySource } from './key-source.ts';
import { headerOf, type GatewayEvent } from './request.ts';

/** What the authorizer reads of API Gateway's event; its format 2.0 has the headers where a request has them. */
type AuthorizerEvent = Pick<GatewayEvent, 'headers'> | null | undefined;

type AuthorizerDeps = Pick<HandlerDeps, 'now' | 'monotonicMs' | 'random' | 'wait' | 'emit' | 'readsKeys'> & {
  readonly env: Environment;
};

/**
 * An HTTP API Lambda authorizer with simple responses. Without keys, or with a wrong configuration, it refuses everybody:
 * an API that has an authorizer is meant to be closed. Where the key list can't be read it throws, which API Gateway
 * answers with 500 and does not cache: the caller's key may be valid, so 403 would be a false answer.
 */
export function createAuthorizer(
  deps: AuthorizerDeps,
): (event: AuthorizerEvent) => Promise<{ readonly isAuthorized: boolean }> {
  const setting = settingOf(deps.env);
  let source: KeySource | undefined;
  const currentKeys = async (): Promise<CurrentKeys> => {
    switch (setting.kind) {
      case 'frozen':
        return { kind: 'known', keys: setting.keys };
      case 'parameter':
        // Made by the first event, for the bundle is loaded by functions that aren't this one.
        return (source ??= createKeySource(deps.readsKeys(setting.name), deps)).current();
      case 'none':
      case 'wrong': {
        const why =
          setting.kind === 'wrong'
            ? setting.why
            : 'neither MLREG_API_KEYS_PARAMETER nor MLREG_API_KEYS_SHA256 is set';
        deps.emit(JSON.stringify({ level: 'error', message: 'every request is refused', why }));
        return { kind: 'known', keys: [] };
      }
    }
  };
  return async (event) => {
    const current = await currentKeys();
    if (current.kind === 'unknown') throw new Error(`the API keys could not be read: ${current.why}`);
    return { isAuthorized: letsIn(current.keys, event ? headerOf(event, 'x-api-key') : undefined) };
  };
}

function settingOf(env: Environment): KeySetting | { readonly kind: 'wrong'; readonly why: string } {
  try {
    return readKeySetting(env);
  } catch (error) {
    return { kind: 'wrong', why: (error as Error).message };
  }
}
