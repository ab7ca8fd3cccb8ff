import type { Notice } from '../domain/notice.ts';
import type { BucketCounts, Reading } from '../domain/observation.ts';
import type { Difference } from '../domain/shadow.ts';
import type { Haste } from './platform.ts';
import type { Instant, Percent, RolloutId, VersionTag } from '../domain/units.ts';

export type { Store } from './store.ts';
export type { Platform } from './platform.ts';

export interface Clock {
  now(): Instant;
  /** Resolves at or after `at`, or at once when the signal aborts. Never rejects. */
  sleepUntil(at: Instant, signal?: AbortSignal): Promise<void>;
}

export interface Ids {
  rolloutId(): RolloutId;
  salt(): string;
  requestId(): string;
}

/** One arm as the metrics know it. */
export interface ArmSource {
  readonly version: VersionTag;
  readonly endpoint: string;
  /** The Lambda version that runs this arm alone (weighted routing); undefined where both arms share one. */
  readonly functionVersion: string | undefined;
  /** The alias by which users reach it; the environment's unless named. */
  readonly alias?: string;
}

export interface MetricsQuery {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  /** Half-open window [from, to), both on tick boundaries. */
  readonly from: Instant;
  readonly to: Instant;
  readonly tickMs: number;
  readonly plannedPercent: Percent | number;
  /** Shadow: both arms on the requests of which the challenger got copies, and how their answers compare. */
  readonly copies?: boolean;
  /** Users wait for this reading. */
  readonly haste?: Haste;
}

export interface Metrics {
  /** One Observation a tick, oldest first. Failure to read is an answer, never an exception. */
  read(query: MetricsQuery): Promise<Reading>;
  /**
   * Sends one tagged request along the path that users' metrics take. It is counted as no request. Absent where the
   * metrics are not the router's. Never throws.
   */
  probe?(arm: ArmSource): Promise<ProbeSent>;
  /** Whether the metrics show the tagged request that was sent at this time. Never throws: what can't be read isn't seen. */
  probeSeen?(arm: ArmSource, at: Instant): Promise<boolean>;
  /**
   * What AWS itself counted of late, period by period, oldest first, beside what the router's metrics show of it; null where
   * that can't be read. Absent where nothing but AWS counts. Never throws.
   */
  served?(query: ServedQuery): Promise<readonly ServedCount[] | null>;
}

export interface ServedQuery {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  readonly to: Instant;
  /** Shadow: of the challenger's copies. */
  readonly copies?: boolean;
}

/** Requests in one period. */
export interface ServedCount {
  /** The period's end. */
  readonly at: Instant;
  readonly periodMs: number;
  /** Invocations of the function, for whatever reason. */
  readonly function: number;
  /** By the router: what it turned away itself, and test requests. They reach no endpoint. */
  readonly turnedAway: number;
  /** null: no share, or no count of its own. */
  readonly champion: ArmServed | null;
  readonly challenger: ArmServed | null;
}

export interface ArmServed {
  /** By SageMaker, at the arm's endpoint: all, and those that the model answered with 5xx. */
  readonly endpoint: number;
  readonly failed: number;
  /** By the router: requests that the arm is judged by, and all others that it brought to that endpoint. */
  readonly compared: number;
  readonly apart: number;
}

export type ProbeSent =
  /** By the function's clock, which is AWS's; `version` is the one under which the router counted it. */
  | { readonly kind: 'sent'; readonly at: Instant; readonly version?: VersionTag }
  /** The function does not know such requests: an older router, or another program. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly why: string; readonly denied: boolean };

/** The code that a rollout would publish now. */
export interface RouterCode {
  /**
   * What it says that it understands, as `buckets-1`; nothing where it is an older router, or none of mlreg's.
   * @throws PlatformError
   */
  understands(): Promise<readonly string[]>;
}

/** Differences between the answers to copies, oldest first. */
export interface Differences {
  readonly found: readonly Difference[];
  /** There are no more. */
  readonly complete: boolean;
}

export interface Comparisons {
  /** Those that the shadow function `NAME:ALIAS` wrote down for a rollout, up to a limit. @throws PlatformError */
  differences(query: {
    readonly function: string;
    readonly rollout: RolloutId;
    readonly from: Instant;
    readonly to: Instant;
  }): Promise<Differences>;
}

/** What counting by user bucket came to. Failure to read is an answer, never an exception. */
export type UserCountsReading =
  | { readonly kind: 'read'; readonly counts: BucketCounts }
  | { readonly kind: 'unreadable'; readonly why: string; readonly denied: boolean };

export interface UserCounts {
  read(query: {
    readonly from: Instant;
    readonly to: Instant;
    readonly slowerThanMs: readonly [number, number, number] | null;
  }): Promise<UserCountsReading>;
}

export interface Notifier {
  /** At least once; `eventId` is stable over repeats. */
  send(event: { readonly eventId: string; readonly subject: string; readonly body: string }): Promise<void>;
}

/** A way to tell people. Whatever `send` throws, its message holds no secret. */
export interface Channel {
  readonly name: string;
  /** At least once. */
  send(notice: Notice): Promise<void>;
}
