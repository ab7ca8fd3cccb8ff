import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../../domain/parse.ts';
import { rounded } from '../../view/condition.ts';
import type { StepView } from '../../view/steps.ts';
import type { RolloutView } from '../../view/view.ts';
import type { Signs } from './signs.ts';

interface Group {
  readonly name: string;
  readonly steps: readonly StepView[];
  /** Planned, ms; null where it takes as long as it takes. */
  readonly of: number | null;
  /** Warming up and moving users between two bakes: told only while that goes on, or where it failed. */
  readonly isBetween: boolean;
}

/** Steps that people think in: preparing, each share, and the end. */
export function stepLine(view: RolloutView, paint: ChalkInstance, signs: Signs): string {
  return groupsOf(view)
    .filter(({ isBetween, steps }) => !isBetween || steps.some(({ mark }) => mark === 'now' || isBad(mark)))
    .map((group) => partText(group, paint, signs))
    .join('   ');
}

function groupsOf({ steps, state }: RolloutView): readonly Group[] {
  const groups: Group[] = [];
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

const isBad = (mark: StepView['mark']): boolean =>
  mark === 'failed' || mark === 'aborted' || mark === 'stuck';

const bakeName = ({
  percent,
  testersOnly,
}: {
  readonly percent: number;
  readonly testersOnly?: true;
}): string => (percent > 0 ? `${percent} %` : testersOnly === true ? 'testers' : 'shadow');

function partText({ name, steps, of }: Group, paint: ChalkInstance, signs: Signs): string {
  const took = rounded(steps.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0));
  const bad = steps.find(({ mark }) => isBad(mark));
  if (bad !== undefined) return paint.red(`${signs.failed} ${name} ${bad.mark}`);
  if (steps.some(({ mark }) => mark === 'now'))
    return paint.cyan(`${signs.now} ${name} ${took}${of === null ? '' : ` of ${formatDuration(of)}`}`);
  if (steps.every(({ mark }) => mark === 'done')) return paint.green(`${signs.done} ${name} ${took}`);
  if (steps.some(({ mark }) => mark === 'done')) return paint.cyan(`${signs.now} ${name}`);
  return paint.dim(`${signs.toCome} ${name}`);
}
