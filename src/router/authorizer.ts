import { letsIn, parseApiKeys, type ApiKeys } from './api-keys.ts';
import type { Environment } from './config.ts';
import { headerOf, type GatewayEvent } from './request.ts';

/** What the authorizer reads of API Gateway's event; its format 2.0 has the headers where a request has them. */
type AuthorizerEvent = Pick<GatewayEvent, 'headers'> | null | undefined;

/**
 * An HTTP API Lambda authorizer with simple responses. Without keys, or with wrong ones in the configuration, it lets
 * nobody in: whoever puts an authorizer before an API wants it shut.
 */
export function createAuthorizer(deps: {
  readonly env: Environment;
  readonly emit: (line: string) => void;
}): (event: AuthorizerEvent) => Promise<{ readonly isAuthorized: boolean }> {
  const { keys, why } = readKeys(deps.env);
  return async (event) => {
    if (why !== undefined) deps.emit(JSON.stringify({ level: 'error', message: 'nobody is let in', why }));
    return {
      isAuthorized: keys !== undefined && letsIn(keys, event ? headerOf(event, 'x-api-key') : undefined),
    };
  };
}

function readKeys(env: Environment): { readonly keys?: ApiKeys; readonly why?: string } {
  try {
    const keys = parseApiKeys(env.MLREG_API_KEYS_SHA256);
    return keys ? { keys } : { why: 'MLREG_API_KEYS_SHA256 is not set' };
  } catch (error) {
    return { why: (error as Error).message };
  }
}
