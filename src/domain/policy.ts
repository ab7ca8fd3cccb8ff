import type { ArmTick, BucketCounts, RequestCount } from './observation.ts';

/** Absolute limits on the challenger alone; null switches one off. */
export interface Guardrails {
  /** Share of failed answers, 0 to 1. */
  readonly errorRate: number | null;
  readonly meanLatencyMs: number | null;
  /** SageMaker invocation errors of the challenger's endpoint as a share of its requests, 0 to 1. Absent in older plans. */
  readonly endpointErrorRate?: number | null;
  /** The same a minute. Deprecated: what is much for one service is little for another. */
  readonly endpointErrorsPerMinute: number | null;
  /** Share of throttled calls, 0 to 1. */
  readonly throttleRate: number | null;
  /** Opt-in: also rolls back when `errorRate` is exceeded in M of the last N minutes, which alpha does not cover. */
  readonly alarm?: { readonly m: number; readonly of: number } | null;
}

/** What makes users the unit of comparison under sticky routing. Fixed before users move. */
export interface UserPolicy {
  /** Buckets that failed much before the rollout: assigned to arms, but not compared. */
  readonly aside: readonly number[];
  /** The champion's requests by bucket over the earlier period; null where they could not be read. */
  readonly earlier: BucketCounts | null;
  /** The champion's earlier p50, p95 and p99 in milliseconds; the challenger's requests count as slow beyond 1.1 times these. */
  readonly slowerThanMs: readonly [number, number, number] | null;
  /** Of the champion's earlier requests the share without a user id, 0 to 1; absent where nothing counted them. */
  readonly anonymousShare?: number;
  /** Why `earlier` is null. */
  readonly unread?: string;
}

/** Everything the judge needs besides observations. Written into the plan, so that a resumed rollout is judged alike. */
export interface JudgePolicy {
  /** Probability of rolling back a healthy challenger, for the whole rollout, however often one looks. */
  readonly alpha: number;
  /** Probability of calling a challenger at the promote margin non-inferior. */
  readonly alphaPromote: number;
  readonly tickMs: number;
  /** Planned shares and lengths: the planned looks are fixed from them before traffic moves. */
  readonly steps: readonly { readonly percent: number; readonly ticks: number }[];
  /** Relative latency is not judged for so long after each increase of the challenger's share. */
  readonly warmUpMs: number;
  /** Least time and least ticks at each step before it may pass. */
  readonly minimumBakeMs: number;
  readonly minimumTicks: number;
  /** The challenger may be this much worse before rollback is right: p1 <= ratio * p0 + difference; latency factor 1 + slower. */
  readonly rollbackMargin: { readonly ratio: number; readonly difference: number; readonly slower: number };
  /**
   * So much more of its requests may the challenger call bad than `rollbackMargin.ratio` times the champion's share, 0 to 1;
   * null: refusals are not compared. Nor are they in older plans, which lack it.
   */
  readonly refusedMore?: number | null;
  /** Promotion wants proof that it is no worse than this. */
  readonly promoteMargin: { readonly ratio: number; readonly difference: number; readonly slower: number };
  readonly guardrails: Guardrails;
  /** In shadow: share of answers that may differ, 0 to 1; none: they are counted, not judged. */
  readonly disagreement?: number;
  /** `attributable`: a limit that the champion breaches in the same tick is an incident, not the challenger's fault. */
  readonly scope: 'attributable' | 'absolute';
  readonly noise: 'robust' | 'independent';
  /** A step may advance only when its bake could have caught an error rate this many times the champion's (power 0.8), or a guardrail breach. */
  readonly detectableRatio: number;
  /**
   * ... and, where the arms report latency, a challenger this many times as slow (power 0.8). Absent in plans that were
   * written before it was asked for: they need no such power.
   */
  readonly detectableSlower?: number;
  /** The champion's ticks before the rollout, oldest first; each is `historyTickMs` long. */
  readonly history: readonly ArmTick[];
  readonly historyTickMs: number;
  /**
   * Of the last seven days the champion's worst ten minutes by the hour of the day (UTC, 24 entries); null: that hour is not
   * known well. Absent where no bake is at 100 %, where the champion has not served for so long, and in older plans.
   */
  readonly lastWeek?: readonly (RequestCount | null)[];
  /** Absent under weighted routing, and in plans written before users were compared. */
  readonly users?: UserPolicy;
}
