import { PlatformError } from '../ports/platform.ts';
import type { Session } from './session.ts';

/** What the router takes where the function says nothing. */
const routersOwn = 'userId';

/**
 * Where requests name their user, by mlreg.yaml and by the function's code that the next rollout publishes; null where
 * both say the same, users are not told apart, or the function can't be read.
 */
export async function userKeyTrouble({
  config,
  connection,
}: Session): Promise<{ readonly detail: string; readonly mend: string } | null> {
  if (config.routing !== 'sticky') return null;
  const { userKey } = config.requests;
  let variables: Readonly<Record<string, string>>;
  try {
    variables = await connection.platform.variables('$LATEST');
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
  const taken = variables.MLREG_USER_KEY ?? routersOwn;
  if (taken === userKey) return null;
  return {
    detail: `the router takes the user's id from ${taken} (MLREG_USER_KEY of ${config.lambda.function}), but requests.userKey in mlreg.yaml is ${userKey}`,
    mend: `set MLREG_USER_KEY to ${userKey} on ${config.lambda.function}, or requests.userKey to ${taken} in mlreg.yaml`,
  };
}
