import { logBeta } from '../math/log-beta.ts';

/** Evidence at which the split is called wrong: an alert, never a rollback. */
export const sampleRatioAlert = 1e4;
const priorRequests = 100;

/**
 * log E that the requests don't arrive in the planned split; `w` is the challenger's planned share, between 0 and 1.
 * A challenger that loses requests without counting them as errors shows up only here.
 *
 *     lB(kw + N1, k(1-w) + N0) - lB(kw, k(1-w)) - N1 log w - N0 log(1-w),  k = 100
 *
 * Source: sections 3.6 and 7.4 of the method; Lindon and Malek, arXiv 2011.03567.
 */
export function sampleRatio(n0: number, n1: number, w: number): number {
  if (!(w > 0 && w < 1)) throw new RangeError(`sampleRatio: share ${w} is not between 0 and 1`);
  const a = priorRequests * w;
  const b = priorRequests * (1 - w);
  return logBeta(a + n1, b + n0) - logBeta(a, b) - n1 * Math.log(w) - n0 * Math.log1p(-w);
}
