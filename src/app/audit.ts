import { replay } from '../engine/fold-journal.ts';
import { keepsWhatIsSound, rebuildCommand } from '../domain/rebuild-command.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Audit } from '../ports/store.ts';
import { lookAround } from '../runner/look.ts';
import { contradiction } from '../runner/snapshot.ts';
import { aliasNote } from './marker.ts';
import { championOf } from './plan/prepare.ts';
import { type Session, unfinished } from './session.ts';

/** Records that may be believed. */
export interface Audited extends Audit {
  readonly rollouts: number;
  /** Why they could not be compared with the alias; null where the two agree. */
  readonly uncompared: string | null;
}

/**
 * Walks the whole history: each record's hash and the one before it, each journal from its first entry on. Changes nothing.
 * @throws UserError conflict at the first thing that must not be believed
 */
export async function verifyRecords(at: Session): Promise<Audited> {
  const { config, connection } = at;
  const audit = await connection.audit();
  if (audit.problem !== undefined) {
    throw new UserError('conflict', audit.problem, {
      why: `${audit.records} records before it are sound; mlreg acts on nothing that the chain does not vouch for`,
      mend: rebuildCommand(config.name, keepsWhatIsSound),
    });
  }
  const rollouts = await connection.store.rollouts();
  for (const id of rollouts) {
    const entries = await connection.store.journal(id);
    replay(id, entries);
    const snapshot = await connection.store.snapshot(id);
    const sentence = snapshot === undefined ? null : contradiction(entries, snapshot);
    if (sentence !== null)
      throw new UserError('conflict', sentence, {
        why: 'the records are whole; the snapshot beside them was changed, and status and abort read it first',
        mend: `delete it: ${audit.where}.snapshot, or the items under ${config.name}/${config.model}/snapshots`,
      });
  }
  return { ...audit, rollouts: rollouts.length, uncompared: await compareWithAlias(at) };
}

/**
 * A chain vouches for what stands in it, and not that nothing was cut off its end: the alias knows what was written last.
 * @returns why the two could not be compared; null where they agree
 * @throws UserError conflict, where the alias knows more
 */
async function compareWithAlias(at: Session): Promise<string | null> {
  const { config, connection } = at;
  try {
    const look = await lookAround(connection, config.lambda);
    const note = aliasNote(at, look, { champion: await championOf(at), running: await unfinished(at) });
    if (note === null) return null;
    throw new UserError('conflict', `the records are whole, but ${note.detail}`, {
      why: note.why,
      mend: note.mend,
    });
  } catch (error) {
    if (error instanceof PlatformError) return error.message;
    throw error;
  }
}
