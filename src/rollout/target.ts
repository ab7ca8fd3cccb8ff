import type { VersionRecord } from '../domain/registry.ts';
import type { AliasTarget, Route } from '../domain/route.ts';
import { routeKey } from '../domain/route.ts';
import { publicationsOf, type RolloutState } from './state.ts';

/** The alias's target for a route, or the first publication that is still missing for it. */
export type Resolved =
  | { readonly kind: 'target'; readonly target: AliasTarget }
  | { readonly kind: 'missing'; readonly route: Route };

export function resolveRoute(state: RolloutState, route: Route): Resolved {
  // What served before the rollout is the champion alone: nothing need be published to return to it.
  if (route.kind === 'single' && route.version === state.plan.champion)
    return { kind: 'target', target: homeTarget(state) };
  const [first, second] = publicationsOf(state.plan, route);
  const primary = state.published[routeKey(first)];
  if (primary === undefined) return { kind: 'missing', route: first };
  if (second === undefined || route.kind !== 'split')
    return { kind: 'target', target: { functionVersion: primary, weights: {} } };
  const additional = state.published[routeKey(second)];
  if (additional === undefined) return { kind: 'missing', route: second };
  const weights = { [additional]: route.percent / 100 };
  return { kind: 'target', target: { functionVersion: primary, weights } };
}

/** Champion only, empty weights: what undoes everything, known since the first entry. */
export const homeTarget = (state: RolloutState): AliasTarget => ({
  functionVersion: state.home.functionVersion,
  weights: {},
});

/**
 * Where a rollout that takes users away from this champion would return. The registry knows better than a reading of the
 * alias, which may be late, or of what somebody moved it to by hand.
 */
export const homeOf = (champion: VersionRecord | null, read: AliasTarget): AliasTarget => ({
  functionVersion: champion?.functionVersion ?? read.functionVersion,
  weights: {},
});
