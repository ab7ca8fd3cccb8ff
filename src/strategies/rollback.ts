import type { Plan, Step } from '../domain/plan.ts';
import { conclusion, planOf, provision, single } from './common.ts';
import type { RollbackSettings } from './settings.ts';

/**
 * One move to a version that served everybody before, without analysis: `challenger` is the version that comes back,
 * `champion` what serves now. Nothing is published, for users would wait for it. Where nobody suffers they wait, for a bounded time,
 * until the version is warm; where somebody does they move at once. If there is
 * something to build, that is smoke-tested and warm before users move. So is a version that is published anew because of
 * its API keys; the steps of that are left out where one of them fails.
 */
export function rollback(settings: RollbackSettings): Plan {
  const { challenger, returnsTo, republishes, smokeFirst = false, warmWithinMs } = settings;
  const builds =
    settings.builds ?? (returnsTo === undefined ? 'no Lambda version of it is recorded' : undefined);
  const route = single(challenger);
  const smoke: Step = { kind: 'smoke', version: challenger, route };
  const warmUp: Step = { kind: 'warm-up', route };
  const isRepublished = builds === undefined && republishes !== undefined;
  const warmFirst: readonly Step[] =
    warmWithinMs === undefined || isRepublished ? [] : [{ ...warmUp, withinMs: warmWithinMs }];
  const before: readonly Step[] =
    builds === undefined
      ? [...(isRepublished ? [smoke, warmUp] : []), ...(smokeFirst ? [smoke] : []), ...warmFirst]
      : [provision(settings, [route]), smoke, warmUp];
  const steps: readonly Step[] = [
    ...before,
    { kind: 'promote', version: challenger },
    ...conclusion(settings, `${settings.environment} was rolled back to ${challenger}`),
  ];
  return {
    ...planOf('rollback', settings, steps),
    ...(returnsTo === undefined ? {} : { returnsTo }),
    ...(builds === undefined ? {} : { builds }),
    ...(isRepublished ? { republishes } : {}),
  };
}
