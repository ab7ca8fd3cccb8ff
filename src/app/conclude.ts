import type { Outcome } from '../domain/journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { StoreDamaged } from '../ports/store.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { isOutage } from '../runner/outage.ts';
import { type Session, stateOf } from './session.ts';

/** As the journal has it; what this process knows where that can't be read. */
export const lastKnown = (at: Session, journal: JournalWriter): Promise<RolloutState> =>
  stateOf(at, journal.state().id).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    return journal.state();
  });

/** The command that makes journal and alias agree again. */
export const fixOf = ({ connection }: Session): Promise<'resume' | 'recover'> =>
  connection.store.lock().then(
    () => 'resume',
    (error: unknown) => (error instanceof StoreDamaged ? 'recover' : 'resume'),
  );

/** Somebody else's journal of this rollout may say more than this process knows. */
export async function endedAs(at: Session, journal: JournalWriter, outcome: Outcome): Promise<RolloutState> {
  if (journal.state().outcome !== null) return journal.state();
  const state = await lastKnown(at, journal);
  return state.outcome === null ? { ...state, phase: 'ended', outcome } : state;
}
