import { boundary } from '../math/bisect.ts';
import { logBeta } from '../math/log-beta.ts';

/** Both ends in the unit of what is estimated. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Where a rate lies, valid at every moment at once: x bad of n independent requests, at 1 - alpha.
 *
 *     { p : lB(1/2 + x, 1/2 + n - x) - lB(1/2, 1/2) - x log p - (n - x) log(1 - p) < log(1/alpha) }
 *
 * Source: section 4.5 of the method; Robbins' mixture with Jeffreys' prior.
 */
export function proportionInterval(n: number, x: number, alpha: number): Interval {
  const inside = proportionTest(n, x, alpha);
  const best = n > 0 ? x / n : 0.5;
  return {
    low: inside(0) ? 0 : boundary(best, 0, inside),
    high: inside(1) ? 1 : boundary(best, 1, inside),
  };
}

/** Whether a rate p is inside. Cheaper than the interval where only that is asked. */
export function proportionTest(n: number, x: number, alpha: number): (p: number) => boolean {
  const constant = logBeta(0.5 + x, 0.5 + n - x) - logBeta(0.5, 0.5) - Math.log(1 / alpha);
  return (p) => constant - times(x, Math.log(p)) - times(n - x, Math.log1p(-p)) < 0;
}

function times(count: number, log: number): number {
  return count === 0 ? 0 : count * log;
}
