import type { BakeStep } from '../domain/plan.ts';
import { type Route, routeKey } from '../domain/route.ts';
import { type Instant, later, unreachable } from '../domain/units.ts';
import { needText } from '../domain/need-text.ts';
import type { Verdict } from '../domain/verdict.ts';
import { isAccepted } from './accepted-breach.ts';
import { type Decision, done, reach, warmUp } from './decision.ts';
import { judgedShare, type RolloutState } from './state.ts';

export function bake(state: RolloutState, step: BakeStep, verdict: Verdict | null, now: Instant): Decision {
  const steered = steer(state, now);
  if (steered !== null) return steered;
  if (state.promoteAsked !== null) return done(state, 'ended early by a person');
  const next = later(now, state.plan.tickMs);
  if (isForTesters(state, step)) return testersOnly(state, step, now, next);
  if (step.durationMs === null) return { kind: 'wait', until: next, why: 'watching' };
  const elapsed = now - state.stepSince - state.pausedMs;
  const proven =
    verdict?.kind === 'pass' &&
    verdict.nonInferior &&
    verdict.incident === undefined &&
    step.final &&
    step.percent < 100 &&
    !isEarlierEvidence(state, step);
  if (proven) return finish(state, verdict, 'shown to be no worse than the champion');
  // Judged on its last tick too, whose metrics settle a little later.
  const end = step.durationMs + state.plan.settleMs;
  if (elapsed < end) return { kind: 'wait', until: min(next, later(now, end - elapsed)), why: 'baking' };
  if (elapsed < end + lateMs(state, step))
    return { kind: 'wait', until: next, why: 'waiting for the last metrics of the bake' };
  // A watch gates nothing: at its end it says what it saw, and nobody is kept waiting for evidence.
  if (state.plan.strategy === 'watch') return done(state, seen(verdict));
  // Blindness has a limit of its own.
  if (verdict?.kind === 'unreadable') {
    return { kind: 'wait', until: next, why: `metrics unreadable: ${verdict.why}` };
  }
  const accepted = verdict !== null && isAccepted(state, verdict);
  if (accepted && !(step.final && step.onInconclusive !== 'promote'))
    return finish(state, verdict, `in spite of a breach that ${state.breach?.dismissedBy} accepted`);
  const isEarlier = verdict?.kind === 'pass' && isEarlierEvidence(state, step);
  if (verdict?.kind === 'pass' && verdict.incident === undefined && !isEarlier) {
    if (!step.final || verdict.nonInferior) return finish(state, verdict, nothingBreached(verdict));
    switch (step.onInconclusive) {
      case 'promote':
        return finish(
          state,
          verdict,
          `${nothingBreached(verdict)}, and the bake had the power it was planned with`,
        );
      case 'rollback':
        return goBack(verdict, 'the bake ended without proof that the challenger is no worse');
      case 'extend':
      case 'hold':
        break;
      default:
        return unreachable(step.onInconclusive);
    }
  }
  const why = isEarlier ? notSeen : whyNotYet(verdict);
  if (elapsed < end + step.extendMs) return { kind: 'wait', until: next, why: `extended: ${why}` };
  if (step.onInconclusive === 'rollback' && verdict !== null) return goBack(verdict, why);
  return holdAt(
    state,
    now,
    state.heldSince,
    `${why}${isQuiet(state) ? quietText : ''}; goes on by itself when there is evidence, or at once with: mlreg promote`,
  );
}

/**
 * Whether all that was seen at this share is from an earlier time at it. The judge knows a share by its number alone: back
 * at one that was judged before, with no tick between, it would take the evidence of then for the present bake's.
 */
function isEarlierEvidence(state: RolloutState, step: BakeStep): boolean {
  const share = judgedShare(state);
  const ofBoth = step.percent < 100 && share < 100;
  const all = state.observations.filter(({ plannedPercent }) => plannedPercent === share);
  const present = all.filter(({ at }) => at > state.routeSince);
  const isAsked = (arm: 'champion' | 'challenger'): boolean =>
    present.some((tick) => (tick[arm]?.requests ?? 0) > 0);
  return all.length > 0 && !(isAsked('challenger') && (!ofBoth || isAsked('champion')));
}

