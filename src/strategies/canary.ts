import type { Plan, Step } from '../domain/plan.ts';
import { approval, bakeAt, allAtOnce, planOf, prepare, promotion, single, split } from './common.ts';
import type { CanarySettings } from './settings.ts';

/** Growing shares, each baked; everybody after the last. Every route is published before the first user is moved. */
export function canary(settings: CanarySettings): Plan {
  const { champion, challenger } = settings;
  if (champion === null) return allAtOnce(settings);
  const { steps } = settings;
  const routes = steps.map((share) => split(champion, challenger, share));
  const climb = steps.flatMap((share, index): readonly Step[] => {
    const route = split(champion, challenger, share);
    return [
      { kind: 'warm-up', route },
      { kind: 'route', route },
      {
        ...bakeAt(settings, share, index === steps.length - 1),
        ...(share === 0 ? { testersOnly: true } : {}),
      },
    ];
  });
  const plan = planOf('canary', settings, [
    ...approval(settings),
    ...prepare(settings, [...routes, single(challenger)]),
    ...climb,
    ...promotion(settings, `${challenger} was promoted in ${settings.environment}`),
  ]);
  return settings.holdBack === undefined ? plan : { ...plan, holdBack: settings.holdBack };
}
