import { formatDuration } from '../domain/parse.ts';
import type { Step } from '../domain/plan.ts';
import type { Instant } from '../domain/units.ts';
import type { RolloutState } from '../engine/state.ts';
import { stepTitle } from './words.ts';
import { type Condition, conditionOf } from './condition.ts';

/** One step of a plan as every surface shows it. */
export interface StepView {
  readonly title: string;
  readonly kind: Step['kind'];
  readonly mark: 'done' | 'now' | 'failed' | 'aborted' | 'stuck' | 'not-reached' | 'to-come';
  /** What it came to, in words. */
  readonly note: string;
  /** How long it took, or has taken so far; null where it did not begin. */
  readonly tookMs: number | null;
}

/** The steps of a rollout: done, under way, failed, aborted, and those that are to come or were never reached. */
export function stepsOf(state: RolloutState, now: Instant): readonly StepView[] {
  return state.plan.steps.map((step, index): StepView => {
    const of = { title: stepTitle(step), kind: step.kind };
    const done = state.stepsDone.find((entry) => entry.step === index);
    if (done !== undefined) return { ...of, mark: 'done', note: done.note, tookMs: done.tookMs };
    const isOver = state.phase !== 'forward';
    if (index !== state.step)
      return {
        ...of,
        mark: isOver ? 'not-reached' : 'to-come',
        note: isOver ? 'not reached' : '',
        tookMs: null,
      };
    const until = state.rollback?.at ?? state.endedAt ?? now;
    const tookMs = Math.max(0, until - state.stepSince);
    return { ...of, ...here(state, now), tookMs };
  });
}

/** Conditions whose reason is not said by their name. */
const tellsWhy: ReadonlySet<Condition['kind']> = new Set([
  'held',
  'paused',
  'waiting-for-approval',
  'metrics-unreadable',
]);

/** The step at which a rollout stands, or stood when it ended. */
function here(state: RolloutState, now: Instant): Pick<StepView, 'mark' | 'note'> {
  const { outcome, rollback } = state;
  const cause = outcome?.kind === 'rolled-back' ? outcome.cause : rollback?.cause;
  if (cause !== undefined) {
    const isPerson = cause.kind === 'abort' || cause.kind === 'interrupt';
    const mark = isPerson ? 'aborted' : 'failed';
    return { mark, note: `${mark}: ${cause.sentence}` };
  }
  if (outcome?.kind === 'stuck') return { mark: 'stuck', note: 'stuck' };
  if (outcome !== null) return { mark: 'not-reached', note: 'not reached' };
  const { word, why, kind } = conditionOf(state, now);
  return {
    mark: 'now',
    note: why === '' || !tellsWhy.has(kind) ? word : `${word}${kind === 'paused' ? ' ' : ': '}${why}`,
  };
}

/** `4m1s`; `–` where it did not begin. */
export const tookText = ({ tookMs }: StepView): string => (tookMs === null ? '–' : formatDuration(tookMs));
