import { createWorld } from './host/world.ts';
import { libraryOn } from './library/library.ts';
import type { Library } from './library/types.ts';

export { UserError } from './domain/user-error.ts';
export type {
  AbortOptions,
  Answer,
  ConnectOptions,
  Environment,
  MoveResult,
  PlannedRollout,
  RollbackOptions,
  RolloutEvent,
  RolloutRequest,
  StartOptions,
  StartResult,
  Status,
} from './library/types.ts';

declare const MLREG_VERSION: string;

const library: Library = libraryOn(createWorld(MLREG_VERSION));

/** Reads mlreg.yaml and connects to one of its environments. */
export const connect: Library['connect'] = library.connect;
/** Returns what a rollout would do. Changes nothing. */
export const plan: Library['plan'] = library.plan;
/** Rolls a version out, and drives the rollout until it ends. */
export const start: Library['start'] = library.start;
/** Returns what serves now. */
export const status: Library['status'] = library.status;
/** Ends the running rollout: the champion serves everybody. */
export const abort: Library['abort'] = library.abort;
/** Moves everybody back to a known good version. */
export const rollback: Library['rollback'] = library.rollback;
