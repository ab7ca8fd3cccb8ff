import type { Plan } from '../domain/plan.ts';
import { planText } from '../reporting/plan-view.ts';
import { powerOf } from '../reporting/power.ts';
import { powerText } from '../reporting/power-view.ts';
import { type Context, type Target, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { generationFor, prepare } from './prepare.ts';
import { windowData, windowLines } from './window.ts';
import { type RolloutOptions, wordsOf } from './words.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  const at = await target(context);
  const choice = await generationFor(context, at, options);
  const prepared = await prepare(context, at, options, { choice, begins: false });
  return answerPlan(context, at, prepared.plan);
}

/** What would be done, and what its bakes could detect. */
export function answerPlan({ output, world }: Context, at: Target, compiled: Plan): ExitCode {
  const power = powerOf(compiled);
  const now = world.clock.now();
  const window = windowData(at, now);
  output.answer({ kind: 'Plan', plan: compiled, power, ...(window === null ? {} : { window }) }, () =>
    [
      planText(compiled, output.paint),
      ...windowLines(at, now),
      powerText(power, compiled, output.paint),
    ].join('\n'),
  );
  return exitCode.done;
}
