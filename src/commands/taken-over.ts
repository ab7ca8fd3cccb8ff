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
import { type Context, stateOf, type Target } from './context.ts';
import { type ExitCode, exitCode, exitCodeOfOutcome } from './exit-codes.ts';

/** How driving a rollout ended for this process. */
export interface Driven {
  readonly code: ExitCode;
  readonly state: RolloutState;
}

/** As the journal has it; what this process knows where that can't be read. */
export const lastKnown = (at: Target, journal: JournalWriter): Promise<RolloutState> =>
  stateOf(at, journal.state().id).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    return journal.state();
  });

/**
 * Somebody else has the rollout, or a person has brought its users back by the alias alone. The first is waited for a little,
 * for how it ends is what our user wants to know. The second is told to the journal at once, as mlreg resume would.
 */
export async function outlive(
  context: Context,
  at: Target,
  ports: RolloutPorts,
  journal: JournalWriter,
  by: string,
): Promise<Driven> {
  const back = await broughtBackByHand(ports.platform, await lastKnown(at, journal));
  const recorded = back === null ? null : await record(context, at, ports, journal, back);
  return recorded ?? waitForEnd(context, at, journal, { by, back });
}

/** While the store is out nobody can record it. */
export const tellBroughtBack = ({ output }: Context, at: Target, { sentence }: BroughtBack): void =>
  output.say(`${sentence}. ${untilStoreReturns(at)}`);

const untilStoreReturns = ({ config }: Target): string =>
  `The registry does not know yet. Next: make the store usable again, then: mlreg resume --environment ${config.name}`;

/** @returns null where somebody else records it at this moment */
async function record(
  context: Context,
  at: Target,
  ports: RolloutPorts,
  journal: JournalWriter,
  back: BroughtBack,
): Promise<Driven | null> {
  const { output, actor } = context;
  const state = journal.state();
  output.say(`${back.sentence}; ${state.id} goes no further`);
  try {
    // Whoever has come in between keeps it.
    const options = { ...at.config.lambda, ifToken: journal.token };
    const taken = await takeOver(ports, state.id, actor, options);
    const result = await drive(ports, taken, { signal: new AbortController().signal });
    if (result.kind !== 'ended') return null;
    return { code: exitCodeOfOutcome(result.outcome), state: await lastKnown(at, taken) };
  } catch (error) {
    if (error instanceof UserError && error.fault === 'conflict') return null;
    if (!isOutage(error)) throw error;
    output.say(`${error.message}. ${untilStoreReturns(at)}`);
    const cause = { kind: 'abort', by: 'a person', sentence: back.sentence } as const;
    const outcome: Outcome = { kind: 'rolled-back', cause, ...harmFields(state) };
    return { code: exitCode.aborted, state: { ...state, phase: 'ended', outcome } };
  }
}

async function waitForEnd(
  context: Context,
  at: Target,
  journal: JournalWriter,
  { by, back }: { readonly by: string; readonly back: BroughtBack | null },
): Promise<Driven> {
  const { clock } = context.world;
  const { id } = journal.state();
  const isOver = createLimit(() => clock.now(), 10_000);
  for (;;) {
    const state = await lastKnown(at, journal);
    const { outcome } = state;
    if (outcome !== null) {
      context.output.say(`taken over by ${state.owner.name} (${state.owner.command})`);
      return { code: exitCodeOfOutcome(outcome), state };
    }
    if (isOver()) {
      const denied = deniedTry(state);
      if (denied !== null) {
        const next = `mlreg rollback --environment ${at.config.name}, by somebody whom AWS lets move the alias`;
        context.output.say(
          `${id} was taken over by ${by}, to whom AWS denies it too: ${denied.error}. Next: ${next}`,
        );
        return { code: exitCode.credentials, state };
      }
      context.output.say(
        back === null
          ? `${id} was taken over by ${by}; it goes on there. See: mlreg status`
          : `${back.sentence}, and the registry does not know yet. Next: mlreg resume --environment ${at.config.name}`,
      );
      return { code: back === null ? exitCode.conflict : exitCode.aborted, state };
    }
    await clock.sleepUntil(later(clock.now(), 200));
  }
}
