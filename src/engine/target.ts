import type { Service, VersionRecord } from '../domain/registry.ts';
import type { AliasTarget, Route } from '../domain/route.ts';
import { routeKey } from '../domain/route.ts';
import type { Instant } from '../domain/units.ts';
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
  // Lambda takes a weight of 0, but a split by it is none.
  const weights = route.percent === 0 ? {} : { [additional]: route.percent / 100 };
  return { kind: 'target', target: { functionVersion: primary, weights } };
}

/** Champion only, empty weights: what undoes everything, known since the first entry. */
export const homeTarget = (state: RolloutState): AliasTarget => ({
  functionVersion: state.home.functionVersion,
  weights: {},
});

/** What the registry is told of the version that serves everybody now. */
export function serviceOf(
  state: RolloutState,
  served: { readonly functionVersion: string; readonly since: Instant },
): Service {
  const { plan, endpoints, codeSha256, id } = state;
  const { functionVersion } = served;
  // Of what was published long ago the registry knows more than this rollout.
  const isReturn = plan.returnsTo?.functionVersion === functionVersion;
  const { routing, codeSha256: code } = isReturn
    ? (plan.returnsTo ?? {})
    : { routing: plan.routing, codeSha256 };
  return {
    ...served,
    endpoint: endpoints[plan.challenger]?.name ?? '',
    ...(routing === undefined ? {} : { routing }),
    ...(code === undefined || code === '' ? {} : { codeSha256: code }),
    rollout: id,
  };
}

/** How the challenger served everybody; undefined where the registry never called it champion in this rollout. */
export function promotedService(state: RolloutState): Service | undefined {
  const functionVersion = state.published[routeKey({ kind: 'single', version: state.plan.challenger })];
  if (!state.committed || functionVersion === undefined) return undefined;
  return serviceOf(state, { functionVersion, since: state.promotedAt ?? state.startedAt });
}

/** The champion, to which users have come back: as it served before, if that is known. */
export function homeServiceOf(state: RolloutState, since: Instant): Service {
  const { plan, home, endpoints, services, id } = state;
  const known = plan.champion === null ? undefined : services[plan.champion]?.at(-1);
  const { functionVersion } = home;
  if (known?.functionVersion === functionVersion) {
    const { left: _left, ...served } = known;
    return { ...served, since, rollout: id };
  }
  return { functionVersion, endpoint: endpoints[plan.champion ?? '']?.name ?? '', since, rollout: id };
}

/** Where the rollback leads: home, unless a person has chosen another version without the store. */
export const rollbackTarget = (state: RolloutState): AliasTarget =>
  state.keeps === null ? homeTarget(state) : { functionVersion: state.keeps.functionVersion, weights: {} };

/**
 * Where a rollout that takes users away from this champion would return. The registry knows better than a reading of the
 * alias, which may be late, or of what somebody moved it to by hand.
 */
export const homeOf = (champion: VersionRecord | null, read: AliasTarget): AliasTarget => ({
  functionVersion: champion?.functionVersion ?? read.functionVersion,
  weights: {},
});
