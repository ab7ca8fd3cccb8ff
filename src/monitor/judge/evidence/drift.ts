export interface Drift {
  /** One tick: predictions per bin, champion and challenger. */
  update(champion: readonly number[], challenger: readonly number[]): void;
  readonly logE: () => number;
}

/**
 * Do the arms' predictions have different shapes? Two-sided; exact for independent samples, on the safe side for the
 * same requests sent to both.
 *
 *     l = sum_b [c0_b log(a_b/q_b) + c1_b log(r_b/q_b)],  q = w r + (1-w) a
 *
 * a and r: the arms' shares of each bin from earlier ticks, one added to each bin.
 * Source: section 7.2 of the method.
 */
export function createDrift(bins: number): Drift {
  const seen0 = new Float64Array(bins).fill(1);
  const seen1 = new Float64Array(bins).fill(1);
  let total = 0;
  return {
    update(champion, challenger) {
      const n0 = sum(champion);
      const n1 = sum(challenger);
      const all0 = sum(seen0);
      const all1 = sum(seen1);
      const w = n0 + n1 > 0 ? n1 / (n0 + n1) : 0;
      for (let b = 0; b < bins; b++) {
        const c0 = champion[b] ?? 0;
        const c1 = challenger[b] ?? 0;
        const a = seen0[b]! / all0;
        const r = seen1[b]! / all1;
        const q = w * r + (1 - w) * a;
        if (w > 0 && w < 1) total += c0 * Math.log(a / q) + c1 * Math.log(r / q);
      }
      for (let b = 0; b < bins; b++) {
        seen0[b]! += champion[b] ?? 0;
        seen1[b]! += challenger[b] ?? 0;
      }
    },
    logE: () => total,
  };
}

/**
 * Population stability index of two histograms, less what it averages without any drift, (B - 1)(1/n + 1/m).
 * For display only. Source: section 7.3 of the method.
 */
export function stabilityIndex(
  champion: readonly number[],
  challenger: readonly number[],
): { readonly index: number; readonly floor: number } {
  const n = sum(champion);
  const m = sum(challenger);
  const bins = champion.length;
  if (n === 0 || m === 0) return { index: 0, floor: 0 };
  let index = 0;
  for (let b = 0; b < bins; b++) {
    // Half a request a bin, so that an empty one doesn't read as infinite drift.
    const a = (champion[b]! + 0.5) / (n + bins / 2);
    const r = ((challenger[b] ?? 0) + 0.5) / (m + bins / 2);
    index += (r - a) * Math.log(r / a);
  }
  return { index, floor: (bins - 1) * (1 / n + 1 / m) };
}

function sum(counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  return total;
}
