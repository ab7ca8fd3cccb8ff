import type { Effect, EffectOutcome } from '../domain/journal.ts';
import { routeKey } from '../domain/route.ts';
import { type Instant, instant, unreachable } from '../domain/units.ts';
import type { RolloutState } from './state.ts';

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
      return outcome.kind === 'endpoint'
        ? { ...state, endpointReady: outcome.state === 'in-service', endpointAskedAt: at }
        : state;
    case 'publish':
      return outcome.kind === 'published'
        ? { ...state, published: { ...state.published, [routeKey(effect.route)]: outcome.functionVersion } }
        : state;
    case 'smoke':
      return { ...state, smokedStep: state.step };
    case 'warm-up':
      return { ...state, warmedAt: { ...state.warmedAt, [routeKey(effect.route)]: warmedAt(state, at) } };
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
      if (purpose === 'fence') return { ...state, aliases, unfenced };
      const reachesUsers = alias === state.serving;
      const inBake = state.plan.steps[state.step]?.kind === 'bake' && purpose === 'route';
      return {
        ...state,
        aliases,
        unfenced,
        routes: { ...state.routes, [alias]: route ?? state.routes[alias] ?? null },
        ...(reachesUsers ? { route: route ?? state.route, routeSince: at } : {}),
        // A new share begins its bake anew.
        ...(inBake && reachesUsers ? { stepSince: at, pausedMs: 0, heldSince: null, heldWhy: '' } : {}),
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
