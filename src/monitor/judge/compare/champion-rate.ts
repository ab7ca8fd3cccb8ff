import { type Evidence } from '../evidence/evidence.ts';
import { attributableRate, createRateGuardrail } from '../guardrails/guardrail-rate.ts';
import type { PairCounts } from '../evidence/share-test.ts';

export interface RatePart extends Evidence {
  update(tick: PairCounts, shareChanged: boolean): void;
  /** Champion's requests of a tick without comparison: they only sharpen the bound. */
  learn(bad: number, requests: number): void;
}

/** Requests that history counts for before as many were seen beside the challenger. */
const leastHistory = 500;

/**
 * Is the challenger's error rate above what the champion's rate allows? A test of a rate, beside those of shares:
 *
 *     tau = min(0.95, ratio U + difference),  U = (x + 2.33 sqrt(x + 1) + 3)/(n + 1)
 *
 * x of n: the champion's ticks beside the challenger before this one, and its history with at most their weight (or that of 500
 * requests). tau is never below 1.25 times the champion's rate in the same tick, so that an incident of both proves nothing.
 *
 * The tests of shares turn the absolute tolerance into a ratio, `ratio + difference/p0`. For a champion that never
 * fails the ratio is then so large that they see little. A rate needs no such ratio.
 * Source: section 3.9 of the method.
 */
export function createRatePart(options: {
  readonly alpha: number;
  readonly ratio: number;
  readonly difference: number;
  readonly phi: number | null;
  /** The champion's history. */
  readonly bad: number;
  readonly requests: number;
}): RatePart {
  const { ratio, difference, phi, alpha } = options;
  const test = createRateGuardrail({ alpha, phi: phi === null ? 5 : Math.max(2, 4 * phi) });
  const beside = { bad: 0, requests: 0 };

  function upperRate(): number {
    const weight = Math.min(1, Math.max(leastHistory, beside.requests) / Math.max(1, options.requests));
    const x = beside.bad + weight * options.bad;
    const n = beside.requests + weight * options.requests;
    return (x + 2.33 * Math.sqrt(x + 1) + 3) / (n + 1);
  }

  function learn(bad: number, requests: number): void {
    beside.bad += bad;
    beside.requests += requests;
  }

  return {
    update({ n0, x0, n1, x1 }, shareChanged) {
      const tau = Math.min(0.95, ratio * upperRate() + difference);
      test.update(n1, x1, attributableRate(tau, n0, x0), shareChanged);
      learn(x0, n0);
    },
    learn,
    atMost: test.atMost,
    logE: test.logE,
  };
}
