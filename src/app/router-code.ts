import { PlatformError } from '../ports/platform.ts';
import { UserError } from '../domain/user-error.ts';
import type { Session, Caller } from './session.ts';

/** What a route may ask of the router, beside one version for everybody. */
type Skill = 'buckets-1' | 'answers-1' | 'testers-1' | 'generations-1';

/**
 * What the code in $LATEST, which the next rollout publishes, says that it understands; null where nobody may ask it.
 * Whoever only looks need not be allowed to invoke. A rollout warms up what it publishes, and goes no further with a version
 * that does not understand its route.
 * @param what for people who may not ask; undefined: nobody need know
 */
export async function understood(
  { output }: Pick<Caller, 'output'>,
  { connection }: Session,
  what?: string,
): Promise<readonly string[] | null> {
  try {
    return await connection.routerCode.understands();
  } catch (error) {
    if (!(error instanceof PlatformError) || error.failure.kind !== 'denied') throw error;
    if (what !== undefined)
      output.say(`whether the router understands ${what} is not known: ${error.message}`);
    return null;
  }
}

/**
 * @param what of mlreg.yaml, that needs the skill
 * @param without how a rollout goes without it
 * @throws UserError where the deployed router does not have the skill: it would answer 500 to everybody
 */
export async function demand(
  context: Pick<Caller, 'output'>,
  at: Session,
  skill: Skill,
  { what, without }: { readonly what: string; readonly without: string },
): Promise<void> {
  const skills = await understood(context, at, what);
  if (skills === null || skills.includes(skill)) return;
  const { config } = at;
  // With weighted routing any function will do: one that says nothing of itself takes any name of a version.
  if (skill === 'generations-1' && config.routing === 'weighted' && skills.length === 0) return;
  throw new UserError('usage', `the code of function ${config.lambda.function} does not understand ${what}`, {
    why: 'it is an older router, or none of mlreg’s: it would answer 500 to everybody. Nothing was changed',
    mend:
      config.kind === 'local'
        ? ['mlreg local down', 'mlreg local up --detach']
        : [
            `update function ${config.lambda.function} to this mlreg's dist/router.zip, as terraform apply does`,
            without,
          ],
  });
}

/** @throws UserError where the deployed router does not know that a version may have a generation */
export const mustKnowGenerations = (context: Pick<Caller, 'output'>, at: Session): Promise<void> =>
  demand(context, at, 'generations-1', {
    what: 'versions with a generation, as v2.3.0#2',
    without: 'or register the artifact under a version of its own',
  });
