import type { Entry } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { Observation } from '../domain/observation.ts';
import type { Route } from '../domain/route.ts';
import { instant, type RolloutId, unreachable } from '../domain/units.ts';
import { afterRequest } from './after-request.ts';
import {
  afterEffect,
  afterHold,
  afterRepair,
  afterRollingBack,
  effectKey,
  meant,
  without,
} from './after-effect.ts';
import { UserError } from '../domain/user-error.ts';
import { aheadMs, asOf, before, endedBy, gather, upTo } from './clock-set-back.ts';
import { publishedAs, publishedBefore, type RolloutState } from './state.ts';

/** The action of a verdict that a plan holds for (`onBreach`). */
export const heldFor = 'hold';

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
    if (aheadMs(state, entry.at) > 0) ticks.length = upTo(ticks, entry.at).length;
    state = apply(state, entry);
    if (entry.kind !== 'observed') continue;
    gather(ticks, entry);
    state = { ...state, observations: [] };
  }
  return { ...state, observations: ticks };
}

function begin(id: RolloutId, entry: Extract<Entry, { kind: 'started' }>): RolloutState {
  const { format }: { format: number } = entry;
  if (format !== 1) {
    const sentence = `the journal of ${id} has format ${format}, which this mlreg does not know`;
    throw new UserError('conflict', sentence, { mend: 'update mlreg here' });
  }
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
    services: entry.services ?? {},
    planHash: entry.planHash,
    length: 1,
    writtenAt: entry.at,
    token: entry.token,
    owner: entry.by,
    ownedSeq: 0,
    adopted: false,
    phase: 'forward',
    step: 0,
    stepSince: entry.at,
    stepsDone: [],
    endpointReady: false,
    endpointAskedAt: null,
    published: publishedBefore(entry.plan),
    warmedAt: {},
    warmed: [],
    smokedStep: null,
    smokeRequests: null,
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
    notes: [],
    requestsSeen: 0,
    pausedAt: null,
    pausedBy: null,
    pausedMs: 0,
    breach: null,
    heldSince: null,
    heldWhy: '',
    windowWaivedAt: entry.plan.windows !== undefined && entry.reason.trim() !== '' ? entry.at : null,
    approvals: [],
    rejectedBy: null,
    promoteAsked: null,
    override: null,
    report: null,
    retiring: null,
    rollback: null,
    keeps: null,
    repaired: null,
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
  const found = asOf(state, entry.at);
  const folded: Mutable<RolloutState> = fold(found, entry);
  // Where the entry changes anything it is a copy already, and of so many fields a second one is dear.
  const next = folded === state ? { ...state } : folded;
  next.writtenAt = instant(Math.max(found.writtenAt, entry.at));
  next.length = entry.seq + 1;
  next.token = entry.token;
  return next;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function fold(state: RolloutState, entry: Entry): RolloutState {
  switch (entry.kind) {
    case 'started':
      throw new Error(`journal of ${state.id} begins twice`);
    case 'owned':
      // A new owner knows nothing of an alias until its own fence; a stuck rollout lives again.
      return {
        ...state,
        owner: entry.by,
        ownedSeq: entry.seq,
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
        tries: {
          ...state.tries,
          [key]: {
            count,
            lastAt: entry.at,
            error: entry.error,
            final: entry.final,
            credentials: entry.credentials,
            denied: entry.denied,
          },
        },
      };
    }
    case 'step-done':
      return {
        ...state,
        step: entry.step + 1,
        stepSince: entry.at,
        ...(entry.returns === true ? { published: { ...state.published, ...publishedAs(state.plan) } } : {}),
        stepsDone: [
          ...state.stepsDone,
          { step: entry.step, at: entry.at, tookMs: entry.at - state.stepSince, note: entry.note },
        ],
        tries: {},
        retiring: null,
        pausedMs: 0,
        heldSince: null,
        heldWhy: '',
        promoteAsked: state.promoteAsked === 'full' ? 'full' : null,
      };
    case 'observed': {
      const ended = endedBy(entry.observations, entry.at);
      const last = ended.at(-1);
      return {
        ...state,
        observations: [
          ...(state.summary === undefined ? before(state.observations, ended) : state.observations),
          ...ended,
        ],
        lastObservedAt: last?.at ?? state.lastObservedAt,
        notes: entry.notes === undefined ? state.notes : [...state.notes, ...entry.notes],
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
          credentials: entry.credentials,
        },
      };
    case 'verdict':
      return entry.action === heldFor && entry.verdict.kind === 'fail'
        ? {
            ...state,
            lastVerdict: entry.verdict,
            breach: {
              sentence: entry.verdict.reason.sentence,
              finding: entry.verdict.reason,
              dismissedBy: null,
              accepted: state.breach?.accepted ?? [],
            },
          }
        : { ...state, lastVerdict: entry.verdict };
    case 'request':
      return afterRequest(
        { ...state, requestsSeen: state.requestsSeen + 1 },
        entry.request,
        entry.accepted,
        entry.at,
      );
    case 'held':
      return afterHold(state, entry);
    case 'rolling-back':
      return afterRollingBack(state, entry);
    case 'labelled':
      return afterLabel(state, entry.as);
    case 'repaired':
      return afterRepair(state, entry);
    case 'ended':
      return { ...state, phase: 'ended', outcome: entry.outcome, endedAt: entry.at };
    default:
      return unreachable(entry);
  }
}

function afterLabel(state: RolloutState, as: Extract<Entry, { kind: 'labelled' }>['as']): RolloutState {
  switch (as) {
    case 'promoted':
      return { ...state, committed: true };
    case 'rolled-back':
      return state.rollback === null
        ? { ...state, committed: true }
        : { ...state, rollback: { ...state.rollback, labelled: true } };
    case 'shadowed':
      return state;
    case 'retired':
      return { ...state, retiring: 'buried' };
    default:
      return unreachable(as);
  }
}
