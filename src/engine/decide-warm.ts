import { formatDuration } from '../domain/parse.ts';
import type { Step } from '../domain/plan.ts';
import type { Instant } from '../domain/units.ts';
import { type Decision, done, isWarm, spent, warmUp } from './decision.ts';
import type { RolloutState } from './state.ts';
import { warmedText } from './warmth.ts';

/** Users of a rollback wait where they are, and not for ever: what is not warm in time is moved to cold. */
export function warm(
  state: RolloutState,
  { route, withinMs }: Extract<Step, { kind: 'warm-up' }>,
  now: Instant,
): Decision {
  if (isWarm(state, route)) return done(state, warmedText(state.warmed));
  if (withinMs === undefined) return warmUp(state, route, now);
  const failed = spent(state);
  if (failed !== undefined) return done(state, `it may be cold: ${failed.error}`);
  const left = withinMs - (now - state.stepSince);
  if (left <= 0) return done(state, `it may be cold: not warm within ${formatDuration(withinMs)}`);
  return warmUp(state, route, now, left);
}
