import type { ArmTick, BucketCounts, Observation } from '../../../../src/domain/observation.ts';
import type { JudgePolicy, UserPolicy } from '../../../../src/domain/policy.ts';
import { bucketRanks, bucketsAt } from '../../../../src/domain/user-bucket.ts';
import { instant } from '../../../../src/domain/units.ts';
import type { Judge } from '../../../../src/monitor/judge/judge.ts';
import { createRandom, edges, poisson, policyOf } from '../traffic.ts';
import { countsOf } from './counts.ts';

export const salt = 'a salt';
export const ranks = bucketRanks(salt);

export interface StickyTraffic {
  /** Mean requests a tick by bucket. */
  readonly requests: (bucket: number) => number;
  /** Probability that a request fails. */
  readonly errors: (bucket: number, isChallenger: boolean) => number;
  /** Requests a tick that the model calls bad, beside the others; undefined: the endpoint's own count is not reported. */
  readonly refused?: (bucket: number, isChallenger: boolean) => number;
  /** The endpoint's errors include those, as in older recordings. */
  readonly with4xx?: true;
  /** Milliseconds of a bucket's requests; undefined: no latency is reported. */
  readonly ms?: (bucket: number, isChallenger: boolean) => number;
  readonly aside?: readonly number[];
  readonly seed?: number;
}

/** 400 buckets of half a request a tick, 1 % of which fail. */
export const crowd: StickyTraffic = {
  requests: (bucket) => (bucket % 5 < 2 ? 0.5 : 0),
  errors: () => 0.01,
};

/** A bucket with a rank: 5 is the challenger's at any share from 1 % on, 900 is not below 90 %. */
export const bucketOfRank = (rank: number): number => ranks.indexOf(rank);

/** Ticks of 10 s of users who stay with their arm. */
export function stickyTraffic({ aside = [], seed = 1, ...traffic }: StickyTraffic) {
  const random = createRandom(seed);
  const asideSet = new Set(aside);
  const tickMs = 10_000;
  let n = 0;
  let share = 0;
  let cumulative = new Map<number, { n: number; x: number; slow: number; refused: number }>();

  function next(percent: number, more: Partial<Observation> = {}): Observation {
    if (percent !== share) cumulative = new Map();
    share = percent;
    n++;
    const arms = [emptyArm(), emptyArm()] as const;
    for (let bucket = 0; bucket < 1000; bucket++) {
      const mean = traffic.requests(bucket);
      const isChallenger = ranks[bucket]! < bucketsAt(percent);
      const wanted = mean > 0 ? poisson(random, mean) : 0;
      const refused = traffic.refused?.(bucket, isChallenger) ?? 0;
      const requests = wanted + refused;
      if (requests === 0) continue;
      const p = traffic.errors(bucket, isChallenger);
      let errors = 0;
      for (let i = 0; i < wanted; i++) if (random() < p) errors++;
      const ms = traffic.ms?.(bucket, isChallenger);
      arms[isChallenger ? 1 : 0].add(bucket, requests, errors, ms, asideSet.has(bucket));
      arms[isChallenger ? 1 : 0].refuse(refused);
      const seen = cumulative.get(bucket) ?? { n: 0, x: 0, slow: 0, refused: 0 };
      const slow = ms !== undefined && ms > (isChallenger ? 1.1 : 1) * slowMs ? requests : 0;
      cumulative.set(bucket, {
        n: seen.n + requests,
        x: seen.x + errors,
        slow: seen.slow + slow,
        refused: seen.refused + refused,
      });
    }
    const timed = traffic.ms !== undefined;
    const counted = traffic.refused !== undefined;
    return {
      at: instant(n * tickMs),
      tickMs,
      plannedPercent: percent,
      champion: percent === 100 ? null : arms[0].tick(timed, counted, traffic.with4xx),
      challenger: arms[1].tick(timed, counted, traffic.with4xx),
      ...more,
    };
  }

  const counts = (): BucketCounts => {
    const sorted = [...cumulative].sort(([a], [b]) => a - b);
    return {
      ...countsOf(sorted.map(([bucket, { n: requests, x, slow }]) => [bucket, requests, x, slow])),
      ...(traffic.refused && { refused: sorted.map(([, { refused }]) => refused) }),
    };
  };
  return { next, counts };
}

/** All three of the champion's earlier quantiles, for tests. */
export const slowMs = 100;

function emptyArm() {
  const zeros = (): number[] => new Array<number>(16).fill(0);
  const arm = { requests: 0, errors: 0, aside: { requests: 0, errors: 0 } };
  let refused = 0;
  const strata = { requests: zeros(), errors: zeros() };
  const count = new Array<number>(edges.length + 1).fill(0);
  return {
    add(bucket: number, requests: number, errors: number, ms: number | undefined, isAside: boolean) {
      const into = isAside ? arm.aside : arm;
      into.requests += requests;
      into.errors += errors;
      strata.requests[bucket % 16]! += requests;
      strata.errors[bucket % 16]! += errors;
      const edge = edges.findIndex((le) => (ms ?? 0) <= le);
      if (!isAside) count[edge < 0 ? edges.length : edge]! += requests;
    },
    refuse(requests: number) {
      refused += requests;
    },
    tick: (timed: boolean, counted: boolean, with4xx = false): ArmTick => ({
      ...arm,
      throttles: 0,
      strata,
      ...(timed ? { latency: { le: edges, count } } : {}),
      ...(counted ? { refused, endpointErrors: arm.errors + (with4xx ? refused : 0) } : {}),
    }),
  };
}

/** Fifteen minutes at each of two shares. */
export function usersPolicy(
  users: Partial<UserPolicy> = {},
  changes: Partial<JudgePolicy> = {},
): JudgePolicy {
  return policyOf({
    tickMs: 10_000,
    steps: [
      { percent: 10, ticks: 90 },
      { percent: 50, ticks: 90 },
    ],
    guardrails: { errorRate: null, meanLatencyMs: null, endpointErrorsPerMinute: null, throttleRate: null },
    users: { aside: [], earlier: null, slowerThanMs: null, ...users },
    ...changes,
  });
}

/** Judges so many ticks at a share, answering what the judge asks for; the number of the tick that failed, from 1. */
export function drive(
  judge: Judge,
  traffic: ReturnType<typeof stickyTraffic>,
  percent: number,
  ticks: number,
  answer: (counts: () => BucketCounts) => Pick<Observation, 'buckets' | 'bucketsUnread'> | null = (
    counts,
  ) => ({
    buckets: counts(),
  }),
): { readonly failedAt: number | null; readonly asked: readonly number[] } {
  const asked: number[] = [];
  for (let n = 1; n <= ticks; n++) {
    judge.step(traffic.next(percent));
    if (judge.wants()) {
      asked.push(n);
      const counts = answer(traffic.counts);
      if (counts) judge.count(counts);
    }
    if (judge.failed()) return { failedAt: n, asked };
  }
  return { failedAt: null, asked };
}
