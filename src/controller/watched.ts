import type { Actor, Outcome } from '../domain/journal.ts';
import type { Instant, RolloutId } from '../domain/units.ts';
import type { Sightings } from '../ports/sightings.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import type { RolloutState } from '../engine/state.ts';
import type { Unjournaled } from '../runner/unjournaled.ts';
import type { KeepsWarm } from './keep-warm.ts';

/** The rollout that this process drives, under the token of its last lap. */
export interface Held {
  readonly journal: JournalWriter;
  readonly memory: Unjournaled;
}

/** One environment and model under the controller's eye. */
export interface Post {
  readonly ports: RolloutPorts;
  readonly sightings: Sightings;
  /** The controller, as the lock names it. */
  readonly actor: Actor;
  readonly silenceMs: number;
  /** Absent: nothing is kept warm. */
  readonly warm?: KeepsWarm;
  isAlive(owner: Actor): 'alive' | 'dead' | 'unknown';
  /** The rollout as it was after the last lap: a saving, and nothing that a lap depends on. */
  known?: RolloutState | undefined;
  /** What the last lap of this process drove: while the store is out it goes on judging that. */
  held?: Held | undefined;
  /** Since when the store has been out, as far as this process knows. */
  outSince?: Instant | undefined;
}

/** What a lap came to. */
export type Lap =
  | { readonly kind: 'rest'; readonly why: string }
  /** Somebody else drives, or seems to: look again at `at`. */
  | { readonly kind: 'watch'; readonly at: Instant }
  | {
      readonly kind: 'again';
      readonly rollout: RolloutId;
      readonly at: Instant;
      readonly why: string;
      /** Why it was taken over, where this lap did so. */
      readonly adopted: string | null;
      /** The lap's own. */
      readonly token: number;
    }
  /** The store can't be read, or can't be written. */
  | {
      readonly kind: 'cut-off';
      readonly rollout: RolloutId | null;
      readonly at: Instant;
      readonly since: Instant;
      readonly why: string;
      /** Why nobody but a person can roll back; null where the controller judges on, or is done. */
      readonly alarm: string | null;
    }
  | { readonly kind: 'ended'; readonly rollout: RolloutId; readonly outcome: Outcome }
  /** Somebody took the rollout while the lap was under way. */
  | { readonly kind: 'lost'; readonly rollout: RolloutId; readonly by: string };
