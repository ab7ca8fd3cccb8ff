import type { EnvironmentConfig } from '../../config/index.ts';
import { leastHeldBack, mostHeldBack, sharesWithHoldBack } from '../../domain/hold-back.ts';
import { parsePercent } from '../../domain/parse.ts';
import type { Percent } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';

/** `2%`, `2` or `off`, which is null. @throws UserError */
export function parseHoldBack(text: string): Percent | null {
  if (text === 'off') return null;
  const held = parsePercent(text.replace(/ ?%$/, ''), '--hold-back');
  if (held >= leastHeldBack && held <= mostHeldBack) return held;
  throw new UserError(
    'usage',
    `--hold-back: ${held} % is not between ${leastHeldBack} and ${mostHeldBack} %`,
    {
      why: 'with fewer there is next to nothing to compare with, and more are a step of their own',
      mend: ['--hold-back 2%', '--hold-back off'],
    },
  );
}

/** @throws UserError where the steps leave no room for the bake beside those held back */
export function stepsBeside(
  steps: readonly Percent[],
  held: Percent,
  { name }: EnvironmentConfig,
): readonly Percent[] {
  const shares = sharesWithHoldBack(steps, held);
  if (shares !== null) return shares;
  throw new UserError('usage', `steps ${steps.join(', ')} leave no room to hold ${held} % back`, {
    why: `the last bake is at ${100 - held} % then`,
    mend: ['--steps 10,50,100', `or set environments.${name}.strategies.canary.holdBack: off`],
  });
}