const notSeen = 'no requests were seen since the present share began';

/** Nobody but testers has the challenger, whose requests are not judged: there is nothing that could pass or fail. */
const isForTesters = (state: RolloutState, step: BakeStep): boolean =>
  step.testersOnly === true && judgedShare(state) === 0;

function testersOnly(state: RolloutState, { durationMs }: BakeStep, now: Instant, next: Instant): Decision {
  const end = later(state.stepSince, state.pausedMs + (durationMs ?? 0));
  if (now < end) return { kind: 'wait', until: min(next, end), why: 'testers alone have the challenger' };
  return done(state, 'testers alone had the challenger; their requests are not judged');
}

/** What users explain is told, though it rolls nothing back. */
const nothingBreached = ({ deferred }: Exclude<Verdict, { kind: 'unreadable' }>): string =>
  deferred ?? 'nothing breached';

/**
 * How long nobody called either version since then, milliseconds: there was nothing to judge, and nothing to answer. A
 * silence in which a test request did not show either may be one of the metrics, and counts as any other time.
 */
export function quietMs(
  { observations, lastObservedAt }: RolloutState,
  since: Instant,
  now: Instant,
): number {
  let sum = 0;
  for (let i = observations.length - 1; i >= 0; i--) {
    const { at, tickMs, quiet } = observations[i]!;
    if (at <= since) break;
    if (quiet === true) sum += Math.min(tickMs, at - since);
  }
  const lasts = observations.at(-1)?.quiet === true && lastObservedAt !== null;
  return lasts ? sum + Math.max(0, now - Math.max(lastObservedAt, since)) : sum;
}

const isQuiet = ({ observations }: RolloutState): boolean => observations.at(-1)?.quiet === true;

const quietText = '; nobody calls either version, and maxHold counts only time with requests';

/** How long the end of a bake waits for ticks whose metrics are late: not at all where all of them are there. */
export function lateMs(state: RolloutState, step: BakeStep): number {
  const { horizonMs = 0, tickMs } = state.plan;
  const over = state.stepSince + state.pausedMs + (step.durationMs ?? 0);
  return state.lastObservedAt !== null && state.lastObservedAt >= over - tickMs ? 0 : horizonMs;
}

function seen(verdict: Verdict | null): string {
  if (verdict?.kind === 'unreadable') return `metrics unreadable: ${verdict.why}`;
  if (verdict === null || verdict.challengerRequests === 0) return 'no request was seen';
  return `nothing breached in ${verdict.challengerRequests} requests`;
}

function whyNotYet(verdict: Verdict | null): string {
  if (verdict === null) return 'no metrics were seen';
  if (verdict.kind === 'insufficient') {
    return (
      verdict.why +
      needText(
        verdict.needRequests,
        verdict.challengerRequests,
        (need) => `, about ${need} more requests needed`,
      )
    );
  }
  if (verdict.kind === 'pass' && verdict.incident !== undefined)
    return `both versions breach: ${verdict.incident.sentence}`;
  return 'not shown to be no worse than the champion';
}

/** Brings the share to what a person asked for, also while the rollout is paused; null where it is there. */
export function steer(state: RolloutState, now: Instant): Decision | null {
  const { override, plan } = state;
  if (override === null || override.step !== state.step || plan.champion === null) return null;
  const route: Route = {
    kind: 'split',
    champion: plan.champion,
    challenger: plan.challenger,
    percent: override.percent,
  };
  if (state.route !== null && routeKey(state.route) === routeKey(route)) return null;
  const warm = (state.warmedAt[routeKey(route)] ?? 0) >= override.at;
  return warm ? reach(state, route, 'route', now, state.serving) : warmUp(state, route, now);
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
export function holdAt(state: RolloutState, now: Instant, since: Instant | null, why: string): Decision {
  if (since === null) return { kind: 'record', entries: [{ kind: 'held', why }] };
  return { kind: 'wait', until: later(now, state.plan.tickMs), why };
}

const min = (a: Instant, b: Instant): Instant => (a < b ? a : b);
