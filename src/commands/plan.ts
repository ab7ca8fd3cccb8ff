import { planText } from '../reporting/plan-view.ts';
import { powerOf } from '../reporting/power.ts';
import { powerText } from '../reporting/power-view.ts';
import { type Context, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { prepare } from './prepare.ts';
import { type RolloutOptions, wordsOf } from './words.ts';

export async function plan(context: Context, options: RolloutOptions): Promise<ExitCode> {
  wordsOf(options);
  const at = await target(context);
  const prepared = await prepare(context, at, options);
  const power = powerOf(prepared.plan);
  const { paint } = context.output;
  context.output.answer({ kind: 'Plan', plan: prepared.plan, power }, () =>
    [planText(prepared.plan, paint), powerText(power, prepared.plan, paint)].join('\n'),
  );
  return exitCode.done;
}
