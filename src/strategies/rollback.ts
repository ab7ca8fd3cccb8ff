import type { Plan } from '../domain/plan.ts';
import { conclusion, planOf, provision, single } from './common.ts';
import type { Settings } from './settings.ts';

/**
 * One move back to a version known good, without analysis: `challenger` is the version that comes back, `champion` what
 * serves now. A warm-up would only leave users longer with what they are being saved from.
 */
export function rollback(settings: Settings): Plan {
  const { challenger } = settings;
  return planOf('rollback', settings, [
    provision(settings, [single(challenger)]),
    { kind: 'promote', version: challenger },
    ...conclusion(settings, `${settings.environment} was rolled back to ${challenger}`),
  ]);
}
