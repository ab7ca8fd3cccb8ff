import { openSession } from '../app/open-session.ts';
import { type Planned, planRollout } from '../app/plan/plan.ts';
import { type RolloutOptions, wordsOf } from '../app/plan/words.ts';
import { planText } from '../reporting/plan-view.ts';
import { powerText } from '../reporting/power-view.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  return answerPlan(context, await planRollout(context, await openSession(context), options));
}

/** What would be done, and what its bakes could detect. */
export function answerPlan({ output }: Context, { plan: compiled, power }: Planned): ExitCode {
  output.answer({ kind: 'Plan', plan: compiled, power }, () =>
    [planText(compiled, output.paint), powerText(power, compiled, output.paint)].join('\n'),
  );
  return exitCode.done;
}
