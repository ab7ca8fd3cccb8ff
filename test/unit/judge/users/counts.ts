import type { BucketCounts } from '../../../../src/domain/observation.ts';

/** Counts of `[bucket, requests, errors]`, with as many slow requests as errors unless given. */
export function countsOf(
  rows: readonly (readonly [bucket: number, requests: number, errors?: number, slow?: number])[],
): BucketCounts {
  const sorted = [...rows].sort((a, b) => a[0] - b[0]);
  const slow = sorted.map(([, , errors = 0, own = errors]) => own);
  return {
    id: sorted.map(([bucket]) => bucket),
    requests: sorted.map(([, requests]) => requests),
    errors: sorted.map(([, , errors = 0]) => errors),
    slow50: slow,
    slow95: slow,
    slow99: slow,
  };
}

/** Ranks of buckets in their own order, so that a share of P % gives the challenger the first 10 P buckets. */
export const ranksInOrder: readonly number[] = Array.from({ length: 1000 }, (_, bucket) => bucket);
