import { proportionInterval } from './proportion-interval.ts';

export interface BeforeAfter {
  readonly alpha: number;
  /** Rollback margin. */
  readonly ratio: number;
  readonly difference: number;
  /** The champion's last hour. */
  readonly bad: number;
  readonly requests: number;
}

/**
 * A limit for a challenger without a champion beside it: ratio U + difference, U the upper end of the champion's
 * interval over its last hour at level alpha/10. A share, at most 0.95. Before against after: weaker than a
 * comparison, and to be reported as such. Source: section 5.4 of the method.
 */
export function beforeAfterLimit({ alpha, ratio, difference, bad, requests }: BeforeAfter): number {
  return Math.min(0.95, ratio * proportionInterval(requests, bad, alpha / 10).high + difference);
}
