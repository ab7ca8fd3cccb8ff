import { octaves } from '../evidence/grids.ts';

/** Beyond this, "so many more requests" is no advice. */
export const mostRequests = 1e7;

export interface NeedOptions {
  /** The promote margin: p1 < ratio p0 + difference is to be shown. */
  readonly ratio: number;
  readonly difference: number;
  readonly phi: number;
  readonly alpha: number;
  /** The challenger's share of the traffic, between 0 and 1. */
  readonly w: number;
  /** Rates supposed from here on. */
  readonly p0: number;
  readonly p1: number;
  /** log W_k of the test of non-inferiority. */
  readonly logWeights: readonly number[];
}

/**
 * Challenger requests still needed to show non-inferiority, if the arms go on at p0 and p1; Infinity = it cannot be
 * shown at this margin.
 *
 *     g_k = p1 log a_k + ((1-w)/w) p0 log b_k - delta_m (a_k - 1)      growth per challenger request
 *     N = min over g_k > 0 of phi (log(1/alpha) - W_k)/g_k
 *
 * Source: section 6.3 of the method.
 */
export function needMore(options: NeedOptions): number {
  const { ratio, difference, w, p0, p1, phi } = options;
  if (!(w > 0 && w < 1)) return Infinity;
  const target = Math.log(1 / options.alpha);
  let least = Infinity;
  octaves.forEach((u, k) => {
    const rho = ratio * 2 ** -u;
    const logB = Math.log1p(w * (ratio - 1)) - Math.log1p(w * (rho - 1));
    const logA = Math.log(rho / ratio) + logB;
    const growth = p1 * logA + ((1 - w) / w) * p0 * logB - difference * Math.expm1(logA);
    if (growth > 0) least = Math.min(least, (phi * (target - options.logWeights[k]!)) / growth);
  });
  return Math.max(0, least);
}
