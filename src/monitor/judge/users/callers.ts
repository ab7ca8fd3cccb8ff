import type { BucketCounts } from '../../../domain/observation.ts';

/** Below so many active callers sticky routing can't tell a relative fault from chance: at 50 %, 0.5^8 = 0.4 %. */
export const fewestCallers = 16;

/** Buckets with at least 1 % of the busiest bucket's requests, in their order. */
export function activeBuckets({ id, requests }: BucketCounts): readonly number[] {
  const busiest = requests.reduce((most, n) => Math.max(most, n), 0);
  if (busiest === 0) return [];
  return id.filter((_, i) => requests[i]! >= busiest / 100);
}

/** In words, where too few callers were active before the rollout; null where there are enough, or none was seen. */
export function fewCallersText(earlier: BucketCounts | null): string | null {
  if (earlier === null) return null;
  const callers = activeBuckets(earlier).length;
  if (callers === 0 || callers >= fewestCallers) return null;
  const who = callers === 1 ? '1 active caller is' : `${callers} active callers are`;
  return `${who} too few for sticky routing to show that the challenger is worse than the champion: total failure and absolute limits still roll back. With routing: weighted every caller reaches both versions`;
}
