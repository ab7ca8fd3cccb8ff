import type { Verdict } from '../domain/verdict.ts';
import { judgeTable } from './judge-table.ts';
import { currentStep, judgedShare, type RolloutState } from './state.ts';

/** From the first share of traffic to the last bake. */
export function isJudged(state: RolloutState): boolean {
  if (state.phase !== 'forward' || state.promotedAt !== null) return false;
  return judgedShare(state) > 0 && (state.plan.strategy === 'watch' || currentStep(state) !== undefined);
}

/** A pure function of the policy and the tick table; null where nothing is judged, or nothing was seen yet. */
export function verdictOn(state: RolloutState): Verdict | null {
  if (!isJudged(state) || state.observations.length === 0) return null;
  const { unreadable } = state;
  if (unreadable !== null) return { kind: 'unreadable', why: unreadable.why, denied: unreadable.denied };
  if (state.summary !== undefined) return state.summary.verdict;
  return judgeTable(state.plan.policy, state.observations, state.salt);
}

/** Until a tick at this very share was seen, all that is known in the challenger's favour is of another. */
export function decidingVerdict(state: RolloutState): Verdict | null {
  const verdict = verdictOn(state);
  const isAgainst = verdict?.kind === 'fail' || verdict?.kind === 'unreadable';
  return isAgainst || isOfThisStep(state) ? verdict : null;
}

function isOfThisStep(state: RolloutState): boolean {
  const last = state.observations.at(-1);
  return last !== undefined && last.at > state.stepSince && last.plannedPercent === judgedShare(state);
}
