import type { Effect, EntryBody, RollbackCause } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { approvedPercent, type Step } from '../domain/plan.ts';
import { type Route, routeKey } from '../domain/route.ts';
import { type Instant, later, unreachable } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import * as labels from '../registry/labels.ts';
import { shortHash, valid } from './approvals.ts';
import { bake, holdAt, quietMs, steer } from './decide-bake.ts';
import { holdForBreach, isOverdue, onFailure } from './decide-breach.ts';
import { fence } from './decide-fence.ts';
import { foreignEdit } from './foreign-edit.ts';
import { returnInstead } from './decide-return.ts';
import { rollBack } from './decide-rollback.ts';
import { report, retire } from './decide-shadow.ts';
import { attempt, type Decision, done, ended, reach, spent, tell } from './decision.ts';
import { shadowedText } from './shadow-report.ts';
import { isHeldForBreach } from './held-for-breach.ts';
import { holdForWindow } from './hold-for-window.ts';
import { currentStep, publicationsOf, type RolloutState } from './state.ts';
import { resolveRoute, serviceOf } from './target.ts';
import { warm } from './decide-warm.ts';

/**
 * The whole policy, and pure: what a rollout in this state does next.
 * `verdict` is the judge's on all observations so far, null where nothing is judged now.
 */
export function decide(state: RolloutState, verdict: Verdict | null, now: Instant): Decision {
  if (state.outcome !== null) return { kind: 'ended', outcome: state.outcome };
  if (state.phase === 'rolling-back') return rollBack(state, now);
  // Nobody writes, or decides, before the fence has killed every older owner's RevisionId.
  const [unfenced] = state.unfenced;
  const fencing = unfenced === undefined ? null : fence(state, unfenced, now);
  if (fencing !== null) return fencing;
  const foreign = state.adopted ? undefined : foreignEdit(state);
  if (foreign !== undefined) return ended(foreign);
  const returning = returnInstead(state, now);
  if (returning !== null) return returning;
  const danger = dangerOf(state, verdict, now);
  if (danger !== null) return { kind: 'record', entries: danger };
  const step = currentStep(state);
  if (step === undefined) {
    return ended({ kind: 'succeeded', sentence: `${state.plan.challenger} ${succeededAs(state)}` });
  }
  if (isHeldForBreach(state)) return holdForBreach(state, now);
  if (state.pausedAt !== null && !state.committed) {
    const steered = step.kind === 'bake' ? steer(state, now) : null;
    return steered ?? holdAt(state, now, state.pausedAt, `paused; go on with: mlreg resume`);
  }
  return holdForWindow(state, now) ?? forward(state, step, verdict, now);
}

function succeededAs(state: RolloutState): string {
  const { strategy } = state.plan;
  if (strategy === 'watch') return `was watched to the end: ${state.stepsDone.at(-1)?.note ?? ''}`;
  if (strategy === 'shadow') return shadowedText(state);
  return 'serves 100 %';
}

/**
 * What sends a rollout back whatever its step: a failed verdict, a rejection, blindness. Also while paused or held. Once
 * the registry has a new champion only a person does.
 */
