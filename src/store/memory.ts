import type { Store } from '../ports/store.ts';
import { applyWhole, emptyState, type State } from './fold.ts';
import { type Log, readsOf, storeOverLog } from './store-over-log.ts';

/** What stores opened over the same place share, as the embedded ones share a file. */
export interface MemoryPlace {
  readonly state: State;
}

export const memoryPlace = (): MemoryPlace => ({ state: emptyState() });

/** The embedded store without its file, for simulations: same rules, same fold. */
export function openMemoryStore({ state }: MemoryPlace = memoryPlace()): Store {
  const read = (): Promise<State> => Promise.resolve(state);
  const log: Log = {
    read,
    ...readsOf(read),
    commit: async (decide) => {
      const decision = decide(state);
      if (decision.kind === 'write') applyWhole(state, decision.transaction);
      return decision.value;
    },
  };
  return storeOverLog(log);
}
