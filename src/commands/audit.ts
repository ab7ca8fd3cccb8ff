import { UserError } from '../domain/user-error.ts';
import { replay } from '../rollout/replay.ts';
import { type Context, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

/**
 * Walks the whole history: each record's hash and the one before it, each journal from its first entry on. Changes
 * nothing. @throws UserError conflict at the first thing that must not be believed
 */
export async function auditVerify(context: Context): Promise<ExitCode> {
  const { config, connection } = await target(context);
  const audit = await connection.audit();
  if (audit.problem !== undefined) {
    throw new UserError('conflict', audit.problem, {
      why: `${audit.records} records before it are sound; mlreg acts on nothing that the chain does not vouch for`,
      mend: `put back ${audit.where} from a copy, then mlreg audit verify --environment ${config.name}`,
    });
  }
  const rollouts = await connection.store.rollouts();
  for (const id of rollouts) replay(id, await connection.store.journal(id));
  const { where, records, lost, torn, head } = audit;
  context.output.answer(
    { kind: 'Audit', environment: config.name, where, records, rollouts: rollouts.length, lost, torn, head },
    () =>
      [
        `sound: ${records} records, ${rollouts.length} rollouts in ${where}`,
        ...(lost + torn === 0 ? [] : [`harmless: ${lost} that lost a race, ${torn} never written whole`]),
        `head ${head}`,
      ].join('\n'),
  );
  return exitCode.done;
}
