/** Users by bucket modulo 16: coarse enough to be a metric. */
export const strata = 16;

/**
 * What a request is recorded as in the metric Stratum: 2^k for an answered request of stratum k, 2^(16 + k) for a failed
 * one. CloudWatch keeps distributions only roughly, so the values lie far apart.
 */
export function stratumValue(bucket: number, hasFailed: boolean): number {
  return 2 ** ((bucket % strata) + (hasFailed ? strata : 0));
}
