import type { Routing } from './route.ts';
import type { ServingSettings } from './serving.ts';
import type { Instant, RolloutId, VersionTag } from './units.ts';

export type VersionStatus = 'candidate' | 'challenger' | 'champion' | 'archived' | 'rolled_back';

/** How users came to leave a version that served them. */
export interface Departure {
  readonly at: Instant;
  /** `replaced`: by a version that was promoted. The others count against the version that was left. */
  readonly why: 'replaced' | 'verdict' | 'abort' | 'rollback';
  /** For people. */
  readonly reason: string;
  readonly rollout?: RolloutId | undefined;
}

/** One time during which a published Lambda version served a model version to everybody. Lambda versions never change. */
export interface Service {
  /** Empty: a recovery found none that serves this version alone, so one has to be published. */
  readonly functionVersion: string;
  /** The endpoint that this Lambda version invokes. */
  readonly endpoint: string;
  /** How it was published; undefined where it served before mlreg recorded that. */
  readonly routing?: Routing | undefined;
  /** Digest of its code; undefined where it served before mlreg recorded that. */
  readonly codeSha256?: string | undefined;
  readonly since: Instant;
  /** The rollout that brought users to it. */
  readonly rollout?: RolloutId | undefined;
  /** Undefined while it serves. */
  readonly left?: Departure | undefined;
  /** A recovery found that it may have been so: whether it ever served everybody is not known. */
  readonly assumed?: true | undefined;
}

/** How versions served everybody, by version tag; each list is oldest first. */
export type Services = Readonly<Record<string, readonly Service[]>>;

/** A model version in the registry of one environment. */
export interface VersionRecord {
  readonly version: VersionTag;
  readonly status: VersionStatus;
  readonly artifact: { readonly uri: string /** Hex SHA-256. */; readonly digest: string };
  /** Offline metrics, as `auc: 0.91`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly registeredAt: Instant;
  readonly registeredBy: string;
  readonly statusAt: Instant;
  readonly statusReason: string;
  /** The rollout that last changed the status. */
  readonly rollout?: RolloutId;
  /** Set while the version has an endpoint, or had one under this name. */
  readonly endpoint?: { readonly name: string; readonly generation: number };
  /** How that endpoint was made. Undefined in records from before mlreg kept this. */
  readonly serving?: ServingSettings;
  /** The Lambda version that last served this model version to everybody. */
  readonly functionVersion?: string;
  /** When and how it served everybody, oldest first, the newest five. Undefined in records from before mlreg kept this. */
  readonly services?: readonly Service[];
  /** Irrevocable: the endpoint is being, or has been, deleted; the next deploy takes a new generation. */
  readonly tombstone?: { readonly at: Instant; readonly endpoint: string };
  /** When all that the tombstone names was seen to be gone; one from before the tombstone is of an earlier endpoint. */
  readonly retiredAt?: Instant;
  /** Its endpoint was there before mlreg, which never deletes it. */
  readonly adopted?: true;
  /** Not before this instant may gc retire the endpoint. */
  readonly retireAfter?: Instant;
}

/** Its tombstone is that of its present endpoint: nobody may use that any more. */
export const isRetired = ({ tombstone, endpoint }: VersionRecord): boolean =>
  tombstone !== undefined && (endpoint === undefined || endpoint.name === tombstone.endpoint);

/** A change of one record, applied in the same store write as the journal entries that explain it. */
export interface VersionChange {
  readonly version: VersionTag;
  readonly set: Partial<Omit<VersionRecord, 'version' | 'registeredAt' | 'registeredBy' | 'artifact'>>;
}
