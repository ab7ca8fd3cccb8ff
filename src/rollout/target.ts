import type { AliasTarget, Route } from '../domain/route.ts';
import { routeKey } from '../domain/route.ts';
import { publicationsOf, type RolloutState } from './state.ts';

/** The alias's target for a route, or the first publication that is still missing for it. */
export type Resolved =
  | { readonly kind: 'target'; readonly target: AliasTarget }
  | { readonly kind: 'missing'; readonly route: Route };

export function resolveRoute(state: RolloutState, route: Route): Resolved {
  const versions: string[] = [];
  for (const publication of publicationsOf(state.plan, route)) {
    const version = state.published[routeKey(publication)];
    if (version === undefined) return { kind: 'missing', route: publication };
    versions.push(version);
  }
  const [primary, additional] = versions;
  if (primary === undefined) throw new Error(`route ${routeKey(route)} publishes nothing`);
  const weights =
    additional !== undefined && route.kind === 'split' ? { [additional]: route.percent / 100 } : {};
  return { kind: 'target', target: { functionVersion: primary, weights } };
}

/** Champion only, empty weights: what undoes everything, known since the first entry. */
export const homeTarget = (state: RolloutState): AliasTarget => ({
  functionVersion: state.home.functionVersion,
  weights: {},
});
