import type { RolloutId } from '../domain/units.ts';

/** Sets the rollout controller to work on a rollout that nobody drives. */
export interface Dispatcher {
  /** What will drive it, for people. */
  readonly name: string;
  /**
   * Asking twice is asking once. Where it fails the controller's own schedule finds the rollout, only later.
   * @param token of the rollout's newest owner: each period of the controller's is one of its own
   * @throws PlatformError
   */
  dispatch(rollout: RolloutId, token: number): Promise<void>;
}
