import type { Evidence } from '../evidence/evidence.ts';
import { betSizes, capFor } from '../evidence/grids.ts';
import { createMixture } from '../evidence/mixture.ts';

export interface LimitGuardrail extends Evidence {
  /** One tick: the statistic over its limit, R >= 0, with expectation at most 1 while the limit holds; null = no data. */
  update(ratio: number | null, stepChange?: boolean): void;
}

/**
 * Is a mean, a count per minute or a burn rate above its limit? Bets log(1 + f(R - 1)) on R = value/limit: exact for
 * any distribution and any dependence inside a tick.
 *
 *     errors > L a minute     R = x/(L minutes)
 *     mean latency > L ms     R = mean/L
 *     burn rate > B of SLO s  R = (x/n)/(B (1 - s))
 *
 * Source: section 5 of the method; bets as in Waudby-Smith and Ramdas, arXiv 2010.09686.
 */
export function createLimitGuardrail(options: { readonly alpha: number }): LimitGuardrail {
  const bet = createMixture(betSizes.length, capFor(options.alpha));
  return {
    update(ratio, stepChange = false) {
      bet.bet(betSizes, ratio === null ? 0 : ratio - 1, stepChange);
    },
    atMost: bet.atMost,
    logE: bet.logE,
  };
}
