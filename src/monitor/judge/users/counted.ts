import type { BucketCounts } from '../../../domain/observation.ts';

/**
 * What a finding counts by user bucket: failed requests; those that the model called bad; both, where the endpoint's own
 * errors include its 4xx; or requests slower than the champion's earlier p50, p95, p99.
 */
export type Counted = 'errors' | 'endpoint' | 'refused' | Slow;
export type Slow = keyof typeof nominalSlowShare;

export const isSlow = (counted: Counted): counted is Slow => counted in nominalSlowShare;

/** The share of requests that is slower than the champion's p50, p95 and p99 by definition. */
export const nominalSlowShare = { slow50: 0.5, slow95: 0.05, slow99: 0.01 } as const;

/** The two counts that a test needs, by position in `id`. */
export interface Pairs {
  readonly id: readonly number[];
  readonly n: readonly number[];
  readonly x: readonly number[];
}

export const pairsOf = (counts: BucketCounts, counted: Counted): Pairs => ({
  id: counts.id,
  n: counts.requests,
  x: countOf(counts, counted),
});

function countOf(counts: BucketCounts, counted: Counted): readonly number[] {
  if (counted === 'endpoint') return failedOrRefused(counts);
  if (counted === 'refused') return counts.refused ?? counts.id.map(() => 0);
  return counts[counted];
}

const failedOrRefused = ({ errors, refused }: BucketCounts): readonly number[] =>
  refused === undefined ? errors : errors.map((failed, i) => failed + (refused[i] ?? 0));

/** Rollback margin: x1/n1 <= ratio x0/n0 + difference is allowed. */
export interface UserMargin {
  readonly ratio: number;
  readonly difference: number;
}
