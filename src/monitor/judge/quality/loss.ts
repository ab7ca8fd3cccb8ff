/** What labels say, as mlreg.yaml has it. */
export type QualityMetric =
  /** Labels are 0 or 1. */
  | { readonly kind: 'binary'; readonly better: 'higher' | 'lower' }
  /** Labels lie from `low` to `high`. */
  | {
      readonly kind: 'mean';
      readonly better: 'higher' | 'lower';
      readonly low: number;
      readonly high: number;
    };

/**
 * A label as a loss from 0 (best) to 1 (worst); undefined where it is none of this metric. A label beyond the bounds of a mean
 * counts as the bound, in both arms alike: leaving it out would choose labels by their value.
 */
export function lossOf(value: number, metric: QualityMetric): number | undefined {
  const share = shareOf(value, metric);
  if (share === undefined) return undefined;
  return metric.better === 'higher' ? 1 - share : share;
}

function shareOf(value: number, metric: QualityMetric): number | undefined {
  if (Number.isNaN(value)) return undefined;
  if (metric.kind === 'binary') return value === 0 || value === 1 ? value : undefined;
  return Math.min(1, Math.max(0, (value - metric.low) / (metric.high - metric.low)));
}
