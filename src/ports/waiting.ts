import type { Waiter } from '../domain/waiters.ts';

/**
 * The deploys that wait for their turn in ONE environment and model. Unfenced, replaced as a whole, and no part of the
 * history: the lock alone decides who begins, and whoever is lost here joins again.
 */
export interface Waiting {
  /** Empty where nothing was kept, or nothing that can be read as such. */
  read(): Promise<readonly Waiter[]>;
  replace(waiters: readonly Waiter[]): Promise<void>;
}
