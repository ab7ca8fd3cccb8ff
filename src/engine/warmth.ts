import type { EndpointWarmed } from '../domain/journal.ts';
import type { Route } from '../domain/route.ts';
import type { VersionTag } from '../domain/units.ts';
import type { Load } from '../domain/load.ts';
import type { RolloutState } from './state.ts';

/** The part of all requests that a version answers under a route, 0 to 1. A copy counts as a request. */
export function shareUnder(route: Route, version: string): number {
  if (route.kind === 'single') return route.version === version ? 1 : 0;
  if (route.kind === 'shadow') {
    if (route.champion === version) return 1;
    return route.challenger === version ? route.sample / 100 : 0;
  }
  if (route.challenger === version) return route.percent / 100;
  return route.champion === version ? 1 - route.percent / 100 : 0;
}

/**
 * Environments that keep a request from waiting for one: as many as are in flight on average, four standard deviations on
 * top, for callers come independently of one another (Poisson), and one for the request itself. Fewer than 1 in 500
 * requests find all of them busy. Never more than the endpoint may have.
 */
export function environmentsFor({ inFlight, most }: Load, share: number): number {
  const busy = inFlight * share;
  return Math.min(most, Math.ceil(busy + 4 * Math.sqrt(busy)) + 1);
}

/**
 * Warming requests to send at once where `next` of all requests are about to come and `present` come already. Those that
 * are in flight for users must find room beside them.
 */
export function warmingRequests(load: Load, present: number, next: number): number {
  const wanted = environmentsFor(load, next);
  if (present === 0) return wanted;
  return Math.max(1, Math.min(wanted, load.most - environmentsFor(load, present)));
}

/** Versions that get more requests under this route than they get now. */
export function growing(
  state: RolloutState,
  route: Route,
): readonly { readonly version: VersionTag; readonly present: number; readonly next: number }[] {
  const { champion, challenger } = state.plan;
  return [champion, challenger].flatMap((version) => {
    if (version === null) return [];
    const present = presentShare(state, version);
    const next = shareUnder(route, version);
    return next > present ? [{ version, present, next }] : [];
  });
}

export function presentShare({ route, plan }: RolloutState, version: string): number {
  if (route !== null) return shareUnder(route, version);
  return version === plan.champion ? 1 : 0;
}

/** For people: which endpoints, how many environments. */
export function warmedText(warmed: readonly EndpointWarmed[]): string {
  if (warmed.length === 0) return 'warm';
  return warmed
    .map(({ version, requests, warm, throttled }) => {
      const some = `${warm} ${warm === 1 ? 'environment' : 'environments'} of ${version} warm`;
      if (throttled === true) return `${some} of ${requests} wanted: SageMaker throttled`;
      return warm < requests ? `${some} of ${requests} wanted` : some;
    })
    .join(', ');
}
