import type { StepView } from './steps.ts';
import type { RolloutState } from '../engine/state.ts';

export interface StepGroup {
  readonly name: string;
  readonly steps: readonly StepView[];
  /** Planned, ms; null where it takes as long as it takes. */
  readonly of: number | null;
  /** Warming up and moving users between two bakes: told only while that goes on, or where it failed. */
  readonly isBetween: boolean;
}

/** Steps that people think in: preparing, each share, and the end. */
export function stepGroups({
  steps,
  state,
}: {
  readonly steps: readonly StepView[];
  readonly state: RolloutState;
}): readonly StepGroup[] {
  const groups: StepGroup[] = [];
  let quiet: StepView[] = [];
  const flush = (name: string, isBetween: boolean): void => {
    if (quiet.length > 0) groups.push({ name, steps: quiet, of: null, isBetween });
    quiet = [];
  };
  steps.forEach((step, index) => {
    const planned = state.plan.steps[index];
    const isOwn = planned?.kind === 'bake' || planned?.kind === 'approve';
    if (!isOwn) return void quiet.push(step);
    const isFirst = groups.every(({ name }) => name === 'approval');
    flush(isFirst ? 'prepare' : 'move users', !isFirst);
    const of = planned.kind === 'bake' ? planned.durationMs : null;
    const name = planned.kind === 'bake' ? bakeName(planned) : 'approval';
    groups.push({ name, steps: [step], of, isBetween: false });
  });
  const hasAll = state.plan.steps.some((step) => step.kind === 'bake' && step.percent === 100);
  flush(!steps.some(({ kind }) => kind === 'promote') ? 'end' : hasAll ? 'promote' : '100 %', false);
  return groups;
}

export const isBad = (mark: StepView['mark']): boolean =>
  mark === 'failed' || mark === 'aborted' || mark === 'stuck';

const bakeName = ({
  percent,
  testersOnly,
}: {
  readonly percent: number;
  readonly testersOnly?: true;
}): string => (percent > 0 ? `${percent} %` : testersOnly === true ? 'testers' : 'shadow');
