import { harmNumber } from '../view/harm-words.ts';
import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../domain/parse.ts';
import { unreachable } from '../domain/units.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import { harmOf } from '../engine/harm.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';
import { clock, type Condition } from '../view/condition.ts';
import { observedIn } from '../view/progress.ts';
import { type StepView, tookText } from '../view/steps.ts';
import type { RolloutView } from '../view/view.ts';
import { stepTitle } from '../view/words.ts';
import { inShort, shadowData, shadowText } from './shadow-view.ts';

/** The end of a rollout, for machines. */
export function outcomeData(view: RolloutView, exitCode: number): Record<string, unknown> {
  return { kind: 'Rollout', exitCode, ...rolloutData(view) };
}

export function rolloutData(view: RolloutView): Record<string, unknown> {
  const { state } = view;
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
    ...conditionData(view),
    step:
      step === undefined
        ? null
        : { index: state.step, of: plan.steps.length, kind: step.kind, title: stepTitle(step) },
    challengerPercent:
      state.phase === 'ended' && state.outcome?.kind === 'rolled-back' ? 0 : challengerShare(state),
    paused: state.pausedAt !== null,
    pausedBy: state.pausedBy,
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
    harm: harmOf(state).known,
    failedRequests: view.failed,
    shares: sharesData(view),
    metrics: metricsData(view),
    observed: observedIn(state),
    notes: state.notes,
    ...(shadow === null ? {} : { shadow }),
  };
}

/** What every surface says first, for machines. */
function conditionData({ condition, headline, steps, next }: RolloutView): Record<string, unknown> {
  const { kind, since, deadline, why } = condition;
  return {
    condition: kind,
    since: new Date(since).toISOString(),
    deadline: deadline === null ? null : { at: new Date(deadline.at).toISOString(), then: deadline.then },
    why,
    headline,
    steps: steps.map(({ title, mark, note, tookMs }) => ({ title, mark, note, tookMs })),
    next,
  };
}

function sharesData({ shares }: RolloutView): Record<string, unknown> {
  return { readAt: new Date(shares.readAt).toISOString(), versions: shares.versions };
}

const metricsData = ({ metrics }: RolloutView): readonly Record<string, unknown>[] =>
  metrics.map(({ finding, allowed, word }) => {
    const { metric, rule, unit, champion, challenger, evidence, threshold } = finding;
    return { metric, rule, word, unit, champion, challenger, allowed, evidence, threshold };
  });

export function outcomeText(view: RolloutView, paint: ChalkInstance): string {
  const { state } = view;
  const { outcome, plan } = state;
  const took = formatDuration((state.endedAt ?? state.startedAt) - state.startedAt);
  if (outcome === null) {
    return `${state.id}: not over; ${view.headline}\n  next    mlreg status --environment ${plan.environment}`;
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
        `  failed  ${view.failed}`,
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
  const isJudged = plan.policy.disagreement !== undefined;
  const ended = isJudged
    ? paint.green('passed in shadow')
    : paint.yellow('ended in shadow, answers not judged');
  const how = why === null ? ended : paint.red('failed in shadow');
  return [
    `${how}  ${plan.challenger} answered nobody, ${plan.champion ?? 'what served before'} serves 100 % in ${plan.environment} (${id}, ${took})`,
    ...(why === null ? [] : [`  ${paint.dim('why'.padEnd(10))} ${why}`]),
    ...(shadow === null ? [] : [shadowText(shadow, paint, inShort)]),
    `  ${paint.dim('next'.padEnd(10))} mlreg show ${id} --environment ${plan.environment}`,
  ].join('\n');
}

/** The step list: what is done, doing, failed, and not done. */
export function stepsText({ steps, condition }: RolloutView, paint: ChalkInstance): string {
  return steps.map((step) => stepText(step, condition, paint)).join('\n');
}

function stepText(step: StepView, { deadline }: Condition, paint: ChalkInstance): string {
  const { mark, title, note } = step;
  const wide = title.padEnd(34);
  switch (mark) {
    case 'done':
      return ` ${paint.green('✔')} ${wide} ${paint.dim(`${note}, ${tookText(step)}`)}`;
    case 'now': {
      const until = deadline === null ? '' : `, until ${clock(deadline.at)}`;
      return ` ${paint.cyan('●')} ${wide} ${note}, ${tookText(step)}${until}`;
    }
    case 'failed':
      return ` ${paint.red('✖')} ${wide} ${note} (after ${tookText(step)})`;
    case 'aborted':
      return ` ${paint.yellow('■')} ${wide} ${note} (after ${tookText(step)})`;
    case 'stuck':
      return ` ${paint.red('!')} ${wide} ${paint.red('stuck here')} (after ${tookText(step)})`;
    case 'not-reached':
      return ` ${paint.dim('○')} ${paint.dim(`${wide} not reached`)}`;
    case 'to-come':
      return ` ${paint.dim('○')} ${paint.dim(title)}`;
    default:
      return unreachable(mark);
  }
}

/** Every rule's finding with its numbers. */
export function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'unreadable') return `unreadable: ${verdict.why}`;
  const head = `${verdict.kind}${verdict.kind === 'insufficient' ? `: ${verdict.why}` : ''}, ${verdict.challengerRequests} challenger requests, ${verdict.harmedRequests} of them failed or over the latency limit`;
  return [head, ...verdict.findings.map(findingText)].join('\n');
}

function findingText(finding: Finding): string {
  return `  ${finding.rule.padEnd(28)} evidence ${evidenceText(finding.evidence)} of ${evidenceText(finding.threshold)}  ${finding.sentence}`;
}

const evidenceText = (value: number): string =>
  value >= 1e6 ? value.toExponential(1) : String(Math.round(value * 10) / 10);
