import type { BucketCounts } from '../../../domain/observation.ts';
import { bucketsAt } from '../../../domain/user-bucket.ts';
import type { SegmentStrata } from './strata-test.ts';

const failingShare = 0.9;
const fewestRequests = 20;
const healthyShare = 0.5;

/**
 * Whether the challenger fails everybody: at least 90 % of the requests in each stratum that has any, of at least 20,
 * while the champion fails less than half of its own, and the challenger's buckets failed less than half before. Of all
 * requests with a user id, set aside or not, at the present share. It needs no counts by bucket, so it waits for no log.
 * @param before share of failed requests of the challenger's buckets in the earlier period; null: not known, or no requests
 * Source: section 10.6 of the method.
 */
export function failsTotally({ n0, x0, n1, x1 }: SegmentStrata, before: number | null): boolean {
  const [requests, champions, championErrors] = [sum(n1), sum(n0), sum(x0)];
  if (requests < fewestRequests) return false;
  if (champions > 0 && championErrors >= healthyShare * champions) return false;
  if (before !== null && before >= healthyShare) return false;
  let occupied = 0;
  for (let k = 0; k < n1.length; k++) {
    if (!(n1[k]! > 0)) continue;
    if (x1[k]! < failingShare * n1[k]!) return false;
    occupied++;
  }
  // Without an earlier period nothing tells one user who always fails from everybody.
  return before !== null || occupied >= 2;
}

/** Share of failed requests before the rollout in the buckets that are the challenger's at a share; null: none is known. */
export function failedBefore(
  earlier: BucketCounts | null,
  ranks: readonly number[],
  percent: number,
): number | null {
  if (earlier === null) return null;
  const first = bucketsAt(percent);
  let requests = 0;
  let errors = 0;
  earlier.id.forEach((bucket, i) => {
    if (ranks[bucket]! >= first) return;
    requests += earlier.requests[i]!;
    errors += earlier.errors[i]!;
  });
  return requests > 0 ? errors / requests : null;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
