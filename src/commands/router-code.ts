import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Context, Target } from './context.ts';

/** @throws UserError where the code of the function does not understand a route by user bucket */
export const mustKnowBuckets = (context: Context, at: Target): Promise<void> =>
  mustUnderstand(context, at, 'buckets-1', 'routes by user bucket');

/**
 * A code that says nothing of itself is somebody's own where routing is weighted, and takes any name of a version.
 * @throws UserError where the code of the function does not understand a version with a generation
 */
export const mustKnowGenerations = (context: Context, at: Target): Promise<void> =>
  mustUnderstand(context, at, 'generations-1', 'versions with a generation, as v2.3.0#2');

async function mustUnderstand(
  { output }: Context,
  { config, connection }: Target,
  needed: string,
  what: string,
): Promise<void> {
  const understands = await connection.routerCode.understands().catch((error: unknown) => {
    if (!(error instanceof PlatformError) || error.failure.kind !== 'denied') throw error;
    // Whoever only looks need not be allowed to invoke. A rollout warms up what it publishes, and goes no further with
    // a version that does not understand its route.
    output.say(`whether the router understands ${what} is not known: ${error.message}`);
    return [needed];
  });
  if (understands.includes(needed) || (config.routing === 'weighted' && understands.length === 0)) return;
  throw new UserError('usage', `the code of function ${config.lambda.function} does not understand ${what}`, {
    why: 'it is an older router, or none of mlreg’s: it would answer 500 to everybody. Nothing was changed',
    mend:
      config.kind === 'local'
        ? ['mlreg local down', 'mlreg local up --detach']
        : [
            `update function ${config.lambda.function} to this mlreg's dist/router.zip, as terraform apply does`,
            ...(config.routing === 'weighted'
              ? []
              : [`or set environments.${config.name}.routing: weighted`]),
          ],
  });
}
