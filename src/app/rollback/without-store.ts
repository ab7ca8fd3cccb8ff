import type { Stamp } from '../../domain/journal.ts';
import { UserError } from '../../domain/user-error.ts';
import type { RolloutState } from '../../engine/state.ts';
import { PlatformError } from '../../ports/platform.ts';
import { StoreDamaged } from '../../ports/store.ts';
import { StoreBehind } from '../../runner/look.ts';

/**
 * Whether a person's way back must do without the store: it can't be read or written, or the alias says that it is not the
 * newest one.
 */
export const isStoreLost = (error: unknown): error is Error =>
  error instanceof StoreBehind ||
  error instanceof StoreDamaged ||
  error instanceof PlatformError ||
  (error instanceof UserError && error.fault === 'unavailable');

/** What undoes this rollout, as its journal said when it could still be read. */
export const undoOf = ({ plan, home }: RolloutState): string | undefined =>
  plan.strategy === 'rollback' || (plan.strategy === 'watch' && plan.undo === null)
    ? undefined
    : home.functionVersion;

/** By what a rollout's own writes are known from a later one's. */
export const markerOf = ({ plan, aliases }: RolloutState): Stamp | undefined => aliases[plan.alias]?.stamp;
