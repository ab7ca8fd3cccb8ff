import type { Effect, EffectOutcome, Entry } from '../domain/journal.ts';
import { isHeldForBreach } from './held-for-breach.ts';
import { type AliasTarget, type Route, routeKey, sameTarget } from '../domain/route.ts';
import { type Instant, instant, unreachable } from '../domain/units.ts';
import type { RolloutState } from './state.ts';
import { resolveRoute } from './target.ts';

/** From its intent on an effect may come about, even after its owner has died. */
export function meant(state: RolloutState, effect: Effect): RolloutState {
  if (effect.kind === 'swap-stage') return { ...state, swapMeant: true };
  const isKnown =
    effect.kind !== 'set-alias' || effect.alias === state.plan.alias || state.written.includes(effect.alias);
  return isKnown ? state : { ...state, written: [...state.written, effect.alias] };
}

/** What was read back after an effect. */
export function afterEffect(
  state: RolloutState,
  effect: Effect,
  outcome: EffectOutcome,
  at: Instant,
): RolloutState {
  switch (effect.kind) {
    case 'ensure-endpoint':
      if (isRebuild(state, effect.version))
        return rebuilt(state, at, {
          askedAt: at,
          ready: outcome.kind === 'endpoint' && outcome.state === 'in-service',
        });
      return outcome.kind === 'endpoint'
        ? { ...state, endpointReady: outcome.state === 'in-service', endpointAskedAt: at }
        : state;
    case 'publish':
      return outcome.kind === 'published'
        ? { ...state, published: { ...state.published, [routeKey(effect.route)]: outcome.functionVersion } }
        : state;
    case 'smoke':
      if (isRebuild(state, effect.version)) return rebuilt(state, at, { smoked: true });
      return {
        ...state,
        smokedStep: state.step,
        smokeRequests: outcome.kind === 'smoked' ? outcome.requests : null,
      };
    case 'warm-up':
      if (state.phase === 'rolling-back') return rebuilt(state, at, { warmed: true });
      return {
        ...state,
        warmedAt: { ...state.warmedAt, [routeKey(effect.route)]: warmedAt(state, at) },
        warmed: outcome.kind === 'warmed' ? (outcome.endpoints ?? []) : [],
      };
    case 'report':
      return outcome.kind === 'reported' ? { ...state, report: outcome.report } : state;
    case 'retire':
      return { ...state, retiring: 'gone' };
    case 'notify':
      return { ...state, notifiedStep: state.step };
    case 'set-alias': {
      if (outcome.kind !== 'alias') return state;
      const { alias, purpose, route } = effect;
      const { revisionId, target, stamp } = outcome;
      const aliases = { ...state.aliases, [alias]: { revisionId, target, stamp } };
      const unfenced = state.unfenced.filter((other) => other !== alias);
      const fenced = { ...state, aliases, unfenced };
      if (purpose === 'fence') {
        const found = routeServed(state, target);
        const known = state.routes[alias] ?? null;
        const isNews = found !== null && (known === null || routeKey(found) !== routeKey(known));
        return isNews ? { ...fenced, ...moved(state, alias, found, at) } : fenced;
      }
      return {
        ...fenced,
        ...moved(state, alias, route ?? state.routes[alias] ?? null, at, purpose === 'route'),
        ...(purpose === 'promote' ? { promotedAt: at } : {}),
        ...(purpose === 'roll-back' && state.rollback !== null
          ? { rollback: { ...state.rollback, home: [...state.rollback.home, alias] } }
          : {}),
      };
    }
    case 'swap-stage': {
      if (outcome.kind !== 'stage') return state;
      const swapped = {
        ...state,
        serving: outcome.alias,
        route: state.routes[outcome.alias] ?? null,
        routeSince: at,
      };
      return state.rollback === null
        ? swapped
        : { ...swapped, rollback: { ...state.rollback, stageTidied: true } };
    }
  }
}

/** What a rollback builds is its champion, never what it leads away from. */
const isRebuild = ({ phase, plan }: RolloutState, version: string): boolean =>
  phase === 'rolling-back' && version === plan.champion;

function rebuilt(
  state: RolloutState,
  at: Instant,
  news: Partial<NonNullable<NonNullable<RolloutState['rollback']>['rebuild']>>,
): RolloutState {
  const { rollback } = state;
  if (rollback === null) return state;
  const known = rollback.rebuild ?? { since: at, askedAt: at, ready: false, smoked: false, warmed: false };
  return { ...state, rollback: { ...rollback, rebuild: { ...known, ...news } } };
}

