import type { Plan, Step } from '../domain/plan.ts';
import { approval, bakeAt, firstDeploy, planOf, prepare, promotion, single, splits } from './common.ts';
import type { CanarySettings } from './settings.ts';

/** Growing shares, each baked; everybody after the last. Every route is published before the first user is moved. */
export function canary(settings: CanarySettings): Plan {
  const { champion, challenger } = settings;
  if (champion === null) return firstDeploy(settings);
  const routes = splits({ ...settings, champion }, settings.steps);
  const climb = settings.steps.flatMap((share, index): readonly Step[] => {
    const route = routes[index];
    if (route === undefined) throw new Error(`no route for ${share} %`);
    return [
      { kind: 'warm-up', route },
      { kind: 'route', route },
      bakeAt(settings, share, index === settings.steps.length - 1),
    ];
  });
  return planOf('canary', settings, [
    ...approval(settings),
    ...prepare(settings, [...routes, single(challenger)]),
    ...climb,
    ...promotion(settings, `${challenger} was promoted in ${settings.environment}`),
  ]);
}
