import { logWeightedSum } from './math/log-sum.ts';

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
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  const rest = Math.max(0, 1 - total);
  return logWeightedSum([...parts.map((part) => part.weight), rest], [...parts.map((part) => part.logE), 0]);
}
