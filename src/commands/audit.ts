import { verifyRecords } from '../app/audit.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

/** Says whether registry and journal may be believed. */
export async function auditVerify(context: Context): Promise<ExitCode> {
  const at = await openSession(context, 'lenient');
  const { config } = at;
  const { where, records, rollouts, lost, torn, head, uncompared } = await verifyRecords(at);
  context.output.answer(
    { kind: 'Audit', environment: config.name, where, records, rollouts, lost, torn, head },
    () =>
      [
        `sound: ${records} records, ${rollouts} rollouts in ${where}`,
        ...(lost + torn === 0 ? [] : [`harmless: ${lost} that lost a race, ${torn} never written whole`]),
        `head ${head}`,
        ...(uncompared === null ? [] : [`not compared with the alias: ${uncompared}`]),
      ].join('\n'),
  );
  return exitCode.done;
}
