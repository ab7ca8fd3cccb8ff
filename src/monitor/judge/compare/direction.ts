import type { PairCounts } from '../evidence/share-test.ts';

export interface Direction {
  push(tick: PairCounts): void;
  /** Whether the challenger was worse than allowed over the window, all its ticks taken together. */
  worse(): boolean;
}

const blockMs = 3_600_000;

/**
 * No challenger is called worse while its rate, over the last hour or two, isn't above what is allowed:
 *
 *     sum x1 n0/n > ratio sum x0 n1/n + difference sum n0 n1/n        (Mantel and Haenszel's sums: shares may change)
 *
 * The null hypothesis is one of every tick: a champion whose failures come in bursts, with nothing in between, breaks it
 * beside a challenger that fails evenly and less. Evidence that counts only where this holds, too, is less than before,
 * and so its guarantee stands.
 * Source: section 3.10 of the method.
 */
export function createDirection(margin: {
  readonly ratio: number;
  readonly difference: number;
  readonly tickMs: number;
}): Direction {
  const ticksPerBlock = Math.max(1, Math.ceil(blockMs / margin.tickMs));
  const now = { ticks: 0, excess: 0 };
  let before = 0;
  return {
    push({ n0, x0, n1, x1 }) {
      if (now.ticks === ticksPerBlock) {
        before = now.excess;
        now.ticks = now.excess = 0;
      }
      now.ticks++;
      if (n0 > 0 && n1 > 0) {
        now.excess += (x1 * n0 - margin.ratio * x0 * n1 - margin.difference * n0 * n1) / (n0 + n1);
      }
    },
    worse: () => before + now.excess > 0,
  };
}
