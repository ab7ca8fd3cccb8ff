import { octaves } from './grids.ts';
import { createMixture, lateStarts, noRestarts } from './mixture.ts';
import type { RatioTest } from './multinomial.ts';

export interface TwoBernoulliOptions {
  /** Share expected of the champion (0.05 above its 95th percentile); weighs as 20 requests. */
  readonly nominal: number;
  /** Tempering, at least 1. */
  readonly phi: number;
  /** `worse`: roll back. `not-worse`: promote, without restarts. */
  readonly direction: 'worse' | 'not-worse';
}

const nominalWeight = 20;

/**
 * Opt-in for independent requests: do the arms share one rate, of any size? The champion's rate is estimated from
 * earlier ticks only, p0' = (20 nominal + X0)/(20 + N0); p1 = odds p0'/(1 - p0' + odds p0'); q = w p1 + (1-w) p0':
 *
 *     l = (1/phi)[x1 log(p1/q) + (n1-x1) log((1-p1)/(1-q)) + x0 log(p0'/q) + (n0-x0) log((1-p0')/(1-q))]
 *
 * Source: section 4.2 of the method; Turner, Ly and Grünwald, arXiv 2106.02693.
 */
export function createTwoBernoulli(options: TwoBernoulliOptions): RatioTest {
  const sign = options.direction === 'worse' ? 1 : -1;
  const mixture = createMixture(octaves.length, Infinity, sign === 1 ? lateStarts : noRestarts);
  const odds = octaves.map((u) => 2 ** (sign * u));
  const logOdds = odds.map(Math.log);
  const logFactors = new Float64Array(octaves.length);
  /** In an object, where a number that changes needs no new place in memory. */
  const seen = { bad: nominalWeight * options.nominal, requests: nominalWeight };
  return {
    update({ n0, x0, n1, x1 }, stepChange = false) {
      const p0 = seen.bad / seen.requests;
      const x = x0 + x1;
      const good = n0 + n1 - x;
      const w = n0 > 0 && n1 > 0 ? n1 / (n0 + n1) : 0;
      for (let k = 0; k < odds.length; k++) {
        // With D(p) = 1 + p (odds - 1), p1 = odds p0/D(p0): the terms in p0 cancel, and no probability is near 0 or 1.
        const more = odds[k]! - 1;
        const l =
          x1 * logOdds[k]! +
          n0 * Math.log(1 + more * p0) -
          x * Math.log(1 + more * (p0 + w * (1 - p0))) -
          good * Math.log(1 + more * p0 * (1 - w));
        logFactors[k] = w > 0 ? l / options.phi : 0;
      }
      mixture.update(logFactors, stepChange);
      seen.bad += x0;
      seen.requests += n0;
    },
    atMost: mixture.atMost,
    logE: mixture.logE,
    logWeights: mixture.logWeights,
  };
}
