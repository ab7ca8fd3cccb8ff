import type { BucketCounts } from '../../src/domain/observation.ts';
import { bucketCount, bucketRanks, bucketsAt } from '../../src/domain/user-bucket.ts';
import { parseRoute } from '../../src/router/route.ts';

interface Traffic {
  readonly behaviour: Readonly<Record<string, { readonly errors: number; readonly latencyMs: number }>>;
  /** Of all buckets together, spread evenly. */
  readonly requests: number;
}

/** Counts by bucket of versions that behave so, on the route that is served; without one it is v2.2.0's alone. */
export function syntheticUsers(
  { behaviour, requests }: Traffic,
  served: string | undefined,
  slowerThanMs: readonly number[] | null,
): BucketCounts {
  const route = served === undefined || served === '' ? undefined : parseRoute(served);
  const ranks = bucketRanks(route?.salt ?? '');
  const share = bucketsAt(route?.challenger === undefined ? 0 : route.percent);
  const each = requests / bucketCount;
  const of = (rank: number) => {
    const version = rank < share ? route?.challenger?.version : (route?.champion.version ?? 'v2.2.0');
    const known = version === undefined ? undefined : behaviour[version];
    return { slower: rank < share ? 1.1 : 1, ...(known ?? { errors: 0.001, latencyMs: 20 }) };
  };
  const slow = (i: number): number[] =>
    ranks.map((rank) => {
      const { latencyMs, slower } = of(rank);
      return latencyMs > (slowerThanMs?.[i] ?? Infinity) * slower ? each : 0;
    });
  return {
    id: ranks.map((_, bucket) => bucket),
    requests: ranks.map(() => each),
    errors: ranks.map((rank) => each * of(rank).errors),
    slow50: slow(0),
    slow95: slow(1),
    slow99: slow(2),
  };
}
