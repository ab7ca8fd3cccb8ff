import { average, type Evidence } from '../evidence/evidence.ts';
import { betSizes, capFor, octaves } from '../evidence/grids.ts';
import { createMixture } from '../evidence/mixture.ts';

export interface RateOptions {
  readonly alpha: number;
  /** Tempering of the Bernoulli mixture; see `guardrailTempering`. */
  readonly phi: number;
}

export interface RateGuardrail extends Evidence {
  /** One tick of one arm under the limit `tau`, a share between 0 and 1. Nothing where n = 0. */
  update(n: number, x: number, tau: number, stepChange?: boolean): void;
  parts(): { readonly bet: number; readonly bernoulli: number };
}

const half = [0.5, 0.5] as const;

/**
 * Is a rate above its limit tau? E = 1/2 E_bet + 1/2 E_ber.
 *
 * E_bet stakes on R = (x/n)/tau, log(1 + f(R - 1)): exact for any dependence inside a tick. E_ber is a Bernoulli
 * likelihood mixture over odds 2^u times the limit's, tempered by phi: gross failure shows within a few requests at
 * any traffic, and no minimum sample is needed, for the evidence is the minimum sample.
 * Source: sections 5 and 5.1 of the method.
 */
export function createRateGuardrail(options: RateOptions): RateGuardrail {
  const cap = capFor(options.alpha);
  const bet = createMixture(betSizes.length, cap);
  const bernoulli = createMixture(octaves.length, cap);
  const odds = createOdds(octaves.map((u) => 2 ** u));

  function update(n: number, x: number, tau: number, stepChange = false): void {
    bet.bet(betSizes, n > 0 ? x / n / tau - 1 : 0, stepChange);
    bernoulli.update(odds(n, x, tau, options.phi), stepChange);
  }

  return {
    update,
    ...average(half, [bet, bernoulli]),
    parts: () => ({ bet: bet.logE(), bernoulli: bernoulli.logE() }),
  };
}

/**
 * log likelihoods of x of n at multiples of the limit's odds, against the limit, divided by phi:
 * p = odds tau / (1 - tau + odds tau), so p/tau = odds/scale and (1 - p)/(1 - tau) = 1/scale.
 * The array that is returned is overwritten by the next call.
 */
export function createOdds(odds: readonly number[]) {
  const logs = odds.map(Math.log);
  const scales = new Float64Array(odds.length);
  const result = new Float64Array(odds.length);
  let scaledFor = NaN;
  return (n: number, x: number, tau: number, phi: number): Float64Array => {
    if (tau !== scaledFor) for (let k = 0; k < odds.length; k++) scales[k] = Math.log1p(tau * (odds[k]! - 1));
    scaledFor = tau;
    for (let k = 0; k < odds.length; k++) result[k] = (x * logs[k]! - n * scales[k]!) / phi;
    return result;
  };
}

/** phi_g = min(20, max(2, phi)); 5 where history can't tell. */
export function guardrailTempering(phi: number | null): number {
  return phi === null ? 5 : Math.min(20, Math.max(2, phi));
}

/**
 * The limit that blames the challenger alone: what the champion breaches in the same tick is an incident.
 * tau_t = min(0.95, max(tau, 1.25 x0/n0)) where the champion has at least 20 requests.
 * Source: section 5.1 of the method.
 */
export function attributableRate(tau: number, n0: number, x0: number): number {
  if (n0 < fewestChampionRequests) return tau;
  return Math.min(0.95, Math.max(tau, (blameFactor * x0) / n0));
}

export const blameFactor = 1.25;
export const fewestChampionRequests = 20;
