import { harmNumber } from './harm-words.ts';
import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../domain/parse.ts';
import { unreachable } from '../domain/units.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import { type Harm, harmOf } from '../engine/harm.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';
import { observedIn } from './progress.ts';
import { inShort, shadowData, shadowText } from './shadow-view.ts';
import { counted, stepTitle } from './words.ts';

/** The end of a rollout, for machines. */
export function outcomeData(state: RolloutState, exitCode: number): Record<string, unknown> {
  return { kind: 'Rollout', exitCode, ...rolloutData(state) };
}

export function rolloutData(state: RolloutState): Record<string, unknown> {
  const { plan } = state;
  const step = currentStep(state);
  const shadow = shadowData(state);
  return {
    rollout: state.id,
    strategy: plan.strategy,
    environment: plan.environment,
    champion: plan.champion,
    challenger: plan.challenger,
    phase: state.phase,
    step:
      step === undefined
        ? null
        : { index: state.step, of: plan.steps.length, kind: step.kind, title: stepTitle(step) },
    challengerPercent:
      state.phase === 'ended' && state.outcome?.kind === 'rolled-back' ? 0 : challengerShare(state),
    paused: state.pausedAt !== null,
    held: state.heldSince === null ? null : state.heldWhy,
    startedAt: new Date(state.startedAt).toISOString(),
    endedAt: state.endedAt === null ? null : new Date(state.endedAt).toISOString(),
    by: state.by.name,
    reason: state.reason,
    owner: state.owner,
    planHash: state.planHash ?? null,
    approvals: state.approvals.map(({ name, identity, at }) => ({
      by: name,
      at: new Date(at).toISOString(),
      identity: identity ?? null,
    })),
    outcome: state.outcome,
    harmedRequests: harmNumber(harmOf(state)),
    observed: observedIn(state),
    notes: state.notes,
    ...(shadow === null ? {} : { shadow }),
  };
}

/** Only what the metrics had shown: what failed in the last seconds before users were back is not known by then. */
function harmText(harm: Harm, seen: number, challenger: string): string {
  if (harm.known === 'not known') return `not known: metrics of ${challenger} were missing`;
  const atLeast = harm.known === 'at least' ? 'at least ' : '';
  const later = harm.known === 'at least' ? '; later metrics could not be read' : '';
  // Of users who stayed with the champion as well.
  if (seen === 0 || harm.requests > seen)
    return `${atLeast}${counted(harm.requests, 'request')} seen by then${later}`;
  return `${atLeast}${harm.requests} of ${counted(seen, 'request')} to ${challenger} seen by then${later}`;
}

export function outcomeText(state: RolloutState, paint: ChalkInstance): string {
  const { outcome, plan } = state;
  const took = formatDuration((state.endedAt ?? state.startedAt) - state.startedAt);
  if (outcome === null) {
    return `${state.id}: not over; ${plan.challenger} at ${challengerShare(state)} %. Next: mlreg status`;
  }
  switch (outcome.kind) {
    case 'succeeded':
      if (plan.shadow !== undefined) return shadowOutcome(state, null, took, paint);
      return `${paint.green('succeeded')}  ${outcome.sentence} in ${plan.environment} (${state.id}, ${took})`;
    case 'rolled-back':
      if (plan.shadow !== undefined) return shadowOutcome(state, outcome.cause.sentence, took, paint);
      return [
        `${paint.red('rolled back')}  ${servesAfter(plan)} in ${plan.environment} (${state.id}, ${took})`,
        `  why     ${outcome.cause.sentence}`,
        ...(outcome.left === undefined ? [] : [`  left    ${outcome.left}`]),
        `  harmed  ${harmText(harmOf(state), observedIn(state).requests ?? 0, plan.challenger)}`,
        `  next    mlreg show ${state.id} --environment ${plan.environment}`,
      ].join('\n');
    case 'restored':
      return `closed     ${outcome.sentence} in ${plan.environment} (${state.id}, ${took})`;
    case 'stuck':
      return [
        paint.red.bold(`STUCK  ${outcome.sentence}`),
        `  choose  ${outcome.mend.join('\n          ')}`,
      ].join('\n');
    default:
      return unreachable(outcome);
  }
}

/** @param why null: it passed */
function shadowOutcome(state: RolloutState, why: string | null, took: string, paint: ChalkInstance): string {
  const { id, plan } = state;
  const shadow = shadowData(state);
  const how = why === null ? paint.green('passed in shadow') : paint.red('failed in shadow');
  return [
    `${how}  ${plan.challenger} answered nobody, ${plan.champion ?? 'what served before'} serves 100 % in ${plan.environment} (${id}, ${took})`,
    ...(why === null ? [] : [`  ${paint.dim('why'.padEnd(10))} ${why}`]),
    ...(shadow === null ? [] : [shadowText(shadow, paint, inShort)]),
    `  ${paint.dim('next'.padEnd(10))} mlreg show ${id} --environment ${plan.environment}`,
  ].join('\n');
}

/** The step list: what is done, doing and not done. */
export function stepsText(state: RolloutState, now: number, paint: ChalkInstance): string {
  return state.plan.steps
    .map((step, index) => {
      const done = state.stepsDone.find((entry) => entry.step === index);
      if (done !== undefined)
        return ` ${paint.green('✔')} ${stepTitle(step).padEnd(34)} ${paint.dim(`${done.note}, ${formatDuration(done.tookMs)}`)}`;
      if (index !== state.step || state.phase === 'ended')
        return ` ${paint.dim('○')} ${paint.dim(stepTitle(step))}`;
      const why = state.heldSince !== null && state.pausedAt === null ? `: ${state.heldWhy}` : '';
      return ` ${paint.cyan('●')} ${stepTitle(step).padEnd(34)} ${conditionText(state)} for ${formatDuration(Math.max(0, now - since(state)))}${why}`;
    })
    .join('\n');
}

/** How a rollout fares, in a word or two. */
export function conditionText(state: RolloutState): string {
  if (state.outcome !== null) return state.outcome.kind;
  if (state.phase === 'rolling-back') return 'rolling back';
  if (state.pausedAt !== null) return 'paused';
  if (currentStep(state)?.kind === 'approve') return 'waits';
  return state.heldSince !== null ? 'held' : 'under way';
}

const since = (state: RolloutState): number =>
  state.rollback?.at ?? state.pausedAt ?? state.heldSince ?? state.stepSince;

/** Every rule's finding with its numbers. */
export function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'unreadable') return `unreadable: ${verdict.why}`;
  const head = `${verdict.kind}${verdict.kind === 'insufficient' ? `: ${verdict.why}` : ''}, ${verdict.challengerRequests} challenger requests, ${verdict.harmedRequests} harmed`;
  return [head, ...verdict.findings.map(findingText)].join('\n');
}

function findingText(finding: Finding): string {
  return `  ${finding.rule.padEnd(28)} evidence ${evidenceText(finding.evidence)} of ${evidenceText(finding.threshold)}  ${finding.sentence}`;
}

const evidenceText = (value: number): string =>
  value >= 1e6 ? value.toExponential(1) : String(Math.round(value * 10) / 10);