/** What follows from an alias's serving another route now. */
function moved(
  state: RolloutState,
  alias: string,
  route: Route | null,
  at: Instant,
  isShare = true,
): Partial<RolloutState> {
  const routes = { ...state.routes, [alias]: route };
  if (alias !== state.serving) return { routes };
  // Users who are taken off a version that breached begin no bake: it is held as before.
  const inBake = isShare && state.plan.steps[state.step]?.kind === 'bake' && !isHeldForBreach(state);
  return {
    routes,
    route: route ?? state.route,
    routeSince: at,
    // A new share begins its bake anew.
    ...(inBake ? { stepSince: at, pausedMs: 0, heldSince: null, heldWhy: '' } : {}),
  };
}

/**
 * The route that a fence found: an older owner's write may have landed and its result never been journaled, and whoever has
 * users is judged from then on, also while the rollout is paused.
 */
export function routeServed(state: RolloutState, target: AliasTarget): Route | null {
  const { plan, override } = state;
  const { champion, challenger } = plan;
  if (plan.strategy === 'watch') return null;
  const asked: Route | null =
    override === null || champion === null
      ? null
      : { kind: 'split', champion, challenger, percent: override.percent };
  const wanted = plan.steps.flatMap((step): readonly Route[] => {
    if (step.kind === 'promote') return [{ kind: 'single', version: step.version }];
    return step.kind === 'route' ? [step.route] : [];
  });
  const known = asked === null ? wanted : [...wanted, asked];
  const found = known.find((route) => {
    const resolved = resolveRoute(state, route);
    return resolved.kind === 'target' && sameTarget(resolved.target, target);
  });
  return found ?? null;
}

/** A hold begins or is over. Where it is for an alias that somebody moved, its users are judged by what they get. */
export function afterHold(
  state: RolloutState,
  { at, why, over, moved: edit }: Extract<Entry, { kind: 'held' }>,
): RolloutState {
  const served = edit === undefined ? state : { ...state, ...moved(state, edit.alias, edit.route, at) };
  if (over === true) return { ...served, heldSince: null, heldWhy: '' };
  return { ...served, heldSince: state.heldSince ?? at, heldWhy: why };
}

/** The way back begins, or is begun anew by somebody who has looked for the champion anew. */
export function afterRollingBack(
  state: RolloutState,
  { cause, at, lost }: Extract<Entry, { kind: 'rolling-back' }>,
): RolloutState {
  const begun: NonNullable<RolloutState['rollback']> = {
    cause,
    at,
    home: [],
    stageTidied: false,
    labelled: false,
  };
  const { lost: _lost, rebuild: _rebuild, ...rollback } = state.rollback ?? begun;
  return {
    ...state,
    phase: 'rolling-back',
    tries: {},
    pausedAt: null,
    pausedBy: null,
    rollback: { ...rollback, ...(lost === undefined ? {} : { lost }) },
  };
}

/** What the alias alone knew of is written anew under a token of the store's. */
export function afterRepair(
  state: RolloutState,
  { keeps, writer }: Extract<Entry, { kind: 'repaired' }>,
): RolloutState {
  const { rollback } = state;
  const labelled = rollback !== null && rollback.labelled && keeps === undefined;
  return {
    ...state,
    keeps: keeps ?? state.keeps,
    repaired: writer ?? state.repaired,
    rollback: rollback === null ? null : { ...rollback, home: [], labelled },
  };
}

/** Tries are counted by what is to be reached. */
export function effectKey(effect: Effect): string {
  switch (effect.kind) {
    case 'ensure-endpoint':
      return `ensure-endpoint ${effect.endpoint}`;
    case 'publish':
    case 'warm-up':
      return `${effect.kind} ${routeKey(effect.route)}`;
    case 'smoke':
      return `smoke ${effect.version}`;
    case 'set-alias':
      return `set-alias ${effect.purpose} ${effect.alias}`;
    case 'swap-stage':
      return `swap-stage ${effect.to} ${JSON.stringify(effect.deployment)}`;
    case 'report':
    case 'notify':
      return effect.kind;
    case 'retire':
      return `retire ${effect.endpoint}`;
    default:
      return unreachable(effect);
  }
}

/** No earlier than what it was done for: a clock that was set back would have it done again and again. */
const warmedAt = ({ stepSince, override }: RolloutState, at: Instant): Instant =>
  instant(Math.max(at, stepSince, override?.at ?? 0));

/** The record but for this key. */
export function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}
