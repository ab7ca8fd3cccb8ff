import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../../domain/parse.ts';
import { rounded } from '../../view/condition.ts';
import { isBad, type StepGroup, stepGroups } from '../../view/step-groups.ts';
import type { RolloutView } from '../../view/view.ts';
import type { Signs } from './signs.ts';

/** Steps that people think in: preparing, each share, and the end. */
export function stepLine(view: RolloutView, paint: ChalkInstance, signs: Signs): string {
  return stepGroups(view)
    .filter(({ isBetween, steps }) => !isBetween || steps.some(({ mark }) => mark === 'now' || isBad(mark)))
    .map((group) => partText(group, paint, signs))
    .join('   ');
}

function partText({ name, steps, of }: StepGroup, paint: ChalkInstance, signs: Signs): string {
  const took = rounded(steps.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0));
  const bad = steps.find(({ mark }) => isBad(mark));
  if (bad !== undefined) return paint.red(`${signs.failed} ${name} ${bad.mark}`);
  if (steps.some(({ mark }) => mark === 'now'))
    return paint.cyan(`${signs.now} ${name} ${took}${of === null ? '' : ` of ${formatDuration(of)}`}`);
  if (steps.every(({ mark }) => mark === 'done')) return paint.green(`${signs.done} ${name} ${took}`);
  if (steps.some(({ mark }) => mark === 'done')) return paint.cyan(`${signs.now} ${name}`);
  return paint.dim(`${signs.toCome} ${name}`);
}
