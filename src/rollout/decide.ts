import type { Effect, EntryBody, Outcome, RollbackCause } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { type BakeStep, approvedPercent, type Step } from '../domain/plan.ts';
import type { VersionChange } from '../domain/registry.ts';
import { type AliasTarget, type Route, routeKey, sameTarget } from '../domain/route.ts';
import { type Instant, later, unreachable } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import * as labels from '../registry/labels.ts';
import { effectKey } from './replay.ts';
import { challengerShare, currentStep, publicationsOf, type RolloutState } from './state.ts';
import { homeTarget, resolveRoute } from './target.ts';

export type Decision =
  /** Journal the intent, do it, journal the result, decide again. */
  | { readonly kind: 'effect'; readonly effect: Effect }
  /** Journal this, decide again. */
  | { readonly kind: 'record'; readonly entries: readonly EntryBody[]; readonly changes?: readonly VersionChange[] }
  /** Nothing to do before this instant. */
  | { readonly kind: 'wait'; readonly until: Instant; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

/** A lost alias write is tried again sooner than anything else: users are waiting for it. */
const backoffMs = (tries: number, purpose: 'forward' | 'roll-back'): number =>
  Math.min(purpose === 'roll-back' ? 2_000 : 10_000, 200 * 2 ** (tries - 1));

/** Rolling back goes on trying far longer than a step forward would: some minutes of throttling must not end it. */
const rollbackTries = 200;
const notifyTries = 3;

/**
 * The whole policy, and pure: what a rollout in this state does next.
 * `verdict` is the judge's on all observations so far, null where nothing is judged now.
 */
export function decide(state: RolloutState, verdict: Verdict | null, now: Instant): Decision {
  if (state.outcome !== null) return { kind: 'ended', outcome: state.outcome };
  if (state.phase === 'rolling-back') return rollBack(state, now);
  // Nobody writes, or decides, before the fence has killed every older owner's RevisionId.
  if (state.alias === undefined) return fence(state, now);
  if (!state.adopted && !isOurs(state, state.alias.target)) return ended(foreignEdit(state, state.alias.target));
  const danger = dangerOf(state, verdict, now);
  if (danger !== null) return { kind: 'record', entries: danger };
  const step = currentStep(state);
  if (step === undefined) {
    return ended({ kind: 'succeeded', sentence: `${state.plan.challenger} ${succeededAs(state)}` });
  }
  if (state.pausedAt !== null) {
    return holdAt(state, now, state.pausedAt, `paused; go on with: mlreg resume`);
  }
  return forward(state, step, verdict, now);
}

function fence(state: RolloutState, now: Instant): Decision {
  const { alias } = state.plan;
  const target = homeTarget(state);
  const effect: Effect = { kind: 'set-alias', purpose: 'fence', alias, target, route: null };
  const tried = state.tries[effectKey(effect)];
  if (tried !== undefined && (tried.final || tried.count >= state.plan.maxTries)) {
    const cause: RollbackCause = { kind: 'step-failed', sentence: tried.error };
    return { kind: 'record', entries: [{ kind: 'rolling-back', cause }] };
  }
  return attempt(state, effect, now);
}

/** All that this rollout ever pointed the alias at is home or was published by it. */
function isOurs(state: RolloutState, target: AliasTarget): boolean {
  const ours = new Set([state.home.functionVersion, ...Object.values(state.published)]);
  if (state.plan.strategy === 'watch') return true;
  return [target.functionVersion, ...Object.keys(target.weights)].every((version) => ours.has(version));
}

function foreignEdit(state: RolloutState, target: AliasTarget): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence:
      `alias ${state.plan.alias} serves Lambda version ${target.functionVersion}, weights ${JSON.stringify(target.weights)}, ` +
      'which this rollout never wrote: somebody moved it by hand. mlreg stopped and changed nothing more',
    mend: [`mlreg rollback ${at}`, `mlreg resume --adopt ${at}`],
  };
}

