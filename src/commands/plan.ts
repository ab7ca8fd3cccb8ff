import type { Plan } from '../domain/plan.ts';
import { planText } from '../reporting/plan-view.ts';
import { powerOf } from '../view/power.ts';
import { powerText } from '../reporting/power-view.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { generationFor, prepare } from '../app/plan/prepare.ts';
import { type RolloutOptions, wordsOf } from '../app/plan/words.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  const at = await openSession(context);
  const choice = await generationFor(context, at, options);
  const prepared = await prepare(context, at, options, { choice, begins: false });
  return answerPlan(context, prepared.plan);
}

/** What would be done, and what its bakes could detect. */
export function answerPlan({ output }: Context, compiled: Plan): ExitCode {
  const power = powerOf(compiled);
  output.answer({ kind: 'Plan', plan: compiled, power }, () =>
    [planText(compiled, output.paint), powerText(power, compiled, output.paint)].join('\n'),
  );
  return exitCode.done;
}
