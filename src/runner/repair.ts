import type { EntryBody, Kept, RollbackCause, Stamp } from '../domain/journal.ts';
import { routeKey } from '../domain/route.ts';
import type { Store } from '../ports/store.ts';
import { servicesOf } from '../registry/known-good.ts';
import { isBlind, targetOf } from '../engine/marker.ts';
import type { RolloutState } from '../engine/state.ts';

/** A rollback that the journal does not know. */
export interface Unknown {
  /** What the marker is recognised by. */
  readonly writer: string;
  /** The Lambda version that it left serving. */
  readonly functionVersion: string;
  readonly token: number;
  /** An owner went back that could not write the store, and not a person. */
  readonly byOwner?: true;
}

/** Format 1 named no writer. */
export const writerIn = ({ detail, token, seq }: Stamp): string => detail?.writer ?? `${token}/${seq}`;

export const unknownIn = (stamp: Stamp): Unknown => ({
  writer: writerIn(stamp),
  functionVersion: targetOf(stamp),
  token: stamp.token,
  ...(isBlind(stamp) ? {} : { byOwner: true as const }),
});

const sentenceOf = (byOwner: true | undefined): string =>
  byOwner === true ? rolledBackByOwner : 'rolled back while the store was out of reach';

/** The verdict, or whatever it was, stood in the memory of a process that has ended. */
export const rolledBackByOwner =
  'rolled back while the store could not be written; the reason was printed by the owner at the time';

/**
 * What the journal must say of a rollback that it does not know. What serves is kept: the person who rolled back without
 * the store chose it, and home may be the version that the person took users away from.
 */
export async function repairOf(
  store: Pick<Store, 'versions'>,
  state: RolloutState,
  unknown: Unknown,
): Promise<readonly EntryBody[]> {
  const { functionVersion, writer, token, byOwner } = unknown;
  const what = `${sentenceOf(byOwner)} (token ${token} on the alias)`;
  if (leadsThere(state, functionVersion)) return [{ kind: 'repaired', what, writer }];
  const isHome = functionVersion === state.home.functionVersion;
  const isPlain = isHome && state.keeps === null && state.rollback?.labelled !== true;
  const kept = isPlain ? null : await keptIn(store, functionVersion);
  // What served before a first deploy is home, and no version.
  const isNobody = kept === null || (isHome && kept.version === null);
  return [
    { kind: 'repaired', what, writer, ...(isNobody ? {} : { keeps: kept }) },
    { kind: 'rolling-back', cause: undoneBy(state, byOwner) },
  ];
}

/** The way back that somebody else has gone: the owner who finds it is named. */
export const undoneBy = ({ owner }: RolloutState, byOwner?: true): RollbackCause => ({
  kind: 'abort',
  by: owner.name,
  sentence: sentenceOf(byOwner),
});

/** Going on serves the very version that the rollback left serving, so there is nothing to undo. */
function leadsThere({ plan, home, published, committed }: RolloutState, functionVersion: string): boolean {
  const isChallenger = functionVersion === published[routeKey({ kind: 'single', version: plan.challenger })];
  if (plan.strategy === 'watch') return plan.undo === null && functionVersion === home.functionVersion;
  return (plan.strategy === 'rollback' || committed) && isChallenger;
}

async function keptIn(store: Pick<Store, 'versions'>, functionVersion: string): Promise<Kept> {
  const records = await store.versions();
  const champion = records.find(({ status }) => status === 'champion');
  const found =
    [champion, ...records].find((record) => record?.functionVersion === functionVersion) ??
    records.find((record) =>
      servicesOf(record).some((service) => service.functionVersion === functionVersion),
    );
  return { functionVersion, version: found?.version ?? null, champion: champion?.version ?? null };
}
