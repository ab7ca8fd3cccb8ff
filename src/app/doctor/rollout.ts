import type { AccountFinding as Finding } from '../../ports/account.ts';
import type { AliasView } from '../../ports/platform.ts';
import { targetOf } from '../../engine/marker.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { Session, Caller } from '../session.ts';
import { silentForMs, silentText } from '../owner.ts';

/** A rollout that is not over and that nobody drives: its owner died, or ended while it owed the journal entries. */
export async function rolloutFinding(
  context: Caller,
  at: Session,
  running: RolloutState | null,
): Promise<Finding | null> {
  if (running === null || running.outcome !== null) return null;
  const { connection, config } = at;
  const lock = await connection.store.lock();
  const { owner } = lock;
  const isThere = owner !== null && context.world.isAlive(owner) !== 'dead';
  const silent = isThere ? await silentForMs(context, at, lock) : null;
  if (isThere && silent === null) return null;
  const what = running.phase === 'rolling-back' ? 'is not rolled back to the end' : 'is not over';
  const who =
    owner === null || silent === null
      ? 'nobody drives it'
      : `its owner ${owner.name} (pid ${owner.pid} on ${owner.host}) is ${silentText(silent)}`;
  const detail = `${running.id} ${what}, and ${who}`;
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
