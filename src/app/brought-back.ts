import type { Stamp } from '../domain/journal.ts';
import { type Instant, type VersionTag } from '../domain/units.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { routeKey } from '../domain/route.ts';
import { isBlind, targetOf } from '../engine/marker.ts';
import type { RolloutState } from '../engine/state.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { writerIn } from '../runner/repair.ts';
import { clock } from '../view/condition.ts';

/** A rollback that stands on the alias alone: the journal of its rollout does not know yet. */
export interface BroughtBack {
  readonly rollout: string;
  /** A person moved the alias; otherwise the rollout's owner, who could not write the store. */
  readonly byHand: boolean;
  readonly functionVersion: string;
  /** null: no version is known to be served by it. */
  readonly version: VersionTag | null;
  /** The marker has no time in it. The journal's last word on what users get is older; null: there is none. */
  readonly after: Instant | null;
  readonly sentence: string;
}

/**
 * What to say of a marker under which users were brought back.
 * @param state the rollout that the marker names, where its journal can be read
 */
export function broughtBackBy(
  stamp: Stamp,
  state: RolloutState | null,
  versions: readonly VersionRecord[] = [],
): BroughtBack {
  const functionVersion = targetOf(stamp);
  const version = versionOf(functionVersion, state, versions);
  const byHand = isBlind(stamp);
  const after = state === null ? null : (state.endedAt ?? state.routeSince);
  const place =
    version === null ? `Lambda version ${functionVersion}` : `${version} (Lambda version ${functionVersion})`;
  const who = byHand ? 'by hand' : `by the owner of ${stamp.rollout}, which could not write the store,`;
  const when = after === null ? '' : `, after ${clock(after)}`;
  return {
    rollout: stamp.rollout,
    byHand,
    functionVersion,
    version,
    after,
    sentence: `users were brought back ${who} to ${place}${when}`.replace(',,', ','),
  };
}

/** A person's rollback by the alias alone, as far as this owner's journal does not know of it; null where there is none. */
export async function broughtBackByHand(
  platform: Pick<Platform, 'readAlias'>,
  state: RolloutState,
): Promise<BroughtBack | null> {
  try {
    const { stamp } = await platform.readAlias(state.plan.alias);
    const isUnknown = stamp?.rollout === state.id && isBlind(stamp) && state.repaired !== writerIn(stamp);
    return isUnknown ? broughtBackBy(stamp, state) : null;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

function versionOf(
  functionVersion: string,
  state: RolloutState | null,
  versions: readonly VersionRecord[],
): VersionTag | null {
  if (state !== null) {
    const { home, plan, published } = state;
    if (functionVersion === published[routeKey({ kind: 'single', version: plan.challenger })])
      return plan.challenger;
    if (functionVersion === home.functionVersion && plan.champion !== null) return plan.champion;
  }
  return versions.find((record) => record.functionVersion === functionVersion)?.version ?? null;
}
