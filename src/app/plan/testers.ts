import type { Testers } from '../../domain/testers.ts';
import type { Percent } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import type { Session, Caller } from '../session.ts';
import { demand } from '../router-code.ts';
import type { Words } from './words.ts';

/**
 * Who gets the challenger from the first step on. Undefined: nobody is set, or everybody gets it at once.
 * @throws UserError where testers are set and the strategy, or the router, can't give them the challenger; and where a step
 *   is for testers alone and there are none
 */
export async function testersFor(
  context: Caller,
  at: Session,
  { strategy }: Pick<Words, 'strategy'>,
  steps: readonly Percent[],
): Promise<Testers | undefined> {
  const { name, testers } = at.config;
  if (testers === null) {
    if (steps.includes(0 as Percent))
      throw new UserError('usage', 'a step of 0 % reaches testers alone, and there are none', {
        mend: [`set environments.${name}.testers in mlreg.yaml`, '--steps 10,50,100'],
      });
    return undefined;
  }
  if (strategy === 'all-at-once') return undefined;
  if (strategy === 'shadow') {
    throw new UserError(
      'usage',
      'a shadow rollout answers nobody by the challenger, so it can have no testers',
      {
        mend: [
          '--strategy canary --steps 0,10,50,100',
          `or take testers out of environments.${name} in mlreg.yaml`,
        ],
      },
    );
  }
  await demand(context, at, 'testers-1', {
    what: 'routes with testers (testers in mlreg.yaml)',
    without: `or take testers out of environments.${name}`,
  });
  return testers;
}
