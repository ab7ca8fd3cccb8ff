import { logWeightedSum } from '../math/log-sum.ts';

/** How much the data speak against a null hypothesis: a non-negative number with expectation at most 1 under it. */
export interface Evidence {
  readonly logE: () => number;
  /** A bound on E that costs little, for it is asked at every tick: never too low, and Infinity where it can't tell. */
  readonly atMost: () => number;
}

export const noEvidence: Evidence = { logE: () => 0, atMost: () => 1 };

/** The weighted average: evidence again, whatever the dependence between the parts. */
export function average(weights: readonly number[], parts: readonly Evidence[]): Evidence {
  return {
    logE: () =>
      logWeightedSum(
        weights,
        parts.map((part) => part.logE()),
      ),
    atMost() {
      let sum = 0;
      for (let i = 0; i < parts.length; i++) sum += weights[i]! * parts[i]!.atMost();
      return sum;
    },
  };
}
