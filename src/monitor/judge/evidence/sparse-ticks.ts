import type { PairCounts } from './share-test.ts';

export interface SparseTicks {
  /** The tick to compare, those before it included that waited; null: it waits, too. */
  push(tick: PairCounts, shareChanged: boolean): PairCounts | null;
  /** Whether the share changed before the tick that was returned last. */
  shareChanged(): boolean;
}

const longestMs = 300_000;

/**
 * At little traffic many a tick has no request of the challenger. Alone such a tick tells nothing, and the next one makes
 * the challenger's share of the traffic look larger than it is, and its failures smaller evidence than they are. So the
 * champion's ticks wait for the challenger's next request, five minutes at most, and are one tick with it.
 *
 * When to go on depends on requests alone, never on failures: given the requests, nothing is chosen by what is tested.
 * Source: section 1 of the method.
 */
export function createSparseTicks({ tickMs }: { readonly tickMs: number }): SparseTicks {
  const most = Math.max(1, Math.round(longestMs / tickMs));
  const waiting = { ticks: 0, n0: 0, x0: 0, changed: false };
  let changed = false;
  function clear(): void {
    waiting.ticks = waiting.n0 = waiting.x0 = 0;
    waiting.changed = false;
  }
  return {
    push(tick, shareChanged) {
      // What came at another share belongs to nothing that follows.
      if (shareChanged) clear();
      changed = waiting.changed || shareChanged;
      if (waiting.ticks === 0 && tick.n1 > 0) return tick;
      waiting.ticks++;
      waiting.n0 += tick.n0;
      waiting.x0 += tick.x0;
      waiting.changed = changed;
      if (tick.n1 === 0 && waiting.ticks < most) return null;
      const { n0, x0 } = waiting;
      clear();
      return { n0, x0, n1: tick.n1, x1: tick.x1 };
    },
    shareChanged: () => changed,
  };
}
