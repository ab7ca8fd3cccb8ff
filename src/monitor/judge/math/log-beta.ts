import { logGamma, stirlingRest } from './log-gamma.ts';

const halfLog2Pi = 0.9189385332046727;

/**
 * log B(a, b) = log Γ(a) + log Γ(b) - log Γ(a + b), for a, b > 0.
 *
 * With a large argument the three logarithms nearly cancel, so their leading terms are subtracted on paper first:
 * exact to about 1e-15 of the result's own terms instead of 1e-15 of log Γ(a + b).
 */
export function logBeta(a: number, b: number): number {
  const p = Math.min(a, b);
  const q = Math.max(a, b);
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const share = p / (p + q);
  if (p < 10) {
    const rest = stirlingRest(q) - stirlingRest(p + q);
    return logGamma(p) + rest + p - p * Math.log(p + q) + (q - 0.5) * Math.log1p(-share);
  }
  const rest = stirlingRest(p) + stirlingRest(q) - stirlingRest(p + q);
  return halfLog2Pi - 0.5 * Math.log(q) + rest + (p - 0.5) * Math.log(share) + q * Math.log1p(-share);
}
