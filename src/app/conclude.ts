import type { Outcome } from '../domain/journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { StoreDamaged } from '../ports/store.ts';
import type { DriveResult } from '../runner/drive.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import type { Caller, Session } from './session.ts';
import { lastKnown, outlive, type Outlived } from './taken-over.ts';
import { wake } from './wake.ts';

/** How it came that a process drives a rollout no more. */
export type Ending =
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly state: RolloutState;
      /** Journal entries that the store did not take. */
      readonly unwritten: number;
      /** The command that writes them; null where none is owed. */
      readonly fix: 'resume' | 'recover' | null;
    }
  | Outlived
  /** The time that it was to be driven is over. */
  | {
      readonly kind: 'not-finished';
      readonly why: string;
      /** The controller that goes on with it; null where nobody does. */
      readonly controller: string | null;
      readonly state: RolloutState;
    }
  | { readonly kind: 'stopped'; readonly state: RolloutState };

export async function conclude(
  caller: Caller,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  result: DriveResult,
): Promise<Ending> {
  switch (result.kind) {
    case 'ended': {
      const { outcome } = result;
      const unwritten = journal.owed();
      const fix = unwritten > 0 ? await fixOf(at) : null;
      return { kind: 'ended', outcome, unwritten, fix, state: await endedAs(at, journal, outcome) };
    }
    case 'timed-out': {
      const state = journal.state();
      return { kind: 'not-finished', why: result.why, controller: await leave(caller, at, journal), state };
    }
    case 'stopped':
      return { kind: 'stopped', state: journal.state() };
    case 'lost':
      return outlive(caller, at, ports, journal, result.by);
  }
}

/**
 * Keeps the share as it is until a person says otherwise, whoever owns the rollout next: a controller judges on, and may roll
 * back.
 * @returns the controller that judges on; null where nobody does
 */
export async function hold(
  caller: Pick<Caller, 'world' | 'output' | 'actor'>,
  at: Session,
  journal: JournalWriter,
): Promise<string | null> {
  const { ids, clock } = caller.world;
  const { id } = journal.state();
  const reason = 'held by an interrupt';
  const wish = {
    kind: 'pause',
    id: ids.requestId(),
    at: clock.now(),
    by: caller.actor.name,
    reason,
  } as const;
  await at.connection.store.post(id, wish).catch(() => undefined);
  return leave(caller, at, journal);
}

/** Lets go, so that whoever goes on need not wait for us to fall silent. @returns the controller that was woken */
async function leave(
  { output }: Pick<Caller, 'output'>,
  { connection: { store, controller } }: Session,
  journal: JournalWriter,
): Promise<string | null> {
  await store.release(journal.token).catch(() => false);
  const isWoken =
    controller !== null && (await wake({ output }, controller, journal.state().id, journal.token));
  return isWoken ? controller.name : null;
}

/** The command that makes journal and alias agree again. */
const fixOf = ({ connection }: Session): Promise<'resume' | 'recover'> =>
  connection.store.lock().then(
    () => 'resume',
    (error: unknown) => (error instanceof StoreDamaged ? 'recover' : 'resume'),
  );

/** Somebody else's journal of this rollout may say more than this process knows. */
async function endedAs(at: Session, journal: JournalWriter, outcome: Outcome): Promise<RolloutState> {
  if (journal.state().outcome !== null) return journal.state();
  const state = await lastKnown(at, journal);
  return state.outcome === null ? { ...state, phase: 'ended', outcome } : state;
}
