import { binomialTail } from '../math/binomial-tail.ts';

/**
 * Whether x bad of n requests show a rate below `limit` at the level alpha: P(Bin(n, limit) <= x) <= alpha. 59 requests
 * without a failure show a rate below 5 % at 1 in 20. `phi` is the size of the clusters that failures come in.
 *
 * For a bake's end, which is fixed beforehand; it is a condition for going on and no protection against looking often.
 */
export function shownBelow(n: number, x: number, limit: number, alpha: number, phi = 1): boolean {
  const requests = Math.floor(n / phi);
  const bad = Math.ceil(x / phi - 1e-9);
  if (bad >= requests * limit) return false;
  return 1 - binomialTail(requests, bad + 1, limit) <= alpha;
}
