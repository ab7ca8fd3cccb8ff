import { octaves } from './grids.ts';
import { boundary } from '../math/bisect.ts';
import { logSumExp } from '../math/log-sum.ts';
import type { Interval } from './proportion-interval.ts';
import type { IntervalOptions } from './ratio-interval.ts';
import type { PairCounts } from './share-test.ts';

export interface DifferenceInterval {
  push(tick: PairCounts): void;
  interval(): Interval;
}

/**
 * Where p1 - p0 lies, a difference of shares between -1 and 1, valid at every moment at once for independent
 * failures. Two numbers for each component r = 2^(+-u):
 *
 *     G = sum x1 log r - x log1p(w(r - 1)),  H = sum n1 (r/D(r) - 1),  D(r) = 1 + w(r - 1)
 *     low end: the d with log mean_k exp((G_k - d H_k)/phi) = log(2/alpha) over r > 1; high end: over r < 1
 *
 * Source: section 3.7 of the method.
 */
export function createDifferenceInterval({ alpha, phi }: IntervalOptions): DifferenceInterval {
  const up = octaves.map((u) => component(2 ** u));
  const down = octaves.map((u) => component(2 ** -u));
  const limit = Math.log(2 / alpha);
  const evidence = (side: typeof up, d: number): number =>
    logSumExp(side.map((c) => (c.g() - d * c.h()) / phi)) - Math.log(side.length);
  return {
    push(tick) {
      if (tick.n0 + tick.n1 === 0) return;
      for (const c of up) c.push(tick);
      for (const c of down) c.push(tick);
    },
    interval() {
      const above = (d: number): boolean => evidence(up, d) < limit;
      const below = (d: number): boolean => evidence(down, d) < limit;
      return {
        low: above(-1) ? -1 : boundary(1, -1, above),
        high: below(1) ? 1 : boundary(-1, 1, below),
      };
    },
  };
}

function component(r: number) {
  let g = 0;
  let h = 0;
  return {
    push({ n0, x0, n1, x1 }: PairCounts) {
      const w = n1 / (n0 + n1);
      g += x1 * Math.log(r) - (x0 + x1) * Math.log1p(w * (r - 1));
      h += n1 * (r / (1 + w * (r - 1)) - 1);
    },
    g: () => g,
    h: () => h,
  };
}
