import type { RolloutId } from '../../src/domain/units.ts';
import type { Snapshot, Store } from '../../src/ports/store.ts';
import { applyWhole, emptyState, type State } from '../../src/store/rules/fold.ts';
import { type Log, readsOf, storeOverLog } from '../../src/store/rules/store-over-log.ts';

/** What stores opened over the same place share, as the embedded ones share a file. */
export interface MemoryPlace {
  readonly state: State;
  readonly snapshots: Map<RolloutId, Snapshot>;
  /** How often a store was opened over it. */
  opened: number;
}

export const memoryPlace = (): MemoryPlace => ({ state: emptyState(), snapshots: new Map(), opened: 0 });

/** The embedded store without its file, for simulations: same rules, same fold. */
export function openMemoryStore(place: MemoryPlace = memoryPlace()): Store {
  const { state } = place;
  const read = (): Promise<State> => Promise.resolve(state);
  const log: Log = {
    read,
    ...readsOf(read),
    snapshot: async (rollout) => place.snapshots.get(rollout),
    keepSnapshot: async (rollout, snapshot) => void place.snapshots.set(rollout, snapshot),
    commit: async (decide) => {
      const decision = decide(state);
      if (decision.kind === 'write') applyWhole(state, decision.transaction);
      return decision.value;
    },
  };
  return storeOverLog(log, String(++place.opened));
}
