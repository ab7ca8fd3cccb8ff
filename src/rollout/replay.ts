import type { Effect, EffectOutcome, Entry, Request } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { Observation } from '../domain/observation.ts';
import { type Route, routeKey } from '../domain/route.ts';
import { type Instant, type RolloutId, unreachable } from '../domain/units.ts';
import type { RolloutState } from './state.ts';

/**
 * Folds a journal into the rollout's state. Pure, and the only way to know anything about a rollout: resume is nothing
 * else than replaying and going on.
 * @throws Error where the journal does not begin with `started` or has a gap: it must not be acted on
 */
export function replay(id: RolloutId, entries: readonly Entry[]): RolloutState {
  const [first, ...rest] = entries;
  if (first === undefined || first.kind !== 'started')
    throw new Error(`journal of ${id} does not begin with 'started'`);
  // The tick table is gathered apart: copying it at each entry would make a day's watch quadratic.
  const ticks: Observation[] = [];
  let state = begin(id, first);
  for (const entry of rest) {
    state = apply(state, entry);
    if (entry.kind !== 'observed') continue;
    ticks.push(...entry.observations);
    state = { ...state, observations: [] };
  }
  return { ...state, observations: ticks };
}

function begin(id: RolloutId, entry: Extract<Entry, { kind: 'started' }>): RolloutState {
  return {
    id,
    plan: entry.plan,
    by: entry.by,
    reason: entry.reason,
    startedAt: entry.at,
    salt: entry.salt,
    home: entry.home,
    deploymentId: entry.deploymentId,
    endpoints: entry.endpoints,
    codeSha256: entry.codeSha256,
    length: 1,
    token: entry.token,
    owner: entry.by,
    adopted: false,
    phase: 'forward',
    step: 0,
    stepSince: entry.at,
    stepsDone: [],
    endpointReady: false,
    endpointAskedAt: null,
    published: {},
    warmedAt: {},
    smokedStep: null,
    notifiedStep: null,
    aliases: {},
    unfenced: [entry.plan.alias],
    written: [],
    routes: startingRoutes(entry.plan),
    serving: entry.plan.alias,
    swapMeant: false,
    route: startingRoute(entry.plan),
    routeSince: entry.at,
    tries: {},
    openIntent: undefined,
    observations: [],
    lastObservedAt: null,
    unreadable: null,
    lastVerdict: null,
    requestsSeen: 0,
    pausedAt: null,
    pausedMs: 0,
    heldSince: null,
    heldWhy: '',
    approvals: [],
    rejectedBy: null,
    promoteAsked: null,
    override: null,
    rollback: null,
    promotedAt: null,
    committed: false,
    outcome: null,
    endedAt: null,
  };
}

/** Where users are before the first write. A watch's champion is its way back: what serves is its challenger. */
function startingRoute({ strategy, champion, challenger }: Plan): Route | null {
  if (strategy === 'watch') return { kind: 'single', version: challenger };
  return champion === null ? null : { kind: 'single', version: champion };
}

/** What a watch guards serves at rest, on every alias; all else begins on the plan's own. */
function startingRoutes(plan: Plan): Readonly<Record<string, Route | null>> {
  const own = { [plan.alias]: startingRoute(plan) };
  return plan.strategy === 'watch' && plan.green !== undefined
    ? { ...own, [plan.green]: startingRoute(plan) }
    : own;
}

/** One more entry. */
export function apply(state: RolloutState, entry: Entry): RolloutState {
  if (entry.seq !== state.length)
    throw new Error(`journal of ${state.id}: entry ${state.length} is missing, found ${entry.seq}`);
  return { ...fold(state, entry), length: state.length + 1, token: entry.token };
}

