import type { Plan } from '../domain/plan.ts';
import {
  approval,
  bakeAt,
  everybody,
  firstDeploy,
  planOf,
  prepare,
  promotion,
  single,
  split,
} from './common.ts';
import type { BlueGreenSettings } from './settings.ts';

/** A small share of blue's traffic first; then the stage is swapped to green, where the challenger alone serves. */
export function blueGreen(settings: BlueGreenSettings): Plan {
  const { champion, challenger } = settings;
  if (champion === null) return firstDeploy(settings);
  const trial = split(champion, challenger, settings.percent);
  return planOf('blue-green', settings, [
    ...approval(settings),
    ...prepare(settings, [trial, single(challenger)]),
    { kind: 'warm-up', route: trial },
    { kind: 'route', route: trial },
    bakeAt(settings, settings.percent, false),
    { kind: 'warm-up', route: single(challenger) },
    { kind: 'swap-stage', to: 'green' },
    bakeAt(settings, everybody, true),
    ...promotion(settings, `${challenger} was promoted in ${settings.environment}`),
  ]);
}