function succeededAs(state: RolloutState): string {
  const { strategy } = state.plan;
  if (strategy === 'watch') return 'was watched to the end, nothing breached';
  if (strategy === 'shadow') return 'ran in shadow to the end';
  return 'serves 100 %';
}

/** What sends a rollout back whatever its step: a failed verdict, a rejection, blindness. Also while paused or held. */
function dangerOf(state: RolloutState, verdict: Verdict | null, now: Instant): readonly EntryBody[] | null {
  const back = (cause: RollbackCause): readonly EntryBody[] => [{ kind: 'rolling-back', cause }];
  if (state.rejectedBy !== null) {
    return back({ kind: 'abort', by: state.rejectedBy, sentence: `rejected by ${state.rejectedBy}` });
  }
  if (verdict?.kind === 'fail' && state.plan.strategy === 'watch' && state.plan.undo === null) {
    return [
      { kind: 'verdict', verdict, action: 'tell' },
      { kind: 'ended', outcome: noWayBack(state, verdict.reason.sentence) },
    ];
  }
  if (verdict?.kind === 'fail') {
    return [
      { kind: 'verdict', verdict, action: 'roll back' },
      ...back({ kind: 'verdict', sentence: verdict.reason.sentence }),
    ];
  }
  if (state.unreadable !== null && now - state.unreadable.since >= state.plan.unreadableMs) {
    const { why, denied } = state.unreadable;
    const sentence = `metrics could not be read for ${formatDuration(state.plan.unreadableMs)} (${denied ? 'denied: ' : ''}${why})`;
    return back({ kind: 'verdict', sentence });
  }
  if (state.heldSince !== null && now - state.heldSince >= state.plan.maxHoldMs) {
    const sentence = `held for ${formatDuration(state.plan.maxHoldMs)} without an answer: ${state.heldWhy}`;
    return back({ kind: 'held-too-long', sentence });
  }
  if (state.pausedAt !== null && now - state.pausedAt >= state.plan.maxHoldMs) {
    return back({ kind: 'held-too-long', sentence: `paused for ${formatDuration(state.plan.maxHoldMs)}, nobody resumed it` });
  }
  const spent = Object.values(state.tries).find((tried) => tried.final || tried.count >= state.plan.maxTries);
  // Telling people must never send a rollout back.
  if (spent !== undefined && currentStep(state)?.kind !== 'notify') {
    return back({ kind: 'step-failed', sentence: spent.error });
  }
  return null;
}

function forward(state: RolloutState, step: Step, verdict: Verdict | null, now: Instant): Decision {
  if (alreadyThere(state, step)) return done(state, `already at ${state.override?.percent} %`);
  switch (step.kind) {
    case 'approve':
      return approve(state, step, now);
    case 'provision':
      return provision(state, step, now);
    case 'smoke':
      return state.smokedStep === state.step
        ? done(state, 'smoke requests passed')
        : attempt(state, { kind: 'smoke', version: step.version }, now);
    case 'warm-up':
      return isWarm(state, step.route) ? done(state, 'warm') : warmUp(state, step.route, now);
    case 'route':
      return reach(state, step.route, 'route', now) ?? done(state, describe(step.route));
    case 'promote': {
      const route: Route = { kind: 'single', version: step.version };
      return reach(state, route, 'promote', now) ?? done(state, `${step.version} serves everybody`);
    }
    case 'bake':
      return bake(state, step, verdict, now);
    case 'commit': {
      const functionVersion = state.alias?.target.functionVersion ?? state.home.functionVersion;
      const context = { rollout: state.id, at: now, functionVersion, keepPreviousMs: step.keepPreviousMs };
      return {
        kind: 'record',
        entries: [
          { kind: 'labelled', as: 'promoted' },
          { kind: 'step-done', step: state.step, note: `${state.plan.challenger} is champion` },
        ],
        changes: labels.promoted(state.plan, context),
      };
    }
    case 'notify':
      return tell(state, step.subject, now) ?? done(state, 'told');
    case 'swap-stage':
      return { kind: 'record', entries: [{ kind: 'rolling-back', cause: { kind: 'step-failed', sentence: 'this build of mlreg cannot swap stages yet' } }] };
    default:
      return unreachable(step);
  }
}

