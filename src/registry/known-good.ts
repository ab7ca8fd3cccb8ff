import {
  isRetired,
  type Departure,
  type Service,
  type Services,
  type VersionRecord,
} from '../domain/registry.ts';
import type { Instant } from '../domain/units.ts';

/** Why a version has the status, or was left, as a recovery says. */
export const foundByRecovery = 'found by mlreg recover';
export const foundByRestore = 'found by mlreg restore';

/** The command that rebuilt the registry and gave this reason; null where a rollout did. */
export function rebuiltBy(reason: string): 'mlreg recover' | 'mlreg restore' | null {
  if (reason === foundByRecovery) return 'mlreg recover';
  return reason === foundByRestore ? 'mlreg restore' : null;
}

/** Older ones are dropped: a rollback uses the newest. */
const mostServices = 5;

/** Where a version stands as the target of a rollback. `since` is when that became so. */
export type Standing =
  | { readonly kind: 'never-served' }
  | { readonly kind: 'serving'; readonly service: Service }
  /** It served everybody and was left for a newer version. */
  | { readonly kind: 'good'; readonly service: Service; readonly since: Instant }
  /**
   * It was found by `mlreg recover` or `restore`: whether users were ever taken away from it was lost with the store, and of an
   * assumed service also whether it ever served everybody.
   */
  | {
      readonly kind: 'unproven';
      readonly service: Service;
      readonly since: Instant;
      readonly by: 'mlreg recover' | 'mlreg restore';
    }
  /** Users were taken away from it by a verdict, an abort or a rollback. */
  | { readonly kind: 'fled'; readonly service: Service; readonly left: Departure };

/** Of each of these versions. */
export const servicesOfAll = (records: readonly VersionRecord[], versions: readonly unknown[]): Services =>
  Object.fromEntries(
    records
      .filter(({ version }) => versions.includes(version))
      .map((record) => [record.version, servicesOf(record)]),
  );

/**
 * How a version served everybody, oldest first. A record from before mlreg kept this knows its Lambda version alone, so one
 * service is made of that.
 */
export function servicesOf(record: VersionRecord): readonly Service[] {
  const { services = [], functionVersion, endpoint, statusAt, rollout } = record;
  if (functionVersion === undefined || services.at(-1)?.functionVersion === functionVersion) return services;
  // Where the endpoint was retired and made anew since, nobody knows which of them this Lambda version invokes.
  const { tombstone, status } = record;
  const isKnown = tombstone === undefined || status === 'champion' || status === 'archived';
  return began(services, {
    functionVersion,
    endpoint: (isKnown ? endpoint?.name : tombstone.endpoint) ?? '',
    since: statusAt,
    rollout,
    ...(status === 'champion' ? {} : { left: leftByStatus(record) }),
  });
}

/** One meaning of "known good": it served everybody, and was not left because of a verdict, an abort or a rollback. */
export function standingOf(record: VersionRecord): Standing {
  const service = servicesOf(record).at(-1);
  if (service === undefined) return { kind: 'never-served' };
  if (record.status === 'champion') return { kind: 'serving', service };
  const left = departureOf(record, service);
  const by = rebuiltBy(left.reason);
  if (left.why === 'replaced' && by !== null) return { kind: 'unproven', service, since: left.at, by };
  return left.why === 'replaced'
    ? { kind: 'good', service, since: left.at }
    : { kind: 'fled', service, left };
}

/** An mlreg from before services were recorded changes the status alone: then that is the newer word. */
function departureOf(record: VersionRecord, { left }: Service): Departure {
  const isStale = record.status === 'rolled_back' && left?.rollout !== record.rollout;
  return left === undefined || isStale ? leftByStatus(record) : left;
}

function leftByStatus({ status, statusAt, statusReason, rollout }: VersionRecord): Departure {
  const left = { at: statusAt, reason: statusReason, rollout };
  if (status !== 'rolled_back') return { ...left, why: 'replaced' };
  if (statusReason.startsWith('rolled back to ')) return { ...left, why: 'rollback' };
  return { ...left, why: statusReason.startsWith('aborted by ') ? 'abort' : 'verdict' };
}

/** Versions that a rollback may go to without asking anybody: the champion first, then the one left last. */
export function knownGood(records: readonly VersionRecord[]): readonly VersionRecord[] {
  return records
    .flatMap((record) => {
      const standing = standingOf(record);
      if (standing.kind === 'serving') return [{ record, at: Infinity }];
      return standing.kind === 'good' ? [{ record, at: standing.since }] : [];
    })
    .sort((a, b) => b.at - a.at)
    .map(({ record }) => record);
}

/** The version known good that served last before the champion; undefined where there is none. */
export function previousGood(
  records: readonly VersionRecord[],
  wanted: { readonly withEndpoint: boolean } = { withEndpoint: false },
): VersionRecord | undefined {
  return knownGood(records).find(
    (record) => record.status !== 'champion' && !(wanted.withEndpoint && isRetired(record)),
  );
}

/** The version that served last before the champion, as far as `mlreg recover` could find out; undefined where there is none. */
export function previousUnproven(records: readonly VersionRecord[]): VersionRecord | undefined {
  const [newest] = records
    .flatMap((record) => {
      const standing = standingOf(record);
      const isKnown = standing.kind === 'unproven' && standing.service.assumed !== true;
      return isKnown ? [{ record, since: standing.since }] : [];
    })
    .sort((a, b) => b.since - a.since);
  return newest?.record;
}

/** Versions of which a recovery could not find out whether they ever served everybody, the newest first. */
export const mayHaveServed = (records: readonly VersionRecord[]): readonly VersionRecord[] =>
  records
    .filter((record) => {
      const standing = standingOf(record);
      return standing.kind === 'unproven' && standing.service.assumed === true;
    })
    .sort((a, b) => b.registeredAt - a.registeredAt);

/** One more service, which goes on. Where this very Lambda version serves already, that service goes on instead. */
export function began(services: readonly Service[], service: Service): readonly Service[] {
  const last = services.at(-1);
  const goesOn = last?.left === undefined && last?.functionVersion === service.functionVersion;
  if (goesOn) return services;
  const left: Departure = { at: service.since, why: 'replaced', reason: 'published anew' };
  const before =
    last === undefined || last.left !== undefined ? services : [...services.slice(0, -1), { ...last, left }];
  return [...before, service].slice(-mostServices);
}

/** The newest service has ended so; nothing changes where there was none. */
export function ended(services: readonly Service[], left: Departure): readonly Service[] {
  const last = services.at(-1);
  return last === undefined ? services : [...services.slice(0, -1), { ...last, left }];
}