function fold(state: RolloutState, entry: Entry): RolloutState {
  switch (entry.kind) {
    case 'started':
      throw new Error(`journal of ${state.id} begins twice`);
    case 'owned':
      // A new owner knows nothing of an alias until its own fence; a stuck rollout lives again.
      return {
        ...state,
        owner: entry.by,
        adopted: entry.adopt,
        aliases: {},
        unfenced: [state.plan.alias, ...state.written],
        openIntent: undefined,
        tries: {},
        outcome: null,
        endedAt: null,
        phase: state.phase === 'ended' ? (state.rollback === null ? 'forward' : 'rolling-back') : state.phase,
      };
    case 'intent':
      return { ...meant(state, entry.effect), openIntent: { seq: entry.seq, effect: entry.effect } };
    case 'result': {
      const effect = state.openIntent?.seq === entry.intent ? state.openIntent.effect : undefined;
      if (effect === undefined) throw new Error(`journal of ${state.id}: result ${entry.seq} has no intent`);
      return afterEffect(
        { ...state, openIntent: undefined, tries: without(state.tries, effectKey(effect)) },
        effect,
        entry.outcome,
        entry.at,
      );
    }
    case 'failed': {
      const effect = state.openIntent?.effect;
      if (effect === undefined) return state;
      const key = effectKey(effect);
      const count = (state.tries[key]?.count ?? 0) + 1;
      return {
        ...state,
        openIntent: undefined,
        tries: { ...state.tries, [key]: { count, lastAt: entry.at, error: entry.error, final: entry.final } },
      };
    }
    case 'step-done':
      return {
        ...state,
        step: entry.step + 1,
        stepSince: entry.at,
        stepsDone: [
          ...state.stepsDone,
          { step: entry.step, at: entry.at, tookMs: entry.at - state.stepSince, note: entry.note },
        ],
        tries: {},
        pausedMs: 0,
        heldSince: null,
        heldWhy: '',
        promoteAsked: state.promoteAsked === 'full' ? 'full' : null,
      };
    case 'observed': {
      const last = entry.observations.at(-1);
      return {
        ...state,
        observations: [...state.observations, ...entry.observations],
        lastObservedAt: last?.at ?? state.lastObservedAt,
        unreadable: null,
      };
    }
    case 'unreadable':
      return {
        ...state,
        unreadable: {
          since: state.unreadable?.since ?? entry.at,
          lastAt: entry.at,
          why: entry.why,
          denied: entry.denied,
        },
      };
    case 'verdict':
      return { ...state, lastVerdict: entry.verdict };
    case 'request':
      return afterRequest(
        { ...state, requestsSeen: state.requestsSeen + 1 },
        entry.request,
        entry.accepted,
        entry.at,
      );
    case 'held':
      return { ...state, heldSince: state.heldSince ?? entry.at, heldWhy: entry.why };
    case 'rolling-back':
      return {
        ...state,
        phase: 'rolling-back',
        tries: {},
        pausedAt: null,
        rollback: state.rollback ?? {
          cause: entry.cause,
          at: entry.at,
          home: [],
          stageTidied: false,
          labelled: false,
        },
      };
    case 'labelled':
      return entry.as === 'promoted' || state.rollback === null
        ? { ...state, committed: true }
        : { ...state, rollback: { ...state.rollback, labelled: true } };
    case 'repaired':
      return state;
    case 'ended':
      return { ...state, phase: 'ended', outcome: entry.outcome, endedAt: entry.at };
    default:
      return unreachable(entry);
  }
}

function afterEffect(state: RolloutState, effect: Effect, outcome: EffectOutcome, at: Instant): RolloutState {
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
      return { ...state, warmedAt: { ...state.warmedAt, [routeKey(effect.route)]: at } };
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

/** From its intent on an effect may come about, even after its owner has died. */
function meant(state: RolloutState, effect: Effect): RolloutState {
  if (effect.kind === 'swap-stage') return { ...state, swapMeant: true };
  const isKnown =
    effect.kind !== 'set-alias' || effect.alias === state.plan.alias || state.written.includes(effect.alias);
  return isKnown ? state : { ...state, written: [...state.written, effect.alias] };
}

function afterRequest(state: RolloutState, request: Request, accepted: boolean, at: Instant): RolloutState {
  if (!accepted) return state;
  switch (request.kind) {
    case 'pause':
      return { ...state, pausedAt: state.pausedAt ?? at };
    case 'resume':
      return state.pausedAt === null
        ? state
        : {
            ...state,
            pausedAt: null,
            pausedMs: state.pausedMs + Math.max(0, at - Math.max(state.pausedAt, state.stepSince)),
          };
    case 'approve':
      return { ...state, approvals: [...state.approvals, request.by] };
    case 'reject':
      return { ...state, rejectedBy: request.by };
    case 'promote':
      return { ...state, promoteAsked: request.full ? 'full' : 'step', pausedAt: null };
    case 'traffic':
      return { ...state, override: { percent: request.percent, step: state.step, at } };
    default:
      return unreachable(request);
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
    case 'notify':
      return 'notify';
    default:
      return unreachable(effect);
  }
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}
