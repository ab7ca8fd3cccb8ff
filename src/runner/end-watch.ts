import type { Actor } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import { type DriveResult, drive } from './drive.ts';
import type { AliasNames } from './environment-view.ts';
import { Fenced } from './journal-writer.ts';
import { takeOver } from './own.ts';
import type { RolloutPorts } from './ports.ts';
import { tick } from './tick.ts';

const never = new AbortController().signal;

/**
 * A watch has changed nothing, so ending it changes nothing: what serves goes on serving. The fence comes first, so that
 * no roll-back of the old owner lands after the journal has said that all is well.
 */
export async function endWatch(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  { sentence, ...names }: AliasNames & { readonly sentence: string },
): Promise<DriveResult> {
  const journal = await takeOver(ports, id, actor, names);
  // Where there is no way back no old owner has anything to write, and a breach has been told already.
  while (journal.state().plan.undo !== null && journal.state().unfenced.length > 0) {
    const fenced = await tick(ports, journal);
    // One last look, which may have found a breach.
    if (fenced.kind !== 'again') return fenced;
    // Whoever owned it before may have been on the way back: that is gone to its end.
    if (journal.state().phase !== 'forward') return drive(ports, journal, { signal: never });
    if (journal.state().unfenced.length > 0) await ports.clock.sleepUntil(fenced.at, never);
  }
  const outcome = { kind: 'succeeded', sentence } as const;
  try {
    await journal.append(ports.clock.now(), [{ kind: 'ended', outcome }]);
  } catch (error) {
    // Somebody else ends it, or rolls it back.
    if (error instanceof Fenced) return { kind: 'lost', by: error.by };
    throw error;
  }
  await ports.store.release(journal.token).catch(() => false);
  return { kind: 'ended', outcome };
}