export function dangerOf(
  state: RolloutState,
  verdict: Verdict | null,
  now: Instant,
): readonly EntryBody[] | null {
  const back = (cause: RollbackCause): readonly EntryBody[] => [{ kind: 'rolling-back', cause }];
  if (state.committed) return null;
  if (state.rejectedBy !== null) {
    return back({ kind: 'abort', by: state.rejectedBy, sentence: `rejected by ${state.rejectedBy}` });
  }
  const failed = verdict?.kind === 'fail' ? onFailure(state, verdict) : null;
  if (failed !== null) return failed;
  if (isHeldForBreach(state) && isOverdue(state, now)) {
    const limit = formatDuration(state.plan.maxHoldMs);
    return back({
      kind: 'verdict',
      sentence: `${state.breach.sentence} Held for ${limit}, and nobody answered.`,
    });
  }
  // What is watched has been promoted: neither silence nor a failed call is a reason to take it away.
  if (state.plan.strategy === 'watch') return null;
  if (state.unreadable !== null && now - state.unreadable.since >= state.plan.unreadableMs) {
    const { why, denied, credentials } = state.unreadable;
    const sentence = `metrics could not be read for ${formatDuration(state.plan.unreadableMs)} (${denied ? 'denied: ' : ''}${why})`;
    return back({ kind: credentials === true ? 'credentials' : 'verdict', sentence });
  }
  // Waiting for approval has a limit of its own.
  const isHeld = state.heldSince !== null && currentStep(state)?.kind !== 'approve';
  const quiet = isHeld ? quietMs(state, state.heldSince, now) : 0;
  if (isHeld && now - state.heldSince - quiet >= state.plan.maxHoldMs) {
    const sentence = `held for ${formatDuration(state.plan.maxHoldMs)} without an answer: ${state.heldWhy}`;
    return back({ kind: 'held-too-long', sentence });
  }
  if (state.pausedAt !== null && now - state.pausedAt >= state.plan.maxHoldMs) {
    return back({
      kind: 'held-too-long',
      sentence: `paused for ${formatDuration(state.plan.maxHoldMs)}, nobody resumed it`,
    });
  }
  const tried = spent(state);
  if (tried !== undefined && !mayFail(currentStep(state))) {
    const kind = tried.credentials === true ? 'credentials' : 'step-failed';
    return back({ kind, sentence: tried.error });
  }
  return null;
}

/** Neither telling people nor looking back nor tidying up must ever send a rollout back, nor a version that stays cold a rollback. */
function mayFail(step: Step | undefined): boolean {
  if (step?.kind === 'warm-up') return step.withinMs !== undefined;
  return step?.kind === 'notify' || step?.kind === 'report' || step?.kind === 'retire';
}

function forward(state: RolloutState, step: Step, verdict: Verdict | null, now: Instant): Decision {
  if (alreadyThere(state, step)) return done(state, `already at ${state.override?.percent} %`);
  // Nothing that is left to tidy takes a champion away again.
  const failed = state.committed && step.kind !== 'notify' ? spent(state) : undefined;
  if (failed !== undefined) return done(state, `left undone: ${failed.error}`);
  switch (step.kind) {
    case 'approve':
      return approve(state, step, now);
    case 'provision':
      return provision(state, step, now);
    case 'smoke':
      return smoke(state, step, now);
    case 'warm-up':
      return warm(state, step, now);
    case 'route':
      return (
        reach(state, step.route, 'route', now, step.alias) ??
        done(state, step.alias === undefined ? describe(step.route) : 'read back')
      );
    case 'promote': {
      const route: Route = { kind: 'single', version: step.version };
      return reach(state, route, 'promote', now) ?? done(state, `${step.version} serves everybody`);
    }
    case 'bake':
      return bake(state, step, verdict, now);
    case 'commit': {
      // Only a write of the alias under this very token ends the right of every older owner to go back over it.
      const last = state.aliases[state.plan.alias];
      if (last !== undefined && last.stamp.token !== state.token) {
        const fencing = fence(state, state.plan.alias, now);
        if (fencing !== null) return fencing;
      }
      // What the fence found, somebody else may have left there.
      const serving: Route = { kind: 'single', version: state.plan.challenger };
      const repeated = last === undefined ? null : reach(state, serving, 'promote', now);
      if (repeated !== null) return repeated;
      const functionVersion = state.aliases[state.plan.alias]?.target.functionVersion;
      if (functionVersion === undefined) throw new Error(`${state.id} commits what it has not written`);
      const service = serviceOf(state, { functionVersion, since: state.promotedAt ?? now });
      const { id: rollout, services } = state;
      const { keepPreviousMs } = step;
      const context = { rollout, at: now, functionVersion, keepPreviousMs, service, services };
      return {
        kind: 'record',
        entries: [
          { kind: 'labelled', as: 'promoted' },
          { kind: 'step-done', step: state.step, note: `${state.plan.challenger} is champion` },
        ],
        changes: labels.promoted(state.plan, context),
      };
    }
    case 'report':
      return report(state, now);
    case 'retire':
      return retire(state, step, now);
    case 'notify':
      return tell(state, step.subject, now) ?? done(state, 'told');
    case 'swap-stage':
      return state.serving === step.to
        ? done(state, `the stage names ${step.to}`)
        : attempt(state, { kind: 'swap-stage', to: step.to, deployment: step.deployment }, now);
    default:
      return unreachable(step);
  }
}

