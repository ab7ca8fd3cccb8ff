/** How much of the sequential lane each family of rules has. Source: section 8 of the method. */
export const laneWeights = { errors: 0.5, guardrails: 0.2, latency: 0.3 } as const;
/** How the planned looks' alpha is split. Source: section 3.8 of the method. */
export const lookShares = { errors: 0.6, latency: 0.4 } as const;
export const latencyParts = 3;
export const guardrailParts = 4;
/** Of the looks' alpha, for the planned ones; the rest is kept for bakes that are extended. */
export const plannedShare = 0.9;

export type Family = 'errors' | 'latency' | 'guardrail';

export interface Lanes {
  /** log of the evidence that one rule must reach alone. */
  readonly logThreshold: (family: Family) => number;
  /** p-value that one planned look asks of it; null without looks. */
  readonly lookLevel: (family: Family) => number | null;
}

/** What one rule of a family has to reach by itself, in either lane. */
export function lanes(alpha: number, looks: number): Lanes {
  const { sequential, planned } = splitAlpha(alpha, looks);
  return {
    logThreshold(family: Family): number {
      const weight =
        family === 'errors'
          ? laneWeights.errors
          : family === 'latency'
            ? laneWeights.latency / latencyParts
            : laneWeights.guardrails / guardrailParts;
      return Math.log(1 / (sequential * weight));
    },
    lookLevel(family: Family): number | null {
      if (looks === 0 || family === 'guardrail') return null;
      const share = family === 'errors' ? lookShares.errors : lookShares.latency / latencyParts;
      return (planned * plannedShare * share) / looks;
    },
  };
}

/** Half of alpha for the sequential lane and half for the planned looks; without looks the first has it all. */
export function splitAlpha(
  alpha: number,
  looks: number,
): { readonly sequential: number; readonly planned: number } {
  return looks > 0 ? { sequential: alpha / 2, planned: alpha / 2 } : { sequential: alpha, planned: 0 };
}
