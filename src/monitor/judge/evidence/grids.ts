/** Sizes of a bet, as shares of the stake. Section 9 of the method. */
export const betSizes = [0.95, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02] as const;

/** Powers of two tried as ratios between the arms: the octaves 2^u. Section 9 of the method. */
export const octaves = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16] as const;

/** Twice to sixteen times as many. */
export const wholeOctaves = [1, 2, 3, 4] as const;

/**
 * Most that one tick may multiply a component by, as a logarithm: log(5 / (alpha/2)). With the weights of the
 * errors, guardrails and latency it gives the two-tick rule: from a fresh state no single tick can roll back.
 */
export function capFor(alpha: number): number {
  return Math.log(10 / alpha);
}
