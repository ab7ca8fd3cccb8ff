import type { Store } from '../ports/store.ts';
import { apply, emptyState, encode, type State } from './fold.ts';
import { type Log, storeOverLog } from './store-over-log.ts';

/** What stores opened over the same place share, as the embedded ones share a file. */
export interface MemoryPlace {
  readonly state: State;
}

export const memoryPlace = (): MemoryPlace => ({ state: emptyState() });

/** The embedded store without its file, for simulations: same rules, same fold, same bytes in between. */
export function openMemoryStore({ state }: MemoryPlace = memoryPlace()): Store {
  const log: Log = {
    read: () => Promise.resolve(state),
    commit: async (decide) => {
      const decision = decide(state);
      if (decision.kind === 'write') {
        const bytes = encode(decision.transaction);
        apply(state, { bytes, start: 0, end: bytes.length });
      }
      return decision.value;
    },
  };
  return storeOverLog(log);
}
