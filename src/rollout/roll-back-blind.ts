import { hash } from 'node:crypto';
import type { Entry, MarkerDetail, Stamp } from '../domain/journal.ts';
import { type AliasTarget, sameTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { lookAt } from './look.ts';
import { isBlind, isMine, noStore, targetOf } from './marker.ts';
import { replay } from './replay.ts';
import { isOverIn } from './snapshot.ts';

/** What a person orders while the store can't be read, can't be written, or is not the newest. */
export interface BlindOrder {
  /** 8 hex digits, of this order and no other: by it the order knows its own write. */
  readonly writer: string;
  /** The Lambda version; where the marker's way back leads unless named. */
  readonly to?: string;
  /** Also over another person's order to another version. */
  readonly force?: boolean;
}

export type BlindOutcome =
  | { readonly kind: 'set'; readonly view: AliasView }
  /** Another person has brought users to another version, and `force` was not given. */
  | { readonly kind: 'another-order'; readonly view: AliasView; readonly wanted: string }
  | { readonly kind: 'failed'; readonly error: PlatformError }
  /** mlreg never wrote the alias: nobody knows where back is. */
  | { readonly kind: 'no-way-back' };

/** 8 hex digits from an id that is nobody else's. */
export const writerFrom = (id: string): string => hash('sha256', id, 'hex').slice(0, 8);

/** Looks so often: each time somebody else wrote between the look and the write. */
const rounds = 5;

/**
 * The rollback without the store: all that it needs stands on the alias. It keeps the marker's store, epoch and token, so
 * that the store, once it is back, can repair its journal from it; its writer says whose it is.
 * @param green the other alias that a stage may name, where there is one: users may be there
 */
export async function rollBackBlind(
  platform: Platform,
  { alias, green }: { readonly alias: string; readonly green: string | null },
  order: BlindOrder,
): Promise<BlindOutcome> {
  const first = await orderBlind(platform, alias, order);
  if (first.kind !== 'set' || green === null) return first;
  const { stamp, target } = first.view;
  const to = order.to ?? target.functionVersion;
  const second = await orderBlind(platform, green, { ...order, to }, stamp);
  const isHome = second.kind === 'set' || second.kind === 'no-way-back' || isMissing(second);
  return isHome ? first : second;
}

/** Look, write, read back; where that is not one's own write, begin again with the look. */
async function orderBlind(
  platform: Platform,
  alias: string,
  order: BlindOrder,
  newest?: Stamp,
): Promise<BlindOutcome> {
  let failure: PlatformError | undefined;
  for (let round = 1; round <= rounds; round++) {
    let found: AliasView;
    try {
      found = await platform.readAlias(alias);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return { kind: 'failed', error: failure ?? error };
    }
    // Also a second alias that no rollout has marked is written: an owner who meant to point it at the new version loses
    // its revision by it, and would swap the stage there.
    const stamp = found.stamp ?? newest;
    if (stamp === undefined) return { kind: 'no-way-back' };
    // An owner has come since, who found this order on the first alias, and sees to the second.
    if (newest !== undefined && stamp.token > newest.token) return { kind: 'no-way-back' };
    // Where somebody has moved the alias by hand since and left the marker, it is written again.
    if (found.stamp?.detail?.writer === order.writer && sameTarget(found.target, only(targetOf(found.stamp))))
      return { kind: 'set', view: found };
    const wanted = order.to ?? (isBlind(stamp) ? targetOf(stamp) : stamp.back);
    if (isBlind(stamp) && order.force !== true && targetOf(stamp) !== wanted)
      return { kind: 'another-order', view: found, wanted };
    const target = only(wanted);
    const own = blindStamp(stamp, order.writer, wanted, newest);
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

function blindStamp(found: Stamp, writer: string, target: string, newest: Stamp | undefined): Stamp {
  const detail = (store: MarkerDetail['store']): MarkerDetail => ({
    store,
    purpose: 'blind',
    writer,
    target,
  });
  const { environment, rollout, token } = newestOf(found, newest);
  const common = { environment, rollout, seq: 0, back: target };
  const store = newestOf(found, newest).detail?.store;
  if (store !== undefined) return { ...common, token, detail: detail(store) };
  // Over a marker of format 1 an owner of that time must see a newer one: it knows nothing of writers.
  return { ...common, token: token + 1, detail: detail(noStore) };
}

const only = (functionVersion: string): AliasTarget => ({ functionVersion, weights: {} });

/** The second alias follows the first, whatever older marker it carries. */
const newestOf = (found: Stamp, newest: Stamp | undefined): Stamp => newest ?? found;

const isMissing = (outcome: BlindOutcome): boolean =>
  outcome.kind === 'failed' && outcome.error.failure.kind === 'missing';

/**
 * The rollout that was rolled back while its journal doesn't know, or whose journal somebody
 * was about to tell and died: whoever resumes takes it up, ended or not. Tokens don't tell, for somebody may have taken a
 * newer one since, and changed nothing; nor need it be the newest, for what began since and ended never wrote the alias.
 */
export async function wentBackBlind(
  {
    store,
    platform,
  }: {
    readonly store: Pick<Store, 'rollouts' | 'journal' | 'snapshot' | 'lock' | 'writerOf'>;
    readonly platform: Pick<Platform, 'readAlias'>;
  },
  alias: string,
): Promise<RolloutId | null> {
  const rollouts = await store.rollouts();
  const [newest] = rollouts;
  if (newest === undefined) return null;
  const meaning = await lookAt(store, await platform.readAlias(alias));
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
