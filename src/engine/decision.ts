import type { Effect, EntryBody, Outcome } from '../domain/journal.ts';
import type { VersionChange } from '../domain/registry.ts';
import { type Route, routeKey, sameTarget } from '../domain/route.ts';
import { type Instant, later } from '../domain/units.ts';
import { effectKey } from './after-effect.ts';
import type { RolloutState } from './state.ts';
import { resolveRoute } from './target.ts';

export type Decision =
  /** Journal the intent, do it, journal the result, decide again. */
  | { readonly kind: 'effect'; readonly effect: Effect }
  /** Journal this, decide again. */
  | {
      readonly kind: 'record';
      readonly entries: readonly EntryBody[];
      readonly changes?: readonly VersionChange[];
    }
  /** Nothing to do before this instant. */
  | { readonly kind: 'wait'; readonly until: Instant; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

/** A lost alias write is tried again sooner than anything else: users are waiting for it. */
const backoffMs = (tries: number, purpose: 'forward' | 'roll-back'): number =>
  Math.min(purpose === 'roll-back' ? 2_000 : 10_000, 200 * 2 ** (tries - 1));

const notifyTries = 3;

/** The effect, or a wait until it is time to try it again. */
export function attempt(
  state: RolloutState,
  effect: Effect,
  now: Instant,
  path: 'forward' | 'roll-back' = 'forward',
): Decision {
  const tried = state.tries[effectKey(effect)];
  if (tried !== undefined) {
    const next = later(tried.lastAt, backoffMs(tried.count, path));
    // A clock that was set back must not make anybody wait.
    if (now < next && now >= tried.lastAt)
      return { kind: 'wait', until: next, why: `tries again: ${tried.error}` };
  }
  return { kind: 'effect', effect };
}

export const isWarm = (state: RolloutState, route: Route): boolean => {
  const at = state.warmedAt[routeKey(route)];
  return at !== undefined && at >= state.stepSince;
};

/** @param withinMs an answer that takes longer is not waited for */
export function warmUp(state: RolloutState, route: Route, now: Instant, withinMs?: number): Decision {
  const resolved = resolveRoute(state, route);
  return attempt(
    state,
    resolved.kind === 'missing'
      ? { kind: 'publish', route: resolved.route }
      : { kind: 'warm-up', route, ...(withinMs === undefined ? {} : { withinMs }) },
    now,
  );
}

/** What is still to be done until the alias serves this route; null when it was seen to. */
export function reach(
  state: RolloutState,
  route: Route,
  purpose: 'route' | 'promote',
  now: Instant,
  alias: string = state.plan.alias,
): Decision | null {
  const resolved = resolveRoute(state, route);
  if (resolved.kind === 'missing') return attempt(state, { kind: 'publish', route: resolved.route }, now);
  return pointAt(state, { purpose, alias, target: resolved.target, route }, now);
}

/** Brings an alias to this target, which serves the route; null where it was last verified to be there. */
export function pointAt(
  state: RolloutState,
  wanted: Pick<Extract<Effect, { kind: 'set-alias' }>, 'purpose' | 'alias' | 'target'> & {
    readonly route: Route;
  },
  now: Instant,
): Decision | null {
  const verified = state.aliases[wanted.alias];
  const present = state.routes[wanted.alias] ?? null;
  const serves =
    verified !== undefined &&
    sameTarget(verified.target, wanted.target) &&
    present !== null &&
    routeKey(present) === routeKey(wanted.route);
  return serves ? null : attempt(state, { kind: 'set-alias', ...wanted }, now);
}

/** Tells people; gives up quietly after a few tries, for nothing may wait on it. */
export function tell(state: RolloutState, subject: string, now: Instant): Decision | null {
  if (state.notifiedStep === state.step) return null;
  const effect: Effect = { kind: 'notify', subject, body: '' };
  if ((state.tries[effectKey(effect)]?.count ?? 0) >= notifyTries) return null;
  return attempt(state, effect, now);
}

export const done = (state: RolloutState, note: string): Decision => ({
  kind: 'record',
  entries: [{ kind: 'step-done', step: state.step, note }],
});

export const ended = (outcome: Outcome): Decision => ({
  kind: 'record',
  entries: [{ kind: 'ended', outcome }],
});

/** The effect whose tries are used up in the present step. */
export const spent = ({ tries, plan }: RolloutState): RolloutState['tries'][string] | undefined =>
  Object.values(tries).find((tried) => tried.final || tried.count >= plan.maxTries);
