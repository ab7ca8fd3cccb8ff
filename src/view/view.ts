import type { Entry } from '../domain/journal.ts';
import { type Instant, unreachable } from '../domain/units.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import { evidenceTogether, thresholdTogether } from '../engine/replay-judge.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import { verdictOn } from '../engine/verdict-on.ts';
import { eventOf } from './progress.ts';
import { type Condition, conditionOf, headline } from './condition.ts';
import { type BothArms, failedText } from './failed-requests.ts';
import { createEventFold, type FoldedEvent } from './fold-events.ts';
import { createLookback, type Lookback, type Seen } from './lookback.ts';
import { allowedBy, isReason, type MetricWord, wordOf } from './metric-word.ts';
import { type Shares, sharesOf } from './serving-share.ts';
import { type StepView, stepsOf } from './steps.ts';
import { eachState } from './each-state.ts';

/** One rule with its numbers and its one word. */
export interface MetricView {
  readonly finding: Finding;
  /** The figure beyond which it speaks against the challenger, in the finding's unit; null where it has none. */
  readonly allowed: number | null;
  readonly word: MetricWord;
}

/** A rollout as every surface tells it: no surface derives any of this by itself. */
export interface RolloutView extends Seen {
  readonly state: RolloutState;
  readonly now: Instant;
  readonly condition: Condition;
  /** State, since when, until when, and what happens then: the first line of every surface. */
  readonly headline: string;
  readonly shares: Shares;
  readonly arms: BothArms;
  /** `600 of 2,000 requests failed (the champion's rate would give 2)`. */
  readonly failed: string;
  /** Judged live while it runs; null where nothing was judged. */
  readonly verdict: Verdict | null;
  /** The deciding rule first, then by strength. */
  readonly metrics: readonly MetricView[];
  /** All metrics' evidence against the challenger, and where it rolls back; null where nothing is judged. */
  readonly evidence: { readonly value: number; readonly threshold: number } | null;
  readonly steps: readonly StepView[];
  /** Repeats folded; details are left out. */
  readonly events: readonly FoldedEvent[];
  /** Commands to type next. */
  readonly next: readonly string[];
}

export interface Viewer {
  /** The next entry of the journal, and the state after it. */
  push(entry: Entry, state: RolloutState): void;
  view(state: RolloutState, now: Instant): RolloutView;
}

/** What a rollout comes to, entry by entry: a view costs what is new since the last one. */
export function createViewer(): Viewer {
  const fold = createEventFold();
  let lookback: Lookback | null = null;
  return {
    push(entry, state) {
      const event = eventOf(entry, state);
      if (event !== null && event.level !== 'detail') fold.push(event);
    },
    view(state, now) {
      lookback ??= createLookback(state.plan.policy);
      const seen = lookback.upTo(state.observations);
      const condition = conditionOf(state, now);
      const verdict = verdictOn(state) ?? state.lastVerdict;
      return {
        ...seen,
        state,
        now,
        condition,
        headline: headline(state, condition, now),
        shares: sharesOf(state),
        failed: failedText(state, seen.arms),
        verdict,
        metrics: metricsOf(state, verdict),
        evidence: evidenceOf(state, verdict),
        steps: stepsOf(state, now),
        events: fold.events(),
        next: nextOf(state, condition),
      };
    },
  };
}

/**
 * The only source of what any surface says of a rollout. Pure.
 * @param entries its journal; none where only a snapshot was read, and then there are no events
 */
export function viewOf(state: RolloutState, entries: readonly Entry[], now: Instant): RolloutView {
  const viewer = createViewer();
  for (const [entry, after] of eachState(state.id, entries)) viewer.push(entry, after);
  return viewer.view(state, now);
}

function metricsOf({ plan }: RolloutState, verdict: Verdict | null): readonly MetricView[] {
  if (verdict === null || verdict.kind === 'unreadable') return [];
  const reason = verdict.kind === 'fail' ? verdict.reason : null;
  const others = verdict.findings.filter((finding) => reason === null || !isReason(finding, reason));
  return (reason === null ? others : [reason, ...others]).map((finding) => ({
    finding,
    allowed: allowedBy(finding, plan.policy),
    word: wordOf(finding, verdict, plan.policy),
  }));
}

/** Of a rule that decides by itself its own. */
function evidenceOf({ plan }: RolloutState, verdict: Verdict | null): RolloutView['evidence'] {
  if (verdict === null || verdict.kind === 'unreadable') return null;
  const threshold = thresholdTogether(plan.policy);
  const value = evidenceTogether(verdict.findings, threshold);
  if (verdict.kind !== 'fail' || value >= threshold) return { value, threshold };
  const { evidence, threshold: own } = verdict.reason;
  return evidence >= own ? { value: evidence, threshold: own } : { value, threshold };
}

function nextOf(state: RolloutState, condition: Condition): readonly string[] {
  const { id, plan, outcome } = state;
  const where = `--environment ${plan.environment}`;
  switch (condition.kind) {
    case 'stuck':
      return outcome?.kind === 'stuck' ? outcome.mend : [];
    case 'rolled-back':
    case 'ended':
      return [`mlreg show ${id} ${where}`];
    case 'promoted':
      return outcome === null ? [`mlreg status ${where}`] : [`mlreg show ${id} ${where}`];
    case 'rolling-back':
      return [`mlreg watch ${where}`];
    case 'paused':
      return [`mlreg resume ${where}`, `mlreg abort ${where}`];
    case 'waiting-for-approval':
      return [`mlreg approve ${id} ${where}`, `mlreg reject ${id} ${where}`];
    case 'held':
    case 'metrics-unreadable':
      return [`mlreg promote ${where}`, `mlreg abort ${where}`];
    case 'baking':
      return [`mlreg promote ${where}`, `mlreg pause ${where}`, `mlreg abort ${where}`];
    case 'preparing':
      return currentStep(state) === undefined ? [] : [`mlreg abort ${where}`];
    default:
      return unreachable(condition.kind);
  }
}
