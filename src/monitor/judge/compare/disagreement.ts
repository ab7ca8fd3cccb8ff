import { betSizes, octaves } from '../evidence/grids.ts';
import { createOdds, createRateGuardrail } from '../guardrails/guardrail-rate.ts';
import { createMixture, noRestarts } from '../evidence/mixture.ts';

/** Paired predictions are correlated with their neighbours: both directions are tempered by this. */
const tempering = 2;

export interface Disagreement {
  /** One tick: of n requests answered by both arms, x differ by more than the tolerance. */
  update(n: number, x: number): void;
  /** log E that the arms disagree more often than allowed: roll back. */
  tooMuch(): number;
  /** log E that they disagree less often than allowed: good. */
  withinLimit(): number;
}

/**
 * Shadow traffic, the same request to both arms: is the share that disagrees above `allowed`, or shown to be below?
 * Source: section 7.1 of the method.
 */
export function createDisagreement(options: {
  readonly alpha: number;
  readonly allowed: number;
}): Disagreement {
  const against = createRateGuardrail({ alpha: options.alpha, phi: tempering });
  const below = createAbsence(tempering);
  return {
    update(n, x) {
      against.update(n, x, options.allowed);
      below.update(n, x, options.allowed);
    },
    tooMuch: against.logE,
    withinLimit: below.logE,
  };
}

export interface Absence {
  update(n: number, x: number, tau: number): void;
  readonly logE: () => number;
}

/**
 * Evidence that a rate is below its limit tau: the Bernoulli mixture at odds 2^-u times the limit's, tempered by phi,
 * without restarts. About 70 requests without a failure show a rate below 5 % at 1 in 20.
 * Source: section 7.1 of the method, "promote".
 */
export function createAbsence(phi: number): Absence {
  const mixture = createMixture(octaves.length, Infinity, noRestarts);
  const odds = createOdds(octaves.map((u) => 2 ** -u));
  return {
    update: (n, x, tau) => mixture.update(odds(n, x, tau, phi)),
    logE: mixture.logE,
  };
}

/**
 * Evidence that a mean distance in [0, 1] is below `allowed`: bets log(1 + f(1 - m)/(1 - allowed) - f) on each tick's
 * mean m. Source: section 7.1 of the method.
 */
export function createCloseness(allowed: number): { update(mean: number): void; logE(): number } {
  const mixture = createMixture(betSizes.length, Infinity, noRestarts);
  return {
    update(mean) {
      mixture.bet(betSizes, (1 - mean) / (1 - allowed) - 1);
    },
    logE: mixture.logE,
  };
}
