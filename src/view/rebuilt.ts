import type { Outcome } from '../domain/journal.ts';
import type { RolloutState } from '../engine/state.ts';

type RebuildCommand = 'mlreg recover' | 'mlreg restore';

/** The command that rebuilt the registry, and closed this journal by that. Its sentence names it, in every version of mlreg. */
export const closedBy = ({ sentence }: Extract<Outcome, { kind: 'restored' }>): RebuildCommand =>
  /\(mlreg (recover|restore)/.exec(sentence)?.[1] === 'restore' ? 'mlreg restore' : 'mlreg recover';

/**
 * The command whose own journal this is: it began no rollout and moved nobody, and its plan, a watch of what serves, only says
 * what was found. Such a journal is begun and ended by one write. null: it is a rollout's.
 */
export function rebuiltIn({ plan, outcome, startedAt, endedAt }: RolloutState): RebuildCommand | null {
  const isOwn = plan.strategy === 'watch' && startedAt === endedAt;
  return outcome?.kind === 'restored' && isOwn ? closedBy(outcome) : null;
}

/** A rollout's strategy, or the command that rebuilt the registry: `canary`, `restore`. */
export const kindText = (state: RolloutState): string =>
  rebuiltIn(state)?.replace('mlreg ', '') ?? state.plan.strategy;

/** How such a journal ended, in a few words. */
export const restoredWords = (
  state: RolloutState,
  outcome: Extract<Outcome, { kind: 'restored' }>,
): string => (rebuiltIn(state) === null ? `closed by ${closedBy(outcome)}` : 'registry rebuilt');
