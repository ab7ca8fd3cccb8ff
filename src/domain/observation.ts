import type { Instant } from './units.ts';

/** Counts by upper edge: `count[i]` requests took `le[i-1] < ms <= le[i]`; the last entry is slower than every edge. */
export interface Histogram {
  /** Milliseconds, growing. */
  readonly le: readonly number[];
  /** One entry more than `le`. May be fractional, for CloudWatch interpolates. */
  readonly count: readonly number[];
}

/**
 * Requests counted by user bucket (0 to 999, see `domain/user-bucket.ts`), sparse: entry i of each list belongs to bucket
 * `id[i]`. Cumulative over the time of one unchanged share, so that counting again replaces what was counted before.
 */
export interface BucketCounts {
  /** Growing. */
  readonly id: readonly number[];
  readonly requests: readonly number[];
  readonly errors: readonly number[];
  /** Requests slower than the champion's earlier p50, p95, p99 (`UserPolicy.slowerThanMs`). */
  readonly slow50: readonly number[];
  readonly slow95: readonly number[];
  readonly slow99: readonly number[];
  /** Requests that the model itself called bad. Absent: none, or not counted. They are no errors. */
  readonly refused?: readonly number[];
}

/** Requests and errors of one arm in one tick by stratum, which is bucket modulo 16: 16 entries each. */
export interface StratumCounts {
  readonly requests: readonly number[];
  readonly errors: readonly number[];
}

/** Requests that belong to no compared arm. */
export interface RequestCount {
  readonly requests: number;
  readonly errors: number;
}

/** One arm in one tick. Counts are of requests that ended in the tick. */
export interface ArmTick {
  readonly requests: number;
  /** Failed answers, whoever's fault in the serving stack; never the caller's bad request. */
  readonly errors: number;
  readonly throttles: number;
  readonly latency?: Histogram;
  /** Mean in milliseconds; undefined where no request ended. */
  readonly meanLatencyMs?: number;
  /**
   * SageMaker's Invocation5XXErrors of the arm's endpoint. Where no router counts refusals, and in older recordings, with
   * Invocation4XXErrors.
   */
  readonly endpointErrors?: number;
  /** Of all requests with a user id, those of set-aside buckets too. Absent where the router does not report it. */
  readonly strata?: StratumCounts;
  /** Compared requests that the model itself called bad (its own 4xx). They are no errors. */
  readonly refused?: number;
  /** Compared answers that were to be JSON, and those that were not (`errors`). Absent where the router does not say. */
  readonly json?: RequestCount;
  /** Requests of set-aside buckets, which `requests` and `errors` leave out. */
  readonly aside?: RequestCount;
}

/** Copies of requests that one tick showed, in shadow. Then both arms are those requests: each was answered by both. */
export interface CopiesTick {
  /** By the router: handed over, and not (too late, too large, refused). */
  readonly sent: number;
  readonly dropped: number;
  /** Requests that both versions answered, and how many of them differently. */
  readonly compared: number;
  readonly disagreed: number;
  /** Sum over those compared, each from 0 to 1. */
  readonly distance: number;
  /** Copies delivered once more: not counted anywhere else. */
  readonly duplicates: number;
}

/** What arrived of a tick after that tick had entered the evidence. Each request is in one observation only. */
export interface LateTick {
  /** The end of the tick in which the requests ended. */
  readonly at: Instant;
  readonly plannedPercent: number;
  /** What is new; null: the arm has no share. */
  readonly champion: RequestCount | null;
  readonly challenger: RequestCount | null;
  /** All that the champion showed in that tick: by it a limit on the challenger is raised, and nothing is counted again. */
  readonly beside: RequestCount | null;
}

/** What one tick showed. An arm is null where it had no share, or has no metrics of its own. */
export interface Observation {
  /** The tick's end. */
  readonly at: Instant;
  readonly tickMs: number;
  readonly plannedPercent: number;
  readonly champion: ArmTick | null;
  readonly challenger: ArmTick | null;
  /** The share changed inside this tick: good for guardrails, not for comparing the arms. */
  readonly straddlesChange?: boolean;
  readonly copies?: CopiesTick;
  /** Requests without a user id: the champion answers them, and no arm counts them. */
  readonly anonymous?: RequestCount;
  /** Counts by user bucket of both arms since the present share began; only at looks that asked for them. */
  readonly buckets?: BucketCounts;
  /** Why a look that asked for them came to none. */
  readonly bucketsUnread?: string;
  /** No arm shows a request, but a test request of this time or later shows: nobody called. */
  readonly quiet?: true;
  /** Earlier ticks of the same share whose metrics arrived since the observation before: evidence as of now. */
  readonly late?: readonly LateTick[];
}

/** What asking the metrics came to. Denied is not absent. */
export type Reading =
  | {
      readonly kind: 'read';
      readonly observations: readonly Observation[];
      /** Ticks after those, which may still change: they never pass, and fail nothing but a total failure. */
      readonly provisional?: readonly Observation[];
      /** What a person should know of how this was read: a statistic that AWS refuses, a clock that is wrong. */
      readonly notes?: readonly string[];
    }
  | {
      readonly kind: 'unreadable';
      readonly why: string;
      readonly denied: boolean;
      /** Because AWS accepts the credentials no more: says nothing about the challenger. */
      readonly credentials?: true;
    };
