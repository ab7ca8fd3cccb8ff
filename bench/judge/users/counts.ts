import type { ArmTick, BucketCounts } from '../../../src/domain/observation.ts';
import { latencyEdges } from '../../../src/domain/latency-edges.ts';

/** Requests by user bucket while a share lasts. */
export interface BucketTable {
  add(bucket: number, failed: boolean, slow: number): void;
  counts(): BucketCounts;
  clear(): void;
}

export function createBucketTable(): BucketTable {
  const columns = Array.from({ length: 5 }, () => new Float64Array(1000));
  const [requests, errors, slow50, slow95, slow99] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return {
    add(bucket, failed, slow) {
      requests[bucket]!++;
      if (failed) errors[bucket]!++;
      if (slow > 0) slow50[bucket]!++;
      if (slow > 1) slow95[bucket]!++;
      if (slow > 2) slow99[bucket]!++;
    },
    counts() {
      const id = Array.from({ length: 1000 }, (_, bucket) => bucket).filter(
        (bucket) => requests[bucket]! > 0,
      );
      const of = (column: Float64Array): number[] => id.map((bucket) => column[bucket]!);
      return {
        id,
        requests: of(requests),
        errors: of(errors),
        slow50: of(slow50),
        slow95: of(slow95),
        slow99: of(slow99),
      };
    },
    clear() {
      for (const column of columns) column.fill(0);
    },
  };
}

/** One arm's tick, gathered request by request. */
export interface ArmTable {
  add(bucket: number, failed: boolean, ms: number, aside: boolean): void;
  /** With set-aside requests apart, or among all. */
  take(): { readonly kept: ArmTick; readonly all: ArmTick };
}

export function createArmTable(timed: boolean): ArmTable {
  const zeros = (): number[] => new Array<number>(16).fill(0);
  const edges = latencyEdges.length;
  const empty = () => ({
    requests: 0,
    errors: 0,
    aside: { requests: 0, errors: 0 },
    strata: { requests: zeros(), errors: zeros() },
    kept: timed ? new Array<number>(edges + 1).fill(0) : null,
    all: timed ? new Array<number>(edges + 1).fill(0) : null,
  });
  let now = empty();
  return {
    add(bucket, failed, ms, aside) {
      const stratum = bucket % 16;
      now.strata.requests[stratum]!++;
      if (failed) now.strata.errors[stratum]!++;
      if (now.all && now.kept) {
        const at = edgeOf(ms);
        now.all[at]!++;
        if (!aside) now.kept[at]!++;
      }
      const into = aside ? now.aside : now;
      into.requests++;
      if (failed) into.errors++;
    },
    take() {
      const { requests, errors, aside, strata } = now;
      const latency = (count: number[] | null) => (count ? { latency: { le: latencyEdges, count } } : {});
      const kept: ArmTick = { requests, errors, throttles: 0, strata, aside, ...latency(now.kept) };
      const all: ArmTick = {
        requests: requests + aside.requests,
        errors: errors + aside.errors,
        throttles: 0,
        strata,
        ...latency(now.all),
      };
      now = empty();
      return { kept, all };
    },
  };
}

function edgeOf(ms: number): number {
  let low = 0;
  let high: number = latencyEdges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (latencyEdges[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
