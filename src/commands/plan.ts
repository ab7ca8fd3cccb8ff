import { planText } from '../reporting/plan-view.ts';
import { type Context, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { prepare } from './prepare.ts';
import { type RolloutOptions, wordsOf } from './words.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  const at = await target(context);
  const prepared = await prepare(context, at, options);
  context.output.answer({ kind: 'Plan', plan: prepared.plan }, () =>
    planText(prepared.plan, context.output.paint),
  );
  return exitCode.done;
}
