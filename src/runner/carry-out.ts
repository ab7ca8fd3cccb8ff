import { harmFields } from '../engine/harm.ts';
import type { Effect, EntryBody, Outcome } from '../domain/journal.ts';
import { unreachable } from '../domain/units.ts';
import type { JournalWriter } from './journal-writer.ts';
import { withWhatUsersGet } from './hand-moved.ts';
import { perform } from './perform.ts';
import type { RolloutPorts } from './ports.ts';
import { repairOf, undoneBy } from './repair.ts';
import type { RolloutState } from '../engine/state.ts';

/** Somebody else owns the environment now. */
export interface Lost {
  readonly kind: 'lost';
  readonly by: string;
}

/** Intent before effect, result after. @returns null unless the owner must stop */
export async function carryOut(
  ports: RolloutPorts,
  journal: JournalWriter,
  wanted: Effect,
): Promise<Lost | null> {
  const next = journal.state().length;
  await journal.append(ports.clock.now(), [{ kind: 'intent', effect: wanted }]);
  // Further on, where entries that had been given up came in between.
  const seq = journal.state().openIntent?.seq ?? next;
  const performed = await perform(ports, journal.state(), wanted, seq, journal.mark());
  const at = ports.clock.now();
  switch (performed.kind) {
    case 'done':
      await journal.append(at, [{ kind: 'result', intent: seq, outcome: performed.outcome }]);
      return null;
    case 'failed':
      await journal.append(at, [
        {
          kind: 'failed',
          intent: seq,
          error: performed.error,
          final: performed.final,
          ...(performed.credentials === true ? { credentials: true } : {}),
          ...(performed.denied === true ? { denied: true } : {}),
        },
      ]);
      return null;
    case 'fenced':
      // The alias alone says so: whoever takes the rollout up need not wait for this process to fall silent.
      await ports.store.release(journal.token).catch(() => false);
      return { kind: 'lost', by: `token ${performed.token} on the alias` };
    case 'went-back': {
      const state = journal.state();
      const cause = undoneBy(state);
      const failed: EntryBody = { kind: 'failed', intent: seq, error: cause.sentence, final: false };
      if (!performed.elsewhere) {
        await journal.append(at, [failed, ...(await repairOf(ports.store, state, performed.unknown))]);
        return null;
      }
      // What a watch guarded serves no more: there is nothing to label, and nowhere to lead back to.
      await journal.append(at, [
        failed,
        state.plan.strategy === 'watch'
          ? { kind: 'ended', outcome: { kind: 'rolled-back', cause, ...harmFields(state) } }
          : { kind: 'rolling-back', cause },
      ]);
      return null;
    }
    case 'foreign': {
      const stopped = [
        { kind: 'failed', intent: seq, error: performed.sentence, final: false },
        { kind: 'ended', outcome: foreign(journal.state(), performed.sentence) },
      ] as const;
      await journal.append(at, await withWhatUsersGet(ports.platform, journal.state(), stopped));
      return null;
    }
    default:
      return unreachable(performed);
  }
}

function foreign(state: RolloutState, sentence: string): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence: `${sentence}. mlreg stopped and changed nothing more`,
    mend: [`mlreg rollback ${at}`, `mlreg resume --adopt ${at}`],
  };
}
