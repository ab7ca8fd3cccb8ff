import type { Sighting, Sightings } from '../ports/sightings.ts';

/** For a controller whose process lives on from look to look. After a restart it begins anew, which only makes it patient. */
export function memorySightings(): Sightings {
  let last: Sighting | null = null;
  return {
    last: () => Promise.resolve(last),
    keep: (sighting) => {
      last = sighting;
      return Promise.resolve();
    },
  };
}
