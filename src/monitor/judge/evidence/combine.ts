/** One metric's evidence. */
export interface Part {
  /** Fixed before the rollout; the parts' weights add up to 1 or less, the rest counting as evidence 1. */
  readonly weight: number;
  readonly logE: number;
}

/**
 * log of the weighted average of evidences: valid under any dependence between the metrics, and never weaker than
 * Bonferroni. Source: section 8 of the method; Vovk and Wang 2021; Wang 2024.
 */
export function combine(parts: readonly Part[]): number {
  let rest = 1;
  let high = 0;
  for (const { weight, logE } of parts) {
    rest -= weight;
    if (weight > 0) high = Math.max(high, logE);
  }
  let sum = Math.max(0, rest) * Math.exp(-high);
  for (const { weight, logE } of parts) if (weight > 0) sum += weight * Math.exp(logE - high);
  return high + Math.log(sum);
}
