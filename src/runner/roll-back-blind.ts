import { hash } from 'node:crypto';
import type { Entry, MarkerDetail, Stamp } from '../domain/journal.ts';
import { type AliasTarget, sameTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { type AliasNames, markersIn, readMarkers } from './environment-view.ts';
import type { Asked, Claim } from './look.ts';
import {
  hasBegunSince,
  isBlind,
  isMine,
  isNewer,
  leadsBackTo,
  newestOf,
  noStore,
  targetOf,
} from '../engine/marker.ts';
import { replay } from '../engine/fold-journal.ts';
import { isOverIn } from './snapshot.ts';

/** What a person orders while the store can't be read, can't be written, or is not the newest. */
export interface BlindOrder {
  /** 8 hex digits, of this order and no other: by it the order knows its own write. */
  readonly writer: string;
  /** The Lambda version; where the marker's way back leads unless named. */
  readonly to?: string;
  /** The last marker that the journal knows of the rollout which is undone: over another one's that is newer, nothing is. */
  readonly undoes?: Stamp;
  /** Also over another person's order to another version. */
  readonly force?: boolean;
}

export type BlindOutcome =
  | { readonly kind: 'set'; readonly view: AliasView }
  /** Another person has brought users to another version, and `force` was not given. */
  | { readonly kind: 'another-order'; readonly view: AliasView; readonly wanted: string }
  /** That rollout is over, and another one has begun since; `force` was not given. */
  | { readonly kind: 'another-rollout'; readonly view: AliasView; readonly rollout: RolloutId }
  | { readonly kind: 'failed'; readonly error: PlatformError }
  /** mlreg never wrote the alias: nobody knows where back is. */
  | { readonly kind: 'no-way-back' };

/** 8 hex digits from an id that is nobody else's. */
export const writerFrom = (id: string): string => hash('sha256', id, 'hex').slice(0, 8);

/** Looks so often: each time somebody else wrote between the look and the write. */
const rounds = 5;

type Reads = Pick<Platform, 'readAlias' | 'readStage' | 'writeAlias'>;

/**
 * The rollback without the store: all that it needs stands on the aliases. It keeps the store, epoch and token of the newest
 * marker, so that the store, once it is back, can repair its journal from it; its writer says whose it is.
 */
export async function rollBackBlind(
  platform: Reads,
  names: AliasNames,
  order: BlindOrder,
): Promise<BlindOutcome> {
  const { alias } = names;
  const first = await orderBlind(platform, alias, order, async () => {
    const view = await readMarkers(platform, names);
    const [newest] = newestOf(markersIn(view));
    return { found: view.main.view, newest: newest?.stamp };
  });
  const other = names.green ?? null;
  if (first.kind !== 'set' || other === null) return first;
  const { stamp: newest, target } = first.view;
  const to = order.to ?? target.functionVersion;
  const second = await orderBlind(platform, other, { ...order, to }, async () => {
    const found = await platform.readAlias(other);
    // An owner has come since, who found this order on the first alias, and sees to the second.
    const isOver = newest === undefined || (found.stamp !== undefined && isNewer(found.stamp, newest));
    // Also one that no rollout has marked is written: an owner who meant to point it at the new version loses its revision
    // by it, and would swap the stage there.
    return { found, newest: isOver ? undefined : newest };
  });
  const isHome = second.kind === 'set' || second.kind === 'no-way-back' || isMissing(second);
  return isHome ? first : second;
}

interface Standing {
  readonly found: AliasView;
  /** The newest marker of the environment; undefined: the alias is left as it is. */
  readonly newest: Stamp | undefined;
}

/** Look, write, read back; where that is not one's own write, begin again with the look. */
async function orderBlind(
  platform: Reads,
  alias: string,
  order: BlindOrder,
  look: () => Promise<Standing>,
): Promise<BlindOutcome> {
  let failure: PlatformError | undefined;
  for (let round = 1; round <= rounds; round++) {
    let standing: Standing;
    try {
      standing = await look();
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return { kind: 'failed', error: failure ?? error };
    }
    const { found, newest } = standing;
    if (newest === undefined) return { kind: 'no-way-back' };
    const { stamp = newest } = found;
    // Where somebody has moved the alias by hand since and left the marker, it is written again.
    if (found.stamp?.detail?.writer === order.writer && sameTarget(found.target, only(targetOf(found.stamp))))
      return { kind: 'set', view: found };
    const { undoes, force } = order;
    if (undoes !== undefined && force !== true && hasBegunSince(newest, undoes))
      return { kind: 'another-rollout', view: found, rollout: newest.rollout };
    const wanted = order.to ?? leadsBackTo(newest);
    if (isBlind(stamp) && force !== true && targetOf(stamp) !== wanted)
      return { kind: 'another-order', view: found, wanted };
    const target = only(wanted);
    const own = blindStamp(newest, order.writer, wanted);
    failure = undefined;
    try {
      await platform.writeAlias(alias, { target, stamp: own, revisionId: found.revisionId });
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (error.failure.kind !== 'unknown') return { kind: 'failed', error };
      failure = error;
    }
    const seen = await platform.readAlias(alias).catch((error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
      failure ??= error;
      return null;
    });
    if (seen?.stamp !== undefined && isMine(seen.stamp, own) && sameTarget(seen.target, target))
      return { kind: 'set', view: seen };
  }
  const message = `alias ${alias} was changed by somebody else between each reading and writing`;
  return { kind: 'failed', error: failure ?? new PlatformError({ kind: 'unknown', message }) };
}

/** The second alias follows the first, whatever older marker it carries. */
function blindStamp({ environment, rollout, token, detail }: Stamp, writer: string, target: string): Stamp {
  const common = { environment, rollout, seq: 0, back: target };
  const marked = (store: MarkerDetail['store']): MarkerDetail => ({
    store,
    purpose: 'blind',
    writer,
    target,
  });
  if (detail !== undefined) return { ...common, token, detail: marked(detail.store) };
  // Over a marker of format 1 an owner of that time must see a newer one: it knows nothing of writers.
  return { ...common, token: token + 1, detail: marked(noStore) };
}

const only = (functionVersion: string): AliasTarget => ({ functionVersion, weights: {} });

const isMissing = (outcome: BlindOutcome): boolean =>
  outcome.kind === 'failed' && outcome.error.failure.kind === 'missing';

/**
 * The rollout that was rolled back while its journal doesn't know, or whose journal somebody
 * was about to tell and died: whoever resumes takes it up, ended or not. Tokens don't tell, for somebody may have taken a
 * newer one since, and changed nothing; nor need it be the newest, for what began since and ended never wrote the alias.
 */
export async function wentBackBlind(
  store: Asked & Pick<Store, 'rollouts'>,
  claim: () => Promise<Claim>,
): Promise<RolloutId | null> {
  const rollouts = await store.rollouts();
  const [newest] = rollouts;
  if (newest === undefined) return null;
  const { meaning } = await claim();
  if (meaning.kind === 'unknown-rollback') return meaning.rollout;
  const { owner, rollout } = await store.lock();
  if (owner === null || rollout === null || rollout === newest || !rollouts.includes(rollout)) return null;
  return (await isOverIn(store, rollout)) ? null : rollout;
}

/** Whether nobody need ever take it up. */
export function isOver(id: RolloutId, entries: readonly Entry[]): boolean {
  const { outcome } = replay(id, entries);
  return outcome !== null && outcome.kind !== 'stuck';
}
