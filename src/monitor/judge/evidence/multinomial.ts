import type { Evidence } from './evidence.ts';
import { capFor, octaves, wholeOctaves } from './grids.ts';
import { createMixture, lateStarts, noRestarts, type Stakes } from './mixture.ts';
import type { PairCounts } from './share-test.ts';

export interface RatioOptions {
  /** The null's p1 = ratio p0 + difference. */
  readonly ratio: number;
  readonly difference: number;
  /** Tempering, at least 1: the guarantee survives clusters up to this size. */
  readonly phi: number;
}

export interface RatioTest extends Evidence {
  update(tick: PairCounts, stepChange?: boolean): void;
  readonly logWeights: () => number[];
}

/**
 * Opt-in for independent failures: is p1 > ratio p0 + difference? Exact, without asymptotics, under changing weights:
 *
 *     l_k = (1/phi) [x1 log(rho_k/rho0) - x (log1p(w(rho_k - 1)) - log1p(w(rho0 - 1))) - n1 delta (a_k - 1)]
 *     rho_k = rho0 2^u,  a_k = (rho_k/rho0) D(rho0)/D(rho_k),  D(r) = 1 + w(r - 1)
 *
 * Source: section 3.6 of the method; Lindon and Malek, arXiv 2011.03567.
 */
export function createWorseTest(options: RatioOptions): RatioTest {
  return ratioTest(options, 1, lateStarts);
}

/**
 * The other way round, for promoting: evidence against "inferior", p1 >= ratio p0 + difference. The same formula with
 * rho_k = rho_m 2^-u, no restarts and no cap. Source: section 6.1 of the method.
 */
export function createNotWorseTest(options: RatioOptions): RatioTest {
  return ratioTest(options, -1, noRestarts);
}

/**
 * The same beside the robust test, whose one bet a tick can't say how much many failures of one tick prove. Tempered so
 * far that it holds for clusters of four times what history shows, and at least of four; of twenty where there is none. No
 * tick counts for more than a mixture's cap, for a retry storm is larger. Few ratios, all of them large: what is small is others' to find.
 * Source: section 3.6 of the method.
 */
export function createTemperedTest(
  options: Omit<RatioOptions, 'phi'> & { readonly phi: number | null; readonly alpha: number },
): RatioTest {
  const phi = options.phi === null ? 20 : 4 * options.phi;
  return ratioTest({ ...options, phi }, 1, lateStarts, { cap: capFor(options.alpha), grid: wholeOctaves });
}

const whole = { cap: Infinity, grid: octaves } as const;

function ratioTest(
  options: RatioOptions,
  direction: 1 | -1,
  stakes: Stakes,
  { cap, grid }: { readonly cap: number; readonly grid: readonly number[] } = whole,
): RatioTest {
  const mixture = createMixture(grid.length, cap, stakes);
  const logFactors = new Float64Array(grid.length);
  const { ratio, difference, phi } = options;
  const logRatios = grid.map((u) => direction * u * Math.LN2);
  const ratios = logRatios.map((log) => ratio * Math.exp(log));
  return {
    update({ n0, x0, n1, x1 }, stepChange = false) {
      const x = x0 + x1;
      const w = n0 > 0 && n1 > 0 ? n1 / (n0 + n1) : 0;
      const d0 = 1 + w * (ratio - 1);
      for (let k = 0; k < logFactors.length; k++) {
        const d = 1 + w * (ratios[k]! - 1);
        // a_k - 1 = (rho_k - rho0)(1 - w)/(rho0 D(rho_k))
        const penalty = (n1 * difference * (ratios[k]! - ratio) * (1 - w)) / (ratio * d);
        logFactors[k] = w > 0 ? (x1 * logRatios[k]! - x * Math.log(d / d0) - penalty) / phi : 0;
      }
      mixture.update(logFactors, stepChange);
    },
    atMost: mixture.atMost,
    logE: mixture.logE,
    logWeights: mixture.logWeights,
  };
}
