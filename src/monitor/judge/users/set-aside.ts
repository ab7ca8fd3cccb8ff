import type { BucketCounts } from '../../../domain/observation.ts';
import { bucketCount } from '../../../domain/user-bucket.ts';
import { activeBuckets } from './callers.ts';

export interface SetAside {
  /** Growing. */
  readonly buckets: readonly number[];
  /** Their share of the earlier requests, 0 to 1. */
  readonly share: number;
}

const fewestActive = 100;
const fewestFailures = 10;
const leastShareOfFailures = 0.02;
const mostBuckets = 20;
const mostRequests = 0.5;

/**
 * Buckets that failed so much before the rollout that the arm which gets them looks worse: at least 10 failures and over
 * 2 % of all. At most the 20 with the most failures, none that would bring the requests set aside above half of all, and
 * none at all with fewer than 100 active buckets. A function of the earlier period alone, so it must be called before the
 * salt is drawn.
 * Source: section 10.2 of the method.
 */
export function setAside(earlier: BucketCounts): SetAside {
  const { id, requests, errors } = earlier;
  const none = { buckets: [], share: 0 };
  if (activeBuckets(earlier).length < fewestActive) return none;
  const allRequests = requests.reduce((sum, n) => sum + n, 0);
  const allErrors = errors.reduce((sum, x) => sum + x, 0);
  const failing = id
    .map((bucket, i) => ({ bucket, requests: requests[i]!, errors: errors[i]! }))
    .filter((one) => one.errors >= fewestFailures && one.errors > leastShareOfFailures * allErrors)
    .sort((a, b) => b.errors - a.errors || a.bucket - b.bucket);
  const buckets: number[] = [];
  let taken = 0;
  for (const one of failing) {
    if (buckets.length === mostBuckets) break;
    if (taken + one.requests > mostRequests * allRequests) continue;
    buckets.push(one.bucket);
    taken += one.requests;
  }
  return { buckets: buckets.sort((a, b) => a - b), share: buckets.length === 0 ? 0 : taken / allRequests };
}

/** Above it the rollout says how much of the traffic is compared. */
const worthSaying = 0.25;

/** In words, where set-aside buckets carry more than a quarter of the earlier requests; else null. */
export function asideText(earlier: BucketCounts | null, aside: readonly number[]): string | null {
  if (earlier === null || aside.length === 0) return null;
  const set = new Set(aside);
  const all = earlier.requests.reduce((sum, n) => sum + n, 0);
  const theirs = earlier.requests.reduce((sum, n, i) => sum + (set.has(earlier.id[i]!) ? n : 0), 0);
  if (!(theirs > worthSaying * all)) return null;
  const part = Math.round((100 * theirs) / all);
  return `users who fail often (${aside.length} of ${bucketCount} user buckets) make ${part} % of the traffic: the comparison is over the other ${100 - part} % of the requests`;
}
