import type { Instant, RolloutId } from '../domain/units.ts';

/** An owner's lock as somebody saw it, and since when it has looked the same, on the clock of whoever looks. */
export interface Sighting {
  readonly rollout: RolloutId;
  readonly token: number;
  readonly beat: number;
  readonly since: Instant;
}

/** What the rollout controller remembers from one look to the next, of ONE environment and model. */
export interface Sightings {
  last(): Promise<Sighting | null>;
  keep(sighting: Sighting): Promise<void>;
}
