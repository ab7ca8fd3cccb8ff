import type { Entry } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';

/**
 * Each entry with the state after it: what a surface says of an entry is true of that moment, not of the rollout's end. The
 * states have no tick table, for copying it at each entry would make a long rollout quadratic.
 */
export function* eachState(
  id: RolloutId,
  entries: readonly Entry[],
): Generator<readonly [Entry, RolloutState]> {
  const [first, ...rest] = entries;
  if (first === undefined) return;
  let state = replay(id, [first]);
  yield [first, state];
  for (const entry of rest) {
    state = { ...apply(state, entry), observations: [] };
    yield [entry, state];
  }
}
