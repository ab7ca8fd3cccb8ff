export interface Discrepancies {
  /** One tick: x1 of x bad requests in the challenger, whose expected share is theta; n requests in all. */
  push(x1: number, x: number, n: number, theta: number): number | null;
}

/**
 * Standardised discrepancies: ticks are pooled until they hold `need` units of variance, then
 * z = sum(x1 - theta x) / sqrt(sum x theta (1 - theta) max(0, 1 - x/n)), clipped to +-clip; null while pooling.
 *
 * Source: section 3.3 of the method.
 */
export function createDiscrepancies(need: number, clip = Infinity): Discrepancies {
  const pool = { excess: 0, variance: 0 };
  return {
    push(x1, x, n, theta) {
      if (n > 0) {
        pool.excess += x1 - theta * x;
        pool.variance += x * theta * (1 - theta) * Math.max(0, 1 - x / n);
      }
      if (pool.variance < need) return null;
      const z = pool.excess / Math.sqrt(pool.variance);
      pool.excess = 0;
      pool.variance = 0;
      return Math.max(-clip, Math.min(clip, z));
    },
  };
}
