import { minutes } from './traffic.ts';
import type { Outcomes } from './simulate.ts';

/** One contestant in one cell. */
export interface Summary {
  readonly runs: number;
  /** Share of runs rolled back within the hour, percent. */
  readonly power: number;
  /** Minutes until the rollback, an hour where there was none. */
  readonly mean: number;
  readonly median: number;
  /** Standard error of the mean. */
  readonly error: number;
  /** Mean of the challenger's failed requests until then, and of all it served. */
  readonly failed: number;
  readonly served: number;
}

export function summaryOf({ at, failed, served }: Outcomes): Summary {
  const capped = at.map((one) => one ?? minutes);
  const mean = meanOf(capped);
  const variance = meanOf(capped.map((one) => (one - mean) ** 2));
  return {
    runs: at.length,
    power: (100 * at.filter((one) => one !== null).length) / at.length,
    mean,
    median: medianOf(capped),
    error: Math.sqrt(variance / Math.max(1, at.length - 1)),
    failed: meanOf(failed),
    served: meanOf(served),
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
