import type { Instant } from './units.ts';

/** How two answers to the same request are compared. Paths are members and positions: `recommendations.0.destination`. */
export interface AnswerComparison {
  /** Where in an answer the decision stands; null: whole answers are compared. */
  readonly class: string | null;
  /** Where the number stands by which the decision was made; null: there is none. */
  readonly score: string | null;
  /** A difference of scores that is a distance of 1. */
  readonly scale: number;
  /** Numbers are the same when they differ by no more than this, times the larger of them where that is above 1. */
  readonly tolerance: number;
  /** Members of whole answers that don't count. */
  readonly ignore: readonly string[];
  /** Members of the request that examples show: nothing else of a request is ever written down. */
  readonly show: readonly string[];
}

/** What a plan says of its shadow traffic. */
export interface ShadowSetup {
  /** The function that asks the challenger: `NAME:ALIAS`. */
  readonly function: string;
  readonly comparison: AnswerComparison;
}

/** Of the score, or of a class that is a number or yes and no; `other` where neither has an order. */
export type Direction = 'up' | 'down' | 'other';

/** One request that the challenger answered otherwise. */
export interface Difference {
  readonly requestId: string;
  readonly at: Instant;
  readonly direction: Direction;
  /** The decision of each version; null where whole answers are compared. */
  readonly champion: string | null;
  readonly challenger: string | null;
  /** 0 to 1. */
  readonly distance: number;
  /** What `show` allows of the request. */
  readonly shown: Readonly<Record<string, string>>;
}

/** How a shadow's answers differed, by direction and class, the most frequent first. */
export interface DisagreementReport {
  readonly byDirection: Readonly<Record<Direction, number>>;
  readonly rows: readonly {
    readonly direction: Direction;
    readonly champion: string | null;
    readonly challenger: string | null;
    readonly count: number;
  }[];
  /** Differences in further rows. */
  readonly others: number;
  readonly examples: readonly Difference[];
  /** Differences read; where they aren't all, the shares of the rows are those of the first so many. */
  readonly read: number;
  readonly complete: boolean;
}
