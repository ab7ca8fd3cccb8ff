import { openSession } from '../app/open-session.ts';
import { planData, type Planned, planRollout } from '../app/plan/plan.ts';
import { type RolloutOptions, wordsOf } from '../app/plan/words.ts';
import { planText } from '../reporting/plan-view.ts';
import { powerText } from '../reporting/power-view.ts';
import type { Session } from '../app/session.ts';
import { windowLines } from '../app/plan/window.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  const at = await openSession(context);
  return answerPlan(context, at, await planRollout(context, at, options));
}

/** What would be done, and what its bakes could detect. */
export function answerPlan({ output, world }: Context, at: Session, planned: Planned): ExitCode {
  const now = world.clock.now();
  const { plan: compiled, power } = planned;
  output.answer(planData(at, planned, now), () =>
    [
      planText(compiled, output.paint),
      ...windowLines(at, now),
      powerText(power, compiled, output.paint),
    ].join('\n'),
  );
  return exitCode.done;
}
