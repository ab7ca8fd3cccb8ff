import { betSizes } from '../evidence/grids.ts';

/** The labelled copies of one bucket in one tick of a shadow. */
export interface PairedBucket {
  readonly pairs: number;
  /** Sum over the pairs of the challenger's loss less the champion's, each from -1 to 1. */
  readonly difference: number;
}

export interface PairedTest {
  /** One final tick; order within it says nothing. */
  readonly update: (buckets: readonly PairedBucket[]) => void;
  /** 1 over the evidence: at most so likely under the null hypothesis, whenever one looks. */
  readonly p: () => number;
}

/**
 * Two predictions for one request and one label: pairs on which both are right or both are wrong cancel, so what is left is
 * the few on which they differ. The pairs of one bucket in one tick are one observation g, their mean, so that a user with
 * a hundred requests weighs as one with a single request. An e-process, by bets f that average:
 *
 *     worse:      1 + f (g - margin)/(1 + margin)      null hypothesis: the mean of g is at most the margin
 *     not-worse:  1 + f (margin - g)/(1 + margin)      null hypothesis: it is at least the margin
 *
 * Source: section 16.3 of the method.
 */
export function createPaired({
  margin,
  direction,
}: {
  readonly margin: number;
  readonly direction: 'worse' | 'not-worse';
}): PairedTest {
  const sign = direction === 'worse' ? 1 : -1;
  const logs = new Float64Array(betSizes.length);
  let most = 0;
  return {
    update(buckets) {
      for (const { pairs, difference } of buckets) {
        if (!(pairs > 0)) continue;
        const gain = (sign * (difference / pairs - margin)) / (1 + margin);
        for (let k = 0; k < betSizes.length; k++) logs[k]! += Math.log1p(betSizes[k]! * gain);
      }
      const top = Math.max(...logs);
      const mean = logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / betSizes.length;
      most = Math.max(most, top + Math.log(mean));
    },
    p: () => Math.exp(-most),
  };
}
