import type { Plan } from '../domain/plan.ts';
import { percent } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { approval, bakeAt, planOf, prepare, single } from './common.ts';
import type { ShadowSettings } from './settings.ts';

/**
 * The champion answers everybody; the challenger gets copies. Ends in a report, never in a promotion.
 * @throws UserError with weighted routing, which has no router that could copy, and without a champion
 */
export function shadow(settings: ShadowSettings): Plan {
  const { champion, challenger } = settings;
  if (settings.routing === 'weighted') {
    throw new UserError('usage', 'a shadow rollout needs sticky routing', {
      why: "with weighted routing Lambda picks the version, and no router of mlreg's can copy the request",
      mend: `set environments.${settings.environment}.routing: sticky in mlreg.yaml`,
    });
  }
  if (champion === null) {
    throw new UserError('conflict', `${settings.environment} has no champion to shadow`, {
      mend: `mlreg deploy --strategy canary --model-version ${challenger} --environment ${settings.environment}`,
    });
  }
  const copied = { kind: 'shadow', champion, challenger, sample: settings.sample } as const;
  const plan = planOf('shadow', settings, [
    ...approval(settings),
    // The way back is what serves now, so it isn't published.
    ...prepare(settings, [copied]),
    { kind: 'warm-up', route: copied },
    { kind: 'route', route: copied },
    // Nobody is exposed, so nothing is gained by an early end.
    { ...bakeAt(settings, percent(0), false), onInconclusive: 'hold' },
    { kind: 'warm-up', route: single(champion) },
    { kind: 'route', route: single(champion) },
    { kind: 'report' },
    ...(settings.keep ? [] : [{ kind: 'retire', version: challenger } as const]),
    { kind: 'notify', subject: `${challenger} passed in shadow in ${settings.environment}` },
  ]);
  const { policy } = plan;
  return {
    ...plan,
    policy: {
      ...policy,
      rollbackMargin: {
        ...policy.rollbackMargin,
        slower: Math.max(policy.rollbackMargin.slower, otherPath.slower),
      },
      ...(policy.detectableSlower === undefined
        ? {}
        : { detectableSlower: Math.max(policy.detectableSlower ?? 0, otherPath.detectable) }),
    },
    shadow: settings.setup,
  };
}

/**
 * A copy is answered on a path of its own: other environments, other connections, after the caller has been served. What
 * that alone costs must not be blamed on the version, so only a multiple of the champion's latency is.
 */
const otherPath = { slower: 2, detectable: 6 } as const;
