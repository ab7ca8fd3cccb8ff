import type { Outcome } from '../domain/journal.ts';
import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { harmFields } from '../engine/harm.ts';
import type { RolloutState } from '../engine/state.ts';
import { deniedTry } from '../runner/credentials.ts';
import { drive } from '../runner/drive.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { isOutage } from '../runner/outage.ts';
import { takeOver } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { type BroughtBack, broughtBackByHand } from './brought-back.ts';
import { type Caller, type Session, stateOf } from './session.ts';

/** What became of a rollout that this process owned, and owns no more. */
export type Outlived =
  /** Somebody took it over, and ended it. */
  | { readonly kind: 'outlived'; readonly outcome: Outcome; readonly state: RolloutState }
  /** A person had brought its users back by the alias alone; as far as the store answers, its journal knows now. */
  | { readonly kind: 'brought-back'; readonly outcome: Outcome; readonly state: RolloutState }
  /** Somebody took it over, and it is not over yet. */
  | {
      readonly kind: 'taken-over';
      readonly by: string;
      /** What AWS answers to them as well, where it denies them the alias; else null. */
      readonly denied: string | null;
      /** Users are back, and the journal does not know yet. */
      readonly back: BroughtBack | null;
      readonly state: RolloutState;
    };

/** As the journal has it; what this process knows where that can't be read. */
export const lastKnown = (at: Session, journal: JournalWriter): Promise<RolloutState> =>
  stateOf(at, journal.state().id).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    return journal.state();
  });

/**
 * Somebody else has the rollout, or a person has brought its users back by the alias alone. The first is waited for a little,
 * for how it ends is what our user wants to know. The second is told to the journal at once, as mlreg resume would.
 */
export async function outlive(
  caller: Caller,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  by: string,
): Promise<Outlived> {
  const back = await broughtBackByHand(ports.platform, await lastKnown(at, journal));
  const recorded = back === null ? null : await record(caller, at, ports, journal, back);
  return recorded ?? waitForEnd(caller, at, journal, { by, back });
}

/** While the store is out nobody can record it. */
export const tellBroughtBack = ({ output }: Caller, at: Session, { sentence }: BroughtBack): void =>
  output.say(`${sentence}. ${untilStoreReturns(at)}`);

const untilStoreReturns = ({ config }: Session): string =>
  `The registry does not know yet. Next: make the store usable again, then: mlreg resume --environment ${config.name}`;

/** @returns null where somebody else records it at this moment */
async function record(
  caller: Caller,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  back: BroughtBack,
): Promise<Outlived | null> {
  const { output, actor } = caller;
  const state = journal.state();
  output.say(`${back.sentence}; ${state.id} goes no further`);
  try {
    // Whoever has come in between keeps it.
    const options = { ...at.config.lambda, ifToken: journal.token };
    const taken = await takeOver(ports, state.id, actor, options);
    const result = await drive(ports, taken, { signal: new AbortController().signal });
    if (result.kind !== 'ended') return null;
    const { outcome } = result;
    return { kind: 'brought-back', outcome, state: await lastKnown(at, taken) };
  } catch (error) {
    if (error instanceof UserError && error.fault === 'conflict') return null;
    if (!isOutage(error)) throw error;
    output.say(`${error.message}. ${untilStoreReturns(at)}`);
    const cause = { kind: 'abort', by: 'a person', sentence: back.sentence } as const;
    const outcome: Outcome = { kind: 'rolled-back', cause, ...harmFields(state) };
    return { kind: 'brought-back', outcome, state: { ...state, phase: 'ended', outcome } };
  }
}

async function waitForEnd(
  caller: Caller,
  at: Session,
  journal: JournalWriter,
  { by, back }: { readonly by: string; readonly back: BroughtBack | null },
): Promise<Outlived> {
  const { clock } = caller.world;
  const isOver = createLimit(() => clock.now(), 10_000);
  for (;;) {
    const state = await lastKnown(at, journal);
    const { outcome } = state;
    if (outcome !== null) return { kind: 'outlived', outcome, state };
    if (isOver()) return { kind: 'taken-over', by, back, denied: deniedTry(state)?.error ?? null, state };
    await clock.sleepUntil(later(clock.now(), 200));
  }
}
