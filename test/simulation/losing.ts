import { instant } from '../../src/domain/units.ts';
import { applyWhole, emptyState, type State } from '../../src/store/rules/fold.ts';
import type { MemoryPlace } from '../support/memory-store.ts';
import type { Level } from './level.ts';

/** A store in memory that can be lost, or put back as it was once. */
export function losing({
  state,
}: MemoryPlace): Required<Pick<Level, 'copyStore' | 'loseStore' | 'keepStore' | 'importStore'>> {
  let copy = copyOf(state);
  const use = (kept: State): void => {
    const put = copyOf(kept);
    refill(state.writers, put.writers);
    refill(state.journals, put.journals);
    refill(state.versions, put.versions);
    refill(state.inboxes, put.inboxes);
    state.holder = put.holder;
    state.beats = put.beats;
  };
  return {
    copyStore: () => {
      copy = copyOf(state);
    },
    loseStore: (kind) => {
      use(kind === 'lost' ? emptyState() : copy);
      return new Map([...state.journals].map(([id, { length }]) => [id, length]));
    },
    importStore: () => {
      const by = { name: 'ana', host: 'laptop', pid: 1, command: 'mlreg restore' };
      applyWhole(state, { kind: 'imported', by, at: instant(0), head: '' });
    },
    keepStore: () => {
      const kept = copyOf(state);
      return () => use(kept);
    },
  };
}

const copyOf = ({ holder, writers, beats, journals, versions, inboxes }: State): State => ({
  holder,
  beats,
  writers: new Map(writers),
  journals: new Map([...journals].map(([id, one]) => [id, { ...one, parts: [...one.parts] }])),
  versions: new Map(versions),
  inboxes: new Map([...inboxes].map(([id, all]) => [id, [...all]])),
});

function refill<K, V>(map: Map<K, V>, from: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}
