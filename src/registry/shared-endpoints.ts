import { endpointOf } from '../domain/names.ts';
import { isRetired, type VersionRecord } from '../domain/registry.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';

/** Where names are made. */
type Place = Parameters<typeof endpointOf>[0];

/** SageMaker tells no endpoint's name from another by its case (CreateEndpoint, API reference). */
const isSame = (one: string | undefined, other: string): boolean =>
  one?.toLowerCase() === other.toLowerCase();

/** Another version that has this very endpoint now: who takes it down takes it from that version, too. */
export const sharerOf = (
  records: readonly VersionRecord[],
  { version, endpoint }: { readonly version: VersionTag; readonly endpoint: string },
): VersionRecord | undefined =>
  records.find(
    (other) => other.version !== version && !isRetired(other) && isSame(other.endpoint?.name, endpoint),
  );

/** Another version that has, or had, an endpoint of the name that this one has or would be given. */
export const holderOf = (
  records: readonly VersionRecord[],
  place: Place,
  record: VersionRecord,
): VersionRecord | undefined => othersBy(records, place, record, hadNames);

/** The same, or that would be given an endpoint of that name: `v2.0` and `v2-0` of one artifact. */
export const namesakeOf = (
  records: readonly VersionRecord[],
  place: Place,
  record: VersionRecord,
): VersionRecord | undefined =>
  othersBy(records, place, record, (other) => [...hadNames(other), nameOf(place, other)]);

function othersBy(
  records: readonly VersionRecord[],
  place: Place,
  record: VersionRecord,
  namesOf: (other: VersionRecord) => readonly (string | undefined)[],
): VersionRecord | undefined {
  const name = nameOf(place, record);
  if (name === undefined) return undefined;
  return records.find(
    (other) => other.version !== record.version && namesOf(other).some((each) => isSame(each, name)),
  );
}

const hadNames = ({ endpoint, tombstone, services = [] }: VersionRecord): readonly (string | undefined)[] => [
  endpoint?.name,
  tombstone?.endpoint,
  ...services.map((service) => service.endpoint),
];

/** Undefined where the name would be too long: such a version can't be deployed. */
function nameOf(place: Place, record: VersionRecord): string | undefined {
  try {
    return endpointOf(place, record).name;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
