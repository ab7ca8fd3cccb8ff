import type { Effect, Outcome, RollbackCause } from '../domain/journal.ts';
import type { Instant } from '../domain/units.ts';
import { effectKey } from './after-effect.ts';
import { attempt, type Decision, ended } from './decision.ts';
import type { RolloutState } from './state.ts';
import { homeTarget } from './target.ts';

/** Null where it can't be done and no longer matters: the registry has a new champion. */
export function fence(state: RolloutState, alias: string, now: Instant): Decision | null {
  const target = homeTarget(state);
  const effect: Effect = { kind: 'set-alias', purpose: 'fence', alias, target, route: null };
  const tried = state.tries[effectKey(effect)];
  if (tried !== undefined && (tried.final || tried.count >= state.plan.maxTries)) {
    if (state.plan.strategy === 'watch') return ended(notWatched(state, tried.error));
    if (state.committed) return null;
    const cause: RollbackCause = { kind: 'step-failed', sentence: tried.error };
    return { kind: 'record', entries: [{ kind: 'rolling-back', cause }] };
  }
  return attempt(state, effect, now);
}

function notWatched(state: RolloutState, error: string): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence: `${state.plan.challenger} is not watched: ${error}. It serves on, and nothing was changed`,
    mend: [`mlreg doctor ${at}`, `mlreg resume ${at}`, `mlreg abort ${at}`],
  };
}
