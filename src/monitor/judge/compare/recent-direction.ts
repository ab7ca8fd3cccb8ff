import type { PairCounts } from '../evidence/share-test.ts';

export interface RecentDirection {
  /** A tick that is compared; `x` are slow requests, or milliseconds. */
  push(tick: PairCounts): void;
  /** Whether the challenger was worse than allowed over the last minutes, all their ticks taken together. */
  worse(): boolean;
}

const minuteMs = 60_000;
const leastMinutes = 5;
const mostMinutes = 60;
const leastRequests = 100;

/**
 * Latency persists, or is no reason to roll back: a challenger that was slow for a while and is no longer, is not called slower.
 *
 *     sum x1 n0/n > ratio sum x0 n1/n      over the last five minutes; with little traffic over more, up to an hour
 *
 * Evidence that counts only where this holds as well is less than before, so its guarantee stands.
 * Source: section 3.10 of the method.
 */
export function createRecentDirection(options: {
  readonly ratio: number;
  readonly tickMs: number;
}): RecentDirection {
  const ticksPerBlock = Math.max(1, Math.round(minuteMs / options.tickMs));
  const blocks: { ticks: number; excess: number; n1: number }[] = [];
  return {
    push({ n0, x0, n1, x1 }) {
      let last = blocks.at(-1);
      if (!last || last.ticks === ticksPerBlock) {
        last = { ticks: 0, excess: 0, n1: 0 };
        blocks.push(last);
        if (blocks.length > mostMinutes) blocks.shift();
      }
      last.ticks++;
      if (!(n0 > 0 && n1 > 0)) return;
      last.n1 += n1;
      last.excess += (x1 * n0 - options.ratio * x0 * n1) / (n0 + n1);
    },
    worse() {
      let excess = 0;
      let n1 = 0;
      for (let i = blocks.length - 1; i >= 0; i--) {
        excess += blocks[i]!.excess;
        n1 += blocks[i]!.n1;
        if (blocks.length - i >= leastMinutes && n1 >= leastRequests) break;
      }
      return excess > 0;
    },
  };
}
