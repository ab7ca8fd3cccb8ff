import type { Instant, RolloutId, VersionTag } from './units.ts';

/** What people are told. */
export interface Notice {
  /** `ROLLOUT/ENTRY`: the same, however often it is sent. */
  readonly eventId: string;
  readonly at: Instant;
  readonly rollout: RolloutId;
  readonly environment: string;
  readonly model?: string;
  readonly version: VersionTag;
  readonly progress: 'begun' | 'waiting' | 'going-back' | 'promoted' | 'ended' | 'rolled-back' | 'stuck';
  readonly subject: string;
  /** Lines of text. */
  readonly body: string;
  /** The same as names and values: who, where, for how long, both versions' numbers. */
  readonly facts?: readonly (readonly [name: string, text: string])[];
  /** What to type next. */
  readonly command?: string;
}

/** A channel did not take a notice. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered';
  /** How long the receiver wants to be left alone, ms; undefined: it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
