import type { AccountFinding as Finding } from '../ports/account.ts';
import { type Context, type Target, unfinished } from './context.ts';

/** A rollout that is not over and that nobody drives: its owner died, or ended while it owed the journal entries. */
export async function rolloutFinding(context: Context, at: Target): Promise<Finding | null> {
  const { connection, config } = at;
  const running = await unfinished(at);
  if (running === null || running.outcome !== null) return null;
  const { owner } = await connection.store.lock();
  if (owner !== null && context.world.isAlive(owner) !== 'dead') return null;
  const what = running.phase === 'rolling-back' ? 'is not rolled back to the end' : 'is not over';
  const detail = `${running.id} ${what}, and nobody drives it`;
  if (connection.controller !== null)
    return { check: 'rollout', ok: true, detail: `${detail}: ${connection.controller.name} takes it up` };
  return { check: 'rollout', ok: false, detail, mend: `mlreg resume --environment ${config.name}` };
}
