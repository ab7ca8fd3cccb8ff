import type { Plan } from '../domain/plan.ts';
import { UserError } from '../domain/user-error.ts';
import {
  approval,
  bakeAt,
  conclusion,
  everybody,
  allAtOnce,
  planOf,
  prepare,
  single,
  split,
} from './common.ts';
import type { BlueGreenSettings } from './settings.ts';

/**
 * A small share of blue's traffic first; then the stage is swapped to green, where the challenger alone serves. Promoted,
 * it comes to blue as well and the stage returns, so that at rest one alias serves, whatever strategy comes next.
 * @throws UserError where the environment has no second alias
 */
export function blueGreen(settings: BlueGreenSettings): Plan {
  const { champion, challenger, alias, green, environment } = settings;
  if (champion === null) return allAtOnce(settings);
  if (green === undefined || green === alias) {
    throw new UserError('usage', `${environment} has no second alias that its stage could be swapped to`, {
      mend: [
        `set environments.${environment}.lambda.green in mlreg.yaml to an alias other than ${alias}`,
        `mlreg deploy --strategy canary --model-version ${challenger} --environment ${environment}`,
      ],
    });
  }
  const trial = split(champion, challenger, settings.percent);
  return planOf('blue-green', settings, [
    ...approval(settings),
    ...prepare(settings, [trial, single(challenger)]),
    { kind: 'warm-up', route: trial },
    { kind: 'route', route: trial },
    bakeAt(settings, settings.percent, false),
    { kind: 'warm-up', route: single(challenger) },
    { kind: 'route', route: single(challenger), alias: green },
    { kind: 'swap-stage', to: green, deployment: 'new' },
    bakeAt({ ...settings, bakeMs: settings.finalBakeMs }, everybody, true),
    { kind: 'promote', version: challenger },
    { kind: 'swap-stage', to: alias, deployment: 'keep' },
    ...conclusion(settings, `${challenger} was promoted in ${environment}`),
  ]);
}
