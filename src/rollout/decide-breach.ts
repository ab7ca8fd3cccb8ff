import type { Plan } from '../domain/plan.ts';
import type { Route } from '../domain/route.ts';
import { type Instant, later } from '../domain/units.ts';
import { type Decision, pointAt } from './decision.ts';
import type { Held } from './held-for-breach.ts';
import type { RolloutState } from './state.ts';
import { rollbackTarget } from './target.ts';

/** Nobody answered for as long as a hold may last: the breach stands, so quiet times count as well. */
export const isOverdue = ({ heldSince, plan }: RolloutState, now: Instant): boolean =>
  heldSince !== null && now - heldSince >= plan.maxHoldMs;

/** For whoever is asked. */
export const waysOn = ({ environment }: Plan): string =>
  `mlreg abort --environment ${environment} brings users back; mlreg promote --environment ${environment} --reason WHY goes on all the same`;

/**
 * Advances nothing, and waits for a person. Where the plan holds at 0 % users get the champion meanwhile, by the Lambda
 * version that a rollback would return to.
 */
export function holdForBreach(state: Held, now: Instant): Decision {
  const { plan, serving: alias } = state;
  if (plan.onBreach === 'hold-at-zero' && plan.champion !== null) {
    const route: Route = { kind: 'single', version: plan.champion };
    const brought = pointAt(state, { purpose: 'route', alias, target: rollbackTarget(state), route }, now);
    if (brought !== null) return brought;
  }
  return { kind: 'wait', until: later(now, plan.tickMs), why: `held: ${state.heldWhy}` };
}
