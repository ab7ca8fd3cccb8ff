import { octaves } from './grids.ts';
import { boundary } from '../math/bisect.ts';
import { logSumExp } from '../math/log-sum.ts';
import type { Interval } from './proportion-interval.ts';
import type { PairCounts } from './share-test.ts';

export interface IntervalOptions {
  readonly alpha: number;
  /** Dispersion: at least 1. */
  readonly phi: number;
}

/** The widest ratio looked at, either way. */
const farthest = 1e12;

/**
 * Where p1/p0 lies, valid at every moment at once for independent failures (phi tempers); a ratio without unit.
 *
 *     A(r) = sum_t [x1 log r - x log1p(w_t (r - 1))],  top = log mean_u exp(A(2^u)/phi), u in {0, +-1/8 ... +-16}
 *     { r : top - A(r)/phi < log(1/alpha) }
 *
 * A is concave in log r: its maximum is sought, then each side bisected. Ends run to 0 and Infinity where nothing
 * bounds them. Source: section 3.7 of the method.
 */
export function ratioInterval(ticks: readonly PairCounts[], { alpha, phi }: IntervalOptions): Interval {
  const used = ticks.filter((t) => t.n0 > 0 && t.n1 > 0 && t.x0 + t.x1 > 0);
  if (used.length === 0) return { low: 0, high: Infinity };
  const fit = (logR: number): number => {
    const more = Math.expm1(logR);
    return used.reduce((sum, { n0, x0, n1, x1 }) => {
      return sum + x1 * logR - (x0 + x1) * Math.log1p((n1 / (n0 + n1)) * more);
    }, 0);
  };
  const grid = [0, ...octaves, ...octaves.map((u) => -u)].map((u) => fit(u * Math.LN2) / phi);
  const top = logSumExp(grid) - Math.log(grid.length);
  const inside = (logR: number): boolean => top - fit(logR) / phi < Math.log(1 / alpha);
  const best = peak(fit, -Math.log(farthest), Math.log(farthest));
  const low = -Math.log(farthest);
  const high = Math.log(farthest);
  return {
    low: inside(low) ? 0 : Math.exp(boundary(best, low, inside)),
    high: inside(high) ? Infinity : Math.exp(boundary(best, high, inside)),
  };
}

/** Where a concave function is highest, by golden sections. */
function peak(f: (at: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  let a = high - golden * (high - low);
  let b = low + golden * (high - low);
  let fa = f(a);
  let fb = f(b);
  for (let i = 0; i < 100; i++) {
    if (fa < fb) {
      [low, a, fa] = [a, b, fb];
      b = low + golden * (high - low);
      fb = f(b);
    } else {
      [high, b, fb] = [b, a, fa];
      a = high - golden * (high - low);
      fa = f(a);
    }
  }
  return (low + high) / 2;
}