/** After a person moved the share up by hand, the steps that lead there are behind us. */
function alreadyThere(state: RolloutState, step: Step): boolean {
  const { override } = state;
  if (override === null || state.step <= override.step) return false;
  if (step.kind === 'bake') return step.percent <= override.percent && !step.final;
  if ((step.kind === 'route' || step.kind === 'warm-up') && step.route.kind === 'split') {
    return step.route.percent <= override.percent && step.route.percent < approvedPercent(state.plan);
  }
  return false;
}

function approve(state: RolloutState, step: Extract<Step, { kind: 'approve' }>, now: Instant): Decision {
  const missing = step.needed - state.approvals.length;
  if (missing <= 0) return done(state, `approved by ${state.approvals.join(', ')}`);
  if (now - state.stepSince >= step.timeoutMs) {
    const sentence = `not approved within ${formatDuration(step.timeoutMs)}`;
    return { kind: 'record', entries: [{ kind: 'rolling-back', cause: { kind: 'held-too-long', sentence } }] };
  }
  return { kind: 'wait', until: later(now, state.plan.tickMs), why: `waits for ${missing} approval${missing > 1 ? 's' : ''}: mlreg approve` };
}

function provision(state: RolloutState, step: Extract<Step, { kind: 'provision' }>, now: Instant): Decision {
  if (now - state.stepSince >= step.timeoutMs) {
    const sentence = `the endpoint was not in service after ${formatDuration(step.timeoutMs)}`;
    return { kind: 'record', entries: [{ kind: 'rolling-back', cause: { kind: 'step-failed', sentence } }] };
  }
  const endpoint = state.endpoints[step.version];
  if (endpoint === undefined) throw new Error(`no endpoint name for ${step.version}`);
  const ensure: Effect = { kind: 'ensure-endpoint', version: step.version, endpoint: endpoint.name, generation: endpoint.generation };
  // Creating takes minutes; publishing is done meanwhile.
  if (state.endpointAskedAt === null) return attempt(state, ensure, now);
  for (const route of step.routes.flatMap((wanted) => publicationsOf(state.plan, wanted))) {
    if (state.published[routeKey(route)] === undefined) return attempt(state, { kind: 'publish', route }, now);
  }
  if (state.endpointReady) return done(state, `${endpoint.name} in service`);
  const next = later(state.endpointAskedAt, Math.min(state.plan.tickMs, 5_000));
  if (now < next) return { kind: 'wait', until: next, why: `${endpoint.name} is being created` };
  return attempt(state, ensure, now);
}

const isWarm = (state: RolloutState, route: Route): boolean => {
  const at = state.warmedAt[routeKey(route)];
  return at !== undefined && at >= state.stepSince;
};

function warmUp(state: RolloutState, route: Route, now: Instant): Decision {
  const resolved = resolveRoute(state, route);
  return attempt(state, resolved.kind === 'missing' ? { kind: 'publish', route: resolved.route } : { kind: 'warm-up', route }, now);
}

/** What is still to be done until the alias serves this route; null when it was seen to. */
function reach(state: RolloutState, route: Route, purpose: 'route' | 'promote', now: Instant): Decision | null {
  const resolved = resolveRoute(state, route);
  if (resolved.kind === 'missing') return attempt(state, { kind: 'publish', route: resolved.route }, now);
  const serves =
    state.alias !== undefined &&
    sameTarget(state.alias.target, resolved.target) &&
    state.route !== null &&
    routeKey(state.route) === routeKey(route);
  if (serves) return null;
  return attempt(state, { kind: 'set-alias', purpose, alias: state.plan.alias, target: resolved.target, route }, now);
}