function smoke(
  state: RolloutState,
  { version, route }: Extract<Step, { kind: 'smoke' }>,
  now: Instant,
): Decision {
  if (state.smokedStep === state.step) {
    const isTested = state.smokeRequests !== 0;
    return done(state, isTested ? 'smoke requests passed' : 'no smoke test ran: there are no smoke requests');
  }
  if (route === undefined) return attempt(state, { kind: 'smoke', version }, now);
  const resolved = resolveRoute(state, route);
  return attempt(
    state,
    resolved.kind === 'missing'
      ? { kind: 'publish', route: resolved.route }
      : { kind: 'smoke', version, through: resolved.target.functionVersion },
    now,
  );
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
  const given = valid(state, step, now);
  const missing = step.needed - given.length;
  if (missing <= 0) return done(state, `approved by ${given.map(({ name }) => name).join(', ')}`);
  if (now - state.stepSince >= step.timeoutMs) {
    const sentence = `not approved within ${formatDuration(step.timeoutMs)}`;
    return {
      kind: 'record',
      entries: [{ kind: 'rolling-back', cause: { kind: 'held-too-long', sentence } }],
    };
  }
  const hash = state.planHash === undefined ? '' : ` --plan-hash ${shortHash(state.planHash)}`;
  const why = `waits for ${missing} approval${missing > 1 ? 's' : ''}: mlreg approve ${state.id} --environment ${state.plan.environment}${hash}`;
  return holdAt(state, now, state.heldSince, why);
}

/** Ever less often: a tenth of the time it has taken already, half a minute at most. */
const lookAgainMs = ({ plan, stepSince }: RolloutState, askedAt: Instant): number =>
  Math.min(30_000, Math.max(Math.ceil((askedAt - stepSince) / 10), Math.min(plan.tickMs, 5_000)));

function provision(state: RolloutState, step: Extract<Step, { kind: 'provision' }>, now: Instant): Decision {
  const endpoint = state.endpoints[step.version];
  if (endpoint === undefined) throw new Error(`no endpoint name for ${step.version}`);
  // By a look that came after the time was up: who slept, or published slowly, finds an endpoint that serves by now.
  const deadline = later(state.stepSince, step.timeoutMs);
  if (!state.endpointReady && state.endpointAskedAt !== null && state.endpointAskedAt >= deadline) {
    const sentence = `${endpoint.name} was not in service after ${formatDuration(step.timeoutMs)}; it reaches nobody, and mlreg gc takes it down as soon as AWS lets it`;
    return { kind: 'record', entries: [{ kind: 'rolling-back', cause: { kind: 'step-failed', sentence } }] };
  }
  const ensure: Effect = {
    kind: 'ensure-endpoint',
    version: step.version,
    endpoint: endpoint.name,
    generation: endpoint.generation,
  };
  // Creating takes minutes; publishing is done meanwhile.
  if (state.endpointAskedAt === null) return attempt(state, ensure, now);
  for (const route of step.routes.flatMap((wanted) => publicationsOf(state.plan, wanted))) {
    if (state.published[routeKey(route)] === undefined)
      return attempt(state, { kind: 'publish', route }, now);
  }
  if (state.endpointReady) return done(state, `${endpoint.name} in service`);
  const usual = later(state.endpointAskedAt, lookAgainMs(state, state.endpointAskedAt));
  const next = usual < deadline ? usual : deadline;
  if (now < next) return { kind: 'wait', until: next, why: `${endpoint.name} is being created` };
  return attempt(state, ensure, now);
}

function describe(route: Route): string {
  if (route.kind === 'split') return `${route.challenger} gets ${route.percent} %`;
  return route.kind === 'shadow' ? `${route.challenger} gets copies of ${route.sample} %` : routeKey(route);
}
