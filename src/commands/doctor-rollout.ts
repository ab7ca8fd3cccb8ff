import type { AccountFinding as Finding } from '../ports/account.ts';
import type { AliasView } from '../ports/platform.ts';
import { targetOf } from '../rollout/marker.ts';
import type { RolloutState } from '../rollout/state.ts';
import type { Context, Target } from './context.ts';

/** A rollout that is not over and that nobody drives: its owner died, or ended while it owed the journal entries. */
export async function rolloutFinding(
  context: Context,
  { connection, config }: Target,
  running: RolloutState | null,
): Promise<Finding | null> {
  if (running === null || running.outcome !== null) return null;
  const { owner } = await connection.store.lock();
  if (owner !== null && context.world.isAlive(owner) !== 'dead') return null;
  const what = running.phase === 'rolling-back' ? 'is not rolled back to the end' : 'is not over';
  const detail = `${running.id} ${what}, and nobody drives it`;
  if (connection.controller !== null)
    return { check: 'rollout', ok: true, detail: `${detail}: ${connection.controller.name} takes it up` };
  return { check: 'rollout', ok: false, detail, mend: `mlreg resume --environment ${config.name}` };
}

/** The alias is where this rollout, which is not over, has pointed it: no hand was on it since. */
export const movesAlias = (
  { id, outcome }: RolloutState,
  { stamp, target: { functionVersion } }: AliasView,
): boolean =>
  outcome === null &&
  stamp?.rollout === id &&
  (stamp.detail === undefined || targetOf(stamp) === functionVersion);
