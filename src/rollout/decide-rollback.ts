import type { Effect, Outcome } from '../domain/journal.ts';
import type { Route } from '../domain/route.ts';
import type { Instant } from '../domain/units.ts';
import * as labels from '../registry/labels.ts';
import { attempt, type Decision, ended, tell } from './decision.ts';
import { effectKey } from './replay.ts';
import { challengerShare, type RolloutState } from './state.ts';
import { homeTarget } from './target.ts';

/** Rolling back goes on trying far longer than a step forward would: some minutes of throttling must not end it. */
const rollbackTries = 200;

/**
 * The way back, a path of its own: nothing in it reads metrics or approvals, and the alias is written even where it
 * seems to be home already, for only a write ends an older owner's right to write (its RevisionId).
 */
export function rollBack(state: RolloutState, now: Instant): Decision {
  const { rollback } = state;
  if (rollback === null) throw new Error(`${state.id} rolls back without a cause`);
  // A watch that knows no earlier version has nowhere to go: what serves is still the champion.
  if (state.plan.strategy === 'watch' && state.plan.undo === null)
    return ended(noWayBack(state, rollback.cause.sentence));
  if (!rollback.written) {
    const home: Route | null = state.plan.undo;
    const effect: Effect = {
      kind: 'set-alias',
      purpose: 'roll-back',
      alias: state.plan.alias,
      target: homeTarget(state),
      route: home,
    };
    const tried = state.tries[effectKey(effect)];
    const isHopeless = tried?.final === true || (tried?.count ?? 0) >= limitOf(state);
    if (tried === undefined || !isHopeless) return attempt(state, effect, now, 'roll-back');
    if (mayHaveMoved(state)) return ended(stuckIn(state, tried.error));
  }
  if (!rollback.labelled) {
    const reason = rollback.cause.sentence;
    return {
      kind: 'record',
      entries: [{ kind: 'labelled', as: 'rolled-back' }],
      changes: labels.rolledBack(state.plan, {
        rollout: state.id,
        at: now,
        reason,
        wasPromoted: state.committed,
      }),
    };
  }
  const told = tell(state, `${state.plan.challenger} rolled back: ${rollback.cause.sentence}`, now);
  if (told !== null) return told;
  return ended({ kind: 'rolled-back', cause: rollback.cause, harmedRequests: harmed(state) });
}

/** Before its first step that moves users a rollout has moved nobody, nor can an older owner still do it. */
function mayHaveMoved({ plan, step, route }: RolloutState): boolean {
  if (plan.strategy === 'watch' || (route !== null && route.kind !== 'single')) return true;
  return plan.steps
    .slice(0, step + 1)
    .some(({ kind }) => kind === 'route' || kind === 'promote' || kind === 'swap-stage');
}

const limitOf = (state: RolloutState): number => (mayHaveMoved(state) ? rollbackTries : state.plan.maxTries);

export function noWayBack(state: RolloutState, sentence: string): Outcome {
  return {
    kind: 'stuck',
    sentence: `${sentence}; ${state.plan.challenger} still serves, for no earlier version is known good`,
    mend: [
      `mlreg versions --environment ${state.plan.environment}`,
      `mlreg rollback --to VERSION --environment ${state.plan.environment}`,
    ],
  };
}

function stuckIn(state: RolloutState, error: string): Outcome {
  return {
    kind: 'stuck',
    sentence:
      `the alias ${state.plan.alias} could not be pointed at ${state.plan.champion ?? 'its old version'}: ${error}. ` +
      `${state.plan.challenger} may still get ${challengerShare(state)} % of traffic`,
    mend: [
      `mlreg rollback --environment ${state.plan.environment}`,
      `mlreg doctor --environment ${state.plan.environment}`,
    ],
  };
}

/** What the trial has cost so far: the last verdict's count, or the failures seen since. */
export function harmed(state: RolloutState): number {
  const { lastVerdict } = state;
  const judged = lastVerdict !== null && lastVerdict.kind !== 'unreadable' ? lastVerdict.harmedRequests : 0;
  const failed = state.observations.reduce((sum, tick) => sum + (tick.challenger?.errors ?? 0), 0);
  return Math.max(judged, failed);
}