function bake(state: RolloutState, step: BakeStep, verdict: Verdict | null, now: Instant): Decision {
  const steered = steer(state, now);
  if (steered !== null) return steered;
  if (state.promoteAsked !== null) return done(state, 'ended early by a person');
  const next = later(now, state.plan.tickMs);
  if (step.durationMs === null) return { kind: 'wait', until: next, why: 'watching' };
  const elapsed = now - state.stepSince - state.pausedMs;
  const proven = verdict?.kind === 'pass' && verdict.nonInferior && step.final && step.percent < 100;
  if (proven && verdict !== null) return finish(state, verdict, 'shown to be no worse than the champion');
  // Judged on its last tick too, whose metrics settle a little later.
  const end = step.durationMs + state.plan.settleMs;
  if (elapsed < end) return { kind: 'wait', until: min(next, later(now, end - elapsed)), why: 'baking' };
  if (verdict === null || verdict.kind === 'unreadable') {
    return { kind: 'wait', until: next, why: verdict === null ? 'waits for metrics' : `metrics unreadable: ${verdict.why}` };
  }
  if (verdict.kind === 'pass' && verdict.incident === undefined) {
    if (!step.final || verdict.nonInferior) return finish(state, verdict, 'nothing breached');
    switch (step.onInconclusive) {
      case 'promote':
        return finish(state, verdict, 'nothing breached, and the bake had the power it was planned with');
      case 'rollback':
        return goBack(verdict, 'the bake ended without proof that the challenger is no worse');
      case 'extend':
      case 'hold':
        break;
      default:
        return unreachable(step.onInconclusive);
    }
  }
  const why = whyNotYet(verdict);
  if (elapsed < end + step.extendMs) return { kind: 'wait', until: next, why: `extended: ${why}` };
  if (step.onInconclusive === 'rollback') return goBack(verdict, why);
  return holdAt(state, now, state.heldSince, `${why}; go on with: mlreg promote`);
}

function whyNotYet(verdict: Exclude<Verdict, { kind: 'unreadable' | 'fail' }> | Verdict): string {
  if (verdict.kind === 'insufficient') {
    return verdict.why + (verdict.needRequests === null ? '' : `, about ${verdict.needRequests} more requests needed`);
  }
  if (verdict.kind === 'pass' && verdict.incident !== undefined) return `both versions breach: ${verdict.incident.sentence}`;
  return 'not shown to be no worse than the champion';
}

/** Brings the share to what a person asked for. */
function steer(state: RolloutState, now: Instant): Decision | null {
  const { override, plan } = state;
  if (override === null || override.step !== state.step || plan.champion === null) return null;
  const route: Route = { kind: 'split', champion: plan.champion, challenger: plan.challenger, percent: override.percent };
  if (state.route !== null && routeKey(state.route) === routeKey(route)) return null;
  const warm = (state.warmedAt[routeKey(route)] ?? 0) >= override.at;
  return warm ? reach(state, route, 'route', now) : warmUp(state, route, now);
}

function finish(state: RolloutState, verdict: Verdict, note: string): Decision {
  return {
    kind: 'record',
    entries: [
      { kind: 'verdict', verdict, action: 'advance' },
      { kind: 'step-done', step: state.step, note },
    ],
  };
}

function goBack(verdict: Verdict, sentence: string): Decision {
  return {
    kind: 'record',
    entries: [
      { kind: 'verdict', verdict, action: 'roll back' },
      { kind: 'rolling-back', cause: { kind: 'verdict', sentence } },
    ],
  };
}

/** Waits for a person; the first time says so in the journal. Judging goes on all the while. */
function holdAt(state: RolloutState, now: Instant, since: Instant | null, why: string): Decision {
  if (since === null) return { kind: 'record', entries: [{ kind: 'held', why }] };
  return { kind: 'wait', until: later(now, state.plan.tickMs), why };
}

