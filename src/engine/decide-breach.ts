import type { EntryBody } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { Route } from '../domain/route.ts';
import { type Instant, later } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { breachAnew } from './accepted-breach.ts';
import { noWayBack } from './decide-rollback.ts';
import { type Decision, pointAt } from './decision.ts';
import type { Held } from './held-for-breach.ts';
import { heldFor } from './fold-journal.ts';
import type { RolloutState } from './state.ts';
import { rollbackTarget } from './target.ts';

/** Nobody answered for as long as a hold may last: the breach stands, so quiet times count as well. */
export const isOverdue = ({ heldSince, plan }: RolloutState, now: Instant): boolean =>
  heldSince !== null && now - heldSince >= plan.maxHoldMs;

/**
 * What follows from a failed verdict: nothing but words where a watch has no version to return to; a rollback at once where the
 * switch itself harms everybody; else the plan's hold for a person, or a rollback.
 * @returns null where the breach has been told to people already: a hold for it is under way, or a person accepted it
 */
export function onFailure(
  state: RolloutState,
  verdict: Extract<Verdict, { kind: 'fail' }>,
): readonly EntryBody[] | null {
  const { plan } = state;
  const { sentence, blames } = verdict.reason;
  if (plan.strategy === 'watch' && plan.undo === null)
    return [
      { kind: 'verdict', verdict, action: 'tell' },
      { kind: 'ended', outcome: noWayBack(state, sentence) },
    ];
  const isSwitch = blames === 'switch' && plan.undo !== null;
  // Everybody suffers, and no person needs to weigh anything.
  const reason = breachAnew(state, verdict);
  if (!isSwitch && reason === null) return null;
  if (!isSwitch && reason !== null && plan.onBreach !== undefined)
    return [
      { kind: 'verdict', verdict: { ...verdict, reason }, action: heldFor },
      { kind: 'held', why: `${reason.sentence} ${waysOn(plan)}` },
    ];
  return [
    { kind: 'verdict', verdict, action: 'roll back' },
    { kind: 'rolling-back', cause: { kind: isSwitch ? 'step-failed' : 'verdict', sentence } },
  ];
}

/** For whoever is asked. */
const waysOn = ({ environment }: Plan): string =>
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
