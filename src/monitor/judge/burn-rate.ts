import { createLimitGuardrail } from './guardrail-limit.ts';

export interface BurnOptions {
  readonly alpha: number;
  /** Share of good answers promised, 0 to 1. */
  readonly objective: number;
  /** Times faster than the budget allows; 14.4 spends a month's budget in 50 hours. */
  readonly factor?: number;
}

/**
 * Does the challenger burn its error budget more than `factor` times too fast? Bets on R = (x/n)/(B (1 - s)); the
 * late-start mixture does what two windows do elsewhere. Source: section 5.3 of the method; the SRE workbook.
 */
export function createBurnRate({ alpha, objective, factor = 14.4 }: BurnOptions) {
  const guardrail = createLimitGuardrail({ alpha });
  return {
    update: (n: number, x: number): void =>
      guardrail.update(n > 0 ? x / n / (factor * (1 - objective)) : null),
    logE: guardrail.logE,
  };
}
