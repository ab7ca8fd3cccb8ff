import { normalTail, normalUpperQuantile } from './math/normal.ts';

/** Two probabilities, 0 to 1, between which one lies. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/*
 * By how much the closed form of `detection.ts` errs, as normal quantiles. Where twice the errors are found in about half of
 * the bakes it is too high, for one bet size is not all the stake; where few large regressions decide it is rather low, for
 * other parts of the evidence help. Fitted to 83 cells of 300 simulated rollouts each; test/full/power.test.ts simulates anew.
 */
const small = { ratio: 2, atHalf: -0.45, slope: -0.25, least: -0.65, most: 0.45 } as const;
const large = { ratio: 5, at: 0.2 } as const;
const spread = { below: 0.5, above: 0.5 } as const;

/** Where it finds next to nothing, other parts of the evidence still roll back so many; and so many fewer. */
const byOtherEvidence = 0.02;

/**
 * Where the simulated judge's figure lies.
 * @param probability in closed form
 * @param ratio of the challenger's error rate to the champion's
 * Source: section 13 of the method.
 */
export function powerRange(probability: number, ratio: number): Range {
  if (!(probability > 0)) return { low: 0, high: byOtherEvidence };
  if (probability >= 1) return { low: 1, high: 1 };
  const z = -normalUpperQuantile(probability);
  const ofSmall = Math.min(small.most, Math.max(small.least, small.atHalf + small.slope * z));
  const along = Math.log(ratio / small.ratio) / Math.log(large.ratio / small.ratio);
  const center = ofSmall + Math.min(1, Math.max(0, along)) * (large.at - ofSmall);
  return {
    low: Math.max(0, normalTail(-(z + center - spread.below)) - byOtherEvidence),
    high: Math.min(1, normalTail(-(z + center + spread.above)) + byOtherEvidence),
  };
}

/** That each of several things happens. */
export function all(ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ low: a.low * b.low, high: a.high * b.high }), { low: 1, high: 1 });
}

export const not = ({ low, high }: Range): Range => ({ low: 1 - high, high: 1 - low });
