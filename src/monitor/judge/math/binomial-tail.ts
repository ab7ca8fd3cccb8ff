import { incompleteBeta } from './incomplete-beta.ts';

/**
 * P(Bin(n, p) >= x) = I_p(x, n - x + 1): the chance of at least x bad requests of n at a rate p.
 *
 * x is rounded up to a whole request. Source: Abramowitz and Stegun 26.5.24.
 */
export function binomialTail(n: number, x: number, p: number): number {
  if (!(n >= 0)) throw new RangeError(`binomialTail: n = ${n} is below 0`);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`binomialTail: p = ${p} is not between 0 and 1`);
  const least = Math.ceil(x);
  if (least <= 0) return 1;
  if (least > n) return 0;
  return incompleteBeta(least, n - least + 1, p);
}
