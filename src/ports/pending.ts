import type { PendingTicks } from '../domain/pending-ticks.ts';
import type { RolloutId } from '../domain/units.ts';

/**
 * Carries what was seen of ticks that are not final from one process to the next, of ONE environment and model. It is
 * unfenced: two owners may overwrite each other, for each of them keeps only what it saw itself or read here.
 */
export interface PendingStore {
  /** null: nothing was kept, or what was kept is another rollout's or can't be read as such. */
  last(rollout: RolloutId): Promise<PendingTicks | null>;
  keep(pending: PendingTicks): Promise<void>;
}
