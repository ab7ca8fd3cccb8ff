import { studentTail } from '../math/student-t.ts';
import type { Baseline } from './t-process.ts';

/** Running sums of standardised discrepancies. */
export interface Values {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

/**
 * One planned look: the one-sided p-value of "the values' mean is at most 0"; 1 while there are fewer than `fewest`.
 *
 *     dof = nu0 + n - 1;  var = (V0 + Q - S^2/n)/dof;  t = S/sqrt(n var);  p = P(T_dof > t)
 *
 * Source: section 3.8 of the method.
 */
export function lookPValue(values: Values, baseline: Baseline, fewest: number): number {
  const { n, sum, squares } = values;
  if (n < fewest) return 1;
  const dof = baseline.degrees + n - 1;
  const spread = (baseline.sumOfSquares + squares - (sum * sum) / n) / dof;
  if (!(spread > 0)) return sum > 0 ? 0 : 1;
  return studentTail(sum / Math.sqrt(n * spread), dof);
}

/** With a baseline from history, and without one. */
export const fewestWithHistory = 4;
export const fewestWithoutHistory = 8;
