import type { Instant } from './units.ts';

/** Counts by upper edge: `count[i]` requests took `le[i-1] < ms <= le[i]`; the last entry is slower than every edge. */
export interface Histogram {
  /** Milliseconds, growing. */
  readonly le: readonly number[];
  /** One entry more than `le`. May be fractional, for CloudWatch interpolates. */
  readonly count: readonly number[];
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
  /** SageMaker's Invocation4XXErrors + Invocation5XXErrors of the arm's endpoint. */
  readonly endpointErrors?: number;
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
}

/** What asking the metrics came to. Denied is not absent. */
export type Reading =
  | { readonly kind: 'read'; readonly observations: readonly Observation[] }
  | {
      readonly kind: 'unreadable';
      readonly why: string;
      readonly denied: boolean;
      /** Because AWS accepts the credentials no more: says nothing about the challenger. */
      readonly credentials?: true;
    };
