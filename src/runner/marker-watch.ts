import type { EntryBody, Stamp } from '../domain/journal.ts';
import { isBlind, isMine, isRollback, mustStop } from '../engine/marker.ts';
import type { RolloutState } from '../engine/state.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { repairOf, unknownIn, writerIn } from './repair.ts';

/** What somebody else's marker on the alias tells its owner. */
export type MarkerNews =
  /** Somebody newer has the alias, or a person brought users back without the store: the owner writes it no more. */
  | { readonly kind: 'stop'; readonly by: string }
  /** Users were brought back under an older token of this owner, and the journal does not know. */
  | { readonly kind: 'record'; readonly entries: readonly EntryBody[] };

/** News of users brings a look with it; without any the alias is read so often at most. */
const quietLookMs = 10_000;

/**
 * Whether the alias is to be read though there is no news of users: while somebody is waited for, or metrics are late.
 * @param lastAt when this process looked last; null: never
 */
export function isLookDue(lastAt: number | null, { writtenAt, plan }: RolloutState, now: number): boolean {
  const quietSince = Math.max(lastAt ?? 0, writtenAt);
  return Math.abs(now - quietSince) >= Math.max(plan.tickMs, quietLookMs);
}

/** The alias that every owner's fence wrote. @returns null where it can't be read, which holds nothing up */
export async function readMain(
  platform: Pick<Platform, 'readAlias'>,
  state: RolloutState,
): Promise<AliasView | null> {
  try {
    return await platform.readAlias(state.plan.alias);
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

/**
 * The owner's next write would find what somebody else has written, but that may be a whole bake away, and until then the
 * owner says that the rollout goes on. The rules are those of the write. A late reading shows an older marker, and is no news.
 * @param found the plan's own alias
 */
export async function newsOfMarker(
  { store }: Pick<RolloutPorts, 'store'>,
  journal: Pick<JournalWriter, 'state' | 'mark' | 'token'>,
  found: AliasView | null,
): Promise<MarkerNews | null> {
  const state = journal.state();
  const carried = state.aliases[state.plan.alias];
  const stamp = found?.stamp;
  // Before the fence the alias is somebody else's by right; the fence reads what is there.
  if (stamp === undefined || carried === undefined || state.unfenced.includes(state.plan.alias)) return null;
  if (mustStop(stamp, ownOf(journal, carried.stamp), null)) {
    const by = isBlind(stamp) ? 'a rollback by the alias alone' : `token ${stamp.token} on the alias`;
    return { kind: 'stop', by };
  }
  if (isMine(stamp, carried.stamp)) return null;
  const isUnknown =
    stamp.rollout === state.id && state.rollback === null && state.repaired !== writerIn(stamp);
  if (!isUnknown || stamp.detail === undefined || !isRollback(stamp)) return null;
  return { kind: 'record', entries: await repairOf(store, state, unknownIn(stamp)) };
}

/** A person's marker over this owner's own write; null where there is none, or the alias can't be read. */
export async function broughtBack(
  platform: Pick<Platform, 'readAlias'>,
  journal: Pick<JournalWriter, 'state' | 'mark' | 'token'>,
): Promise<Stamp | null> {
  const state = journal.state();
  const carried = state.aliases[state.plan.alias];
  const stamp = carried === undefined ? undefined : (await readMain(platform, state))?.stamp;
  const isByHand = stamp !== undefined && isBlind(stamp) && state.repaired !== writerIn(stamp);
  return isByHand && stamp.rollout === state.id ? stamp : null;
}

/** By what this owner's next write would be known; it may have a newer token than it has written with. */
function ownOf({ token, mark }: Pick<JournalWriter, 'mark' | 'token'>, carried: Stamp): Stamp {
  const { detail } = carried;
  const own = mark();
  return {
    ...carried,
    token,
    ...(detail === undefined || own === undefined
      ? {}
      : { detail: { ...detail, store: { id: own.store.id, epoch: own.store.epoch }, writer: own.writer } }),
  };
}
