/**
 * Relative and absolute tolerance as one ratio: rho = rho0 + delta / p0_low, where
 * p0_low = max(1/4, X0 + 1/2 - 2 sqrt(X0 + 1)) / (N0 + 1) is a low estimate of the champion's rate, so that an
 * error in it is on the side of tolerance.
 *
 * `bad` of `requests` are the champion's history and the ticks before this one; `difference` is a share, 0 to 1.
 * Source: section 3.2 of the method.
 */
export function tolerance(ratio: number, difference: number, bad: number, requests: number): number {
  if (difference === 0) return ratio;
  const low = Math.max(0.25, bad + 0.5 - 2 * Math.sqrt(bad + 1)) / (requests + 1);
  return ratio + difference / low;
}

/** The challenger's expected share of the bad requests where it is `rho` times as bad and has the share `w`. */
export function expectedShare(w: number, rho: number): number {
  return (w * rho) / (1 + w * (rho - 1));
}
