import type { BucketCounts } from '../../../domain/observation.ts';
import { percentText } from '../words.ts';

/** Below so many active callers sticky routing can't tell a relative fault from chance: at 50 %, 0.5^8 = 0.4 %. */
export const fewestCallers = 16;

/**
 * Buckets with at least a tenth of the mean requests of those that have any, in their order. Of the mean, for beside a
 * share of the busiest one a single bot with a fifth of the traffic would leave nobody else active.
 */
export function activeBuckets({ id, requests }: BucketCounts): readonly number[] {
  const occupied = requests.filter((n) => n > 0);
  const least = occupied.reduce((sum, n) => sum + n, 0) / (10 * occupied.length);
  return id.filter((_, i) => requests[i]! > 0 && requests[i]! >= least);
}

/** Of the requests, in one of 1,000 buckets. */
const mostOfOne = 0.5;

/** In words, where one bucket made most of the requests before the rollout; else null. */
export function heavyCallerText(earlier: BucketCounts | null): string | null {
  if (earlier === null) return null;
  const all = earlier.requests.reduce((sum, n) => sum + n, 0);
  const heaviest = Math.max(0, ...earlier.requests);
  if (heaviest <= mostOfOne * all) return null;
  return `one user id, or a few, make ${percentText(heaviest / all)} of the requests: whichever version gets them gets that share of the traffic`;
}

/** In words, where too few callers were active before the rollout; null where there are enough, or none was seen. */
export function fewCallersText(earlier: BucketCounts | null): string | null {
  if (earlier === null) return null;
  const callers = activeBuckets(earlier).length;
  if (callers === 0 || callers >= fewestCallers) return null;
  const who = callers === 1 ? '1 active caller is' : `${callers} active callers are`;
  return `${who} too few for sticky routing to show that the challenger is worse than the champion: total failure and absolute limits still roll back. With routing: weighted every caller reaches both versions`;
}
