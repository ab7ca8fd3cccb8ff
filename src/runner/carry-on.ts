import type { Actor } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import type { LockRecord } from '../ports/store.ts';
import { Fenced, type JournalWriter, openJournal } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import type { RolloutState } from '../engine/state.ts';

/**
 * The same owner in its next lap, maybe in another process. Each lap has a token of its own, so that of two at once the
 * older can write no more; but the fence, which costs an alias write and fresh RevisionIds, is written only where a write
 * of the lap before may still be under way.
 * @param seen the lock as it was when the owner was looked at; whoever has come since keeps it
 * @param known the rollout as far as it has been read already
 * @param wasOut the store could not be written since the lap before: somebody may have rolled back without it
 * @returns null where somebody else has the environment now
 */
export async function carryOn(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  {
    seen,
    known,
    wasOut = false,
  }: {
    readonly seen: LockRecord;
    readonly known?: RolloutState | undefined;
    readonly wasOut?: boolean;
  },
): Promise<JournalWriter | null> {
  const at = ports.clock.now();
  const taken = await ports.store.acquire({
    owner: actor,
    rollout: id,
    takeOver: true,
    ifToken: seen.token,
    at,
  });
  if (taken.kind === 'held') return null;
  try {
    const journal = await openJournal(ports.store, id, taken.lock.token, ports.onEntry, known);
    journal.beaten(at);
    if (!wasOut && !mayBeUnderWay(journal.state())) return journal;
    await journal.append(at, [{ kind: 'owned', by: actor, adopt: journal.state().adopted }]);
    return journal;
  } catch (error) {
    if (error instanceof Fenced) return null;
    throw error;
  }
}

/**
 * Every alias write is announced in the journal before it is sent, and its result stands there after it was read back.
 * Between the two, and after a try whose reply was lost, it may still arrive. The way back may have been gone without the
 * journal.
 */
export function mayBeUnderWay({ phase, unfenced, openIntent, tries }: RolloutState): boolean {
  if (phase !== 'forward' || unfenced.length > 0 || openIntent !== undefined) return true;
  return Object.keys(tries).some((key) => key.startsWith('set-alias'));
}
