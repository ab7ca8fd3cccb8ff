import type { Outcome } from '../domain/journal.ts';
import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import type { RolloutState } from '../engine/state.ts';
import { StoreDamaged } from '../ports/store.ts';
import { deniedTry } from '../runner/credentials.ts';
import type { DriveResult } from '../runner/drive.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { isOutage } from '../runner/outage.ts';
import { type Caller, type Session, stateOf } from './session.ts';
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
  /** Somebody took it over, and ended it. */
  | { readonly kind: 'outlived'; readonly outcome: Outcome; readonly state: RolloutState }
  /** Somebody took it over, and it is not over yet. */
  | {
      readonly kind: 'taken-over';
      readonly by: string;
      /** What AWS answers to them as well, where it denies them the alias; else null. */
      readonly denied: string | null;
      readonly state: RolloutState;
    }
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
  caller: Pick<Caller, 'world' | 'output'>,
  at: Session,
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
      return outlive(caller, at, journal, result.by);
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

/** As the journal has it; what this process knows where that can't be read. */
export const lastKnown = (at: Session, journal: JournalWriter): Promise<RolloutState> =>
  stateOf(at, journal.state().id).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    return journal.state();
  });

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

/** Somebody took the rollout over: waits a little for how it ends, for that is what our user wants to know. */
async function outlive(
  { world: { clock } }: Pick<Caller, 'world'>,
  at: Session,
  journal: JournalWriter,
  by: string,
): Promise<Ending> {
  const isOver = createLimit(() => clock.now(), 10_000);
  for (;;) {
    const state = await lastKnown(at, journal);
    const { outcome } = state;
    if (outcome !== null) return { kind: 'outlived', outcome, state };
    if (isOver()) return { kind: 'taken-over', by, denied: deniedTry(state)?.error ?? null, state };
    await clock.sleepUntil(later(clock.now(), 200));
  }
}