/**
 * The way back, a path of its own: nothing in it reads metrics or approvals, and the alias is written even where it
 * seems to be home already, for only a write ends an older owner's right to write (its RevisionId).
 */
function rollBack(state: RolloutState, now: Instant): Decision {
  const { rollback } = state;
  if (rollback === null) throw new Error(`${state.id} rolls back without a cause`);
  if (!rollback.written) {
    const home: Route | null = state.plan.undo;
    const effect: Effect = { kind: 'set-alias', purpose: 'roll-back', alias: state.plan.alias, target: homeTarget(state), route: home };
    const tried = state.tries[effectKey(effect)];
    if (tried !== undefined && (tried.final || tried.count >= rollbackTries)) return ended(stuckIn(state, tried.error));
    return attempt(state, effect, now, 'roll-back');
  }
  if (!rollback.labelled) {
    const reason = rollback.cause.sentence;
    return {
      kind: 'record',
      entries: [{ kind: 'labelled', as: 'rolled-back' }],
      changes: labels.rolledBack(state.plan, { rollout: state.id, at: now, reason }),
    };
  }
  const told = tell(state, `${state.plan.challenger} rolled back: ${rollback.cause.sentence}`, now);
  if (told !== null) return told;
  return ended({ kind: 'rolled-back', cause: rollback.cause, harmedRequests: harmed(state) });
}

function noWayBack(state: RolloutState, sentence: string): Outcome {
  return {
    kind: 'stuck',
    sentence: `${sentence}; ${state.plan.challenger} still serves, for no earlier version is known good`,
    mend: [`mlreg versions --environment ${state.plan.environment}`, `mlreg rollback --to VERSION --environment ${state.plan.environment}`],
  };
}

function stuckIn(state: RolloutState, error: string): Outcome {
  return {
    kind: 'stuck',
    sentence:
      `the alias ${state.plan.alias} could not be pointed at ${state.plan.champion ?? 'its old version'}: ${error}. ` +
      `${state.plan.challenger} may still get ${challengerShare(state)} % of traffic`,
    mend: [`mlreg rollback --environment ${state.plan.environment}`, `mlreg doctor --environment ${state.plan.environment}`],
  };
}

/** What the trial has cost so far: the last verdict's count, or the failures seen since. */
export function harmed(state: RolloutState): number {
  const { lastVerdict } = state;
  const judged = lastVerdict !== null && lastVerdict.kind !== 'unreadable' ? lastVerdict.harmedRequests : 0;
  const failed = state.observations.reduce((sum, tick) => sum + (tick.challenger?.errors ?? 0), 0);
  return Math.max(judged, failed);
}

/** Tells people; gives up quietly after a few tries, for nothing may wait on it. */
function tell(state: RolloutState, subject: string, now: Instant): Decision | null {
  if (state.notifiedStep === state.step) return null;
  const effect: Effect = { kind: 'notify', subject, body: '' };
  if ((state.tries[effectKey(effect)]?.count ?? 0) >= notifyTries) return null;
  return attempt(state, effect, now);
}

/** The effect, or a wait until it is time to try it again. */
function attempt(state: RolloutState, effect: Effect, now: Instant, path: 'forward' | 'roll-back' = 'forward'): Decision {
  const tried = state.tries[effectKey(effect)];
  if (tried !== undefined) {
    const next = later(tried.lastAt, backoffMs(tried.count, path));
    if (now < next) return { kind: 'wait', until: next, why: `tries again: ${tried.error}` };
  }
  return { kind: 'effect', effect };
}

const done = (state: RolloutState, note: string): Decision => ({
  kind: 'record',
  entries: [{ kind: 'step-done', step: state.step, note }],
});

const ended = (outcome: Outcome): Decision => ({ kind: 'record', entries: [{ kind: 'ended', outcome }] });

const min = (a: Instant, b: Instant): Instant => (a < b ? a : b);

const describe = (route: Route): string =>
  route.kind === 'split' ? `${route.challenger} gets ${route.percent} %` : routeKey(route);
