import type { Entry } from '../domain/journal.ts';
import type {
  Clock,
  Comparisons,
  Ids,
  Metrics,
  Notifier,
  Platform,
  Store,
  UserCounts,
} from '../ports/index.ts';
import type { JobTokens } from '../ports/job-tokens.ts';
import type { Artifacts } from '../ports/platform.ts';
import type { PendingStore } from '../ports/pending.ts';
import type { WarmKeeper } from './keep-warm.ts';
import type { RolloutState } from '../engine/state.ts';

/** Everything a tick may touch. */
export interface RolloutPorts {
  readonly store: Store;
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly comparisons: Comparisons;
  /**
   * Absent: counts by user bucket can't be read here. Whoever waits for them judges nothing else meanwhile, so it answers
   * within half a minute, if only that it can't.
   */
  readonly userCounts?: UserCounts;
  /**
   * What looks saw of ticks that are not final, kept for the next process. Absent: it begins anew, and each tick is final
   * only after it has stood for `settle` before one process.
   */
  readonly pending?: PendingStore;
  /** Keeps warm what users may return to. Absent: nobody does. */
  readonly keeper?: WarmKeeper;
  /** Compares an artifact with what was registered before an endpoint is made of it. Absent: nobody does. */
  readonly artifacts?: Pick<Artifacts, 'digest'>;
  /** Checks the tokens by which approvers prove who they are. Absent: no token is believed. */
  readonly jobTokens?: JobTokens;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told of each journal entry as it is written: all that a person or a machine is shown comes from these. */
  readonly onEntry: (entry: Entry, state: RolloutState) => void;
}
