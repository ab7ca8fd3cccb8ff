import type { BucketCounts } from './observation.ts';
import { bucketCount } from './user-bucket.ts';

/** What was counted of one bucket on one arm. */
export interface BucketRow {
  readonly bucket: number;
  readonly requests: number;
  readonly errors: number;
  readonly slow50: number;
  readonly slow95: number;
  readonly slow99: number;
  readonly refused?: number;
}

/** Adds up rows of the same bucket, and sorts by bucket. */
export function bucketCounts(rows: Iterable<BucketRow>): BucketCounts {
  const sums = new Map<number, BucketRow>();
  for (const row of rows) {
    const before = sums.get(row.bucket);
    sums.set(row.bucket, before === undefined ? row : added(before, row));
  }
  const all = [...sums.values()].sort((a, b) => a.bucket - b.bucket);
  return {
    id: all.map(({ bucket }) => bucket),
    requests: all.map(({ requests }) => requests),
    errors: all.map(({ errors }) => errors),
    slow50: all.map(({ slow50 }) => slow50),
    slow95: all.map(({ slow95 }) => slow95),
    slow99: all.map(({ slow99 }) => slow99),
    // Seldom there, and of each look in the journal.
    ...(all.some(({ refused = 0 }) => refused > 0) && { refused: all.map(({ refused = 0 }) => refused) }),
  };
}

export const isBucket = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < bucketCount;

function added(a: BucketRow, b: BucketRow): BucketRow {
  return {
    bucket: a.bucket,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    slow50: a.slow50 + b.slow50,
    slow95: a.slow95 + b.slow95,
    slow99: a.slow99 + b.slow99,
    refused: (a.refused ?? 0) + (b.refused ?? 0),
  };
}
