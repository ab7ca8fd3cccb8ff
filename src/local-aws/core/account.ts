import type { LocalClock } from '../seams.ts';
import type { Settings } from './settings.ts';

/** The account every service lives in: its identity and its ports. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
  readonly clock: LocalClock;
  /** A new UUID. */
  readonly ids: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly settings: Settings;
  /** To be called after each change worth persisting. */
  readonly changed: () => void;
}
