import type { VersionRecord } from '../domain/registry.ts';
import { type Instant, later, type VersionTag } from '../domain/units.ts';

export type Retirement = { readonly version: VersionTag; readonly endpoint: string } & (
  | { readonly kind: 'due' }
  /** Its tombstone is written, and its deletion was not seen to end. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'kept'; readonly until: Instant }
);

/** Endpoints of mlreg's own making whose versions neither serve nor are on trial, and when each may go. Pure: says nothing about who reaches them. */
export function retirements(
  records: readonly VersionRecord[],
  { now, keepMs }: { readonly now: Instant; readonly keepMs: number },
): readonly Retirement[] {
  return records.flatMap((record): readonly Retirement[] => {
    const { version, status, endpoint, tombstone, retiredAt, adopted } = record;
    const begun: readonly Retirement[] =
      tombstone === undefined || (retiredAt !== undefined && retiredAt >= tombstone.at)
        ? []
        : [{ kind: 'begun', version, endpoint: tombstone.endpoint }];
    if (status === 'champion' || status === 'challenger' || adopted === true) return begun;
    if (endpoint === undefined || endpoint.name === tombstone?.endpoint) return begun;
    const until = keptUntil(record, keepMs);
    const own: Retirement =
      now < until
        ? { kind: 'kept', version, endpoint: endpoint.name, until }
        : { kind: 'due', version, endpoint: endpoint.name };
    return [...begun, own];
  });
}

/** As promised when it was superseded; an instant from before its present status promises nothing. */
function keptUntil({ retireAfter, statusAt }: VersionRecord, keepMs: number): Instant {
  return retireAfter !== undefined && retireAfter >= statusAt ? retireAfter : later(statusAt, keepMs);
}

/** Whether a Lambda version with these variables may ask this endpoint: its name stands there as a whole. */
export function mayAsk(variables: Readonly<Record<string, string>>, endpoint: string): boolean {
  const whole = new RegExp(`(?<![A-Za-z0-9-])${endpoint}(?![A-Za-z0-9-])`);
  return Object.values(variables).some((value) => whole.test(value));
}

/** Every endpoint of mlreg's own making that is there, or was not seen to go, whatever it is needed for. */
export function allEndpoints(
  records: readonly VersionRecord[],
): readonly { readonly version: VersionTag; readonly endpoint: string }[] {
  return records.flatMap(({ version, endpoint, tombstone, retiredAt, adopted }) => {
    const isGone = tombstone !== undefined && retiredAt !== undefined && retiredAt >= tombstone.at;
    const named = new Set([
      ...(tombstone === undefined || isGone ? [] : [tombstone.endpoint]),
      ...(endpoint === undefined || adopted === true || (isGone && tombstone.endpoint === endpoint.name)
        ? []
        : [endpoint.name]),
    ]);
    return [...named].map((name) => ({ version, endpoint: name }));
  });
}
