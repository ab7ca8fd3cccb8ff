import type { Entry, Stamp } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import { type AliasTarget, sameTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import type { AliasView, Platform } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { replay } from './replay.ts';
import { type SetAliasOutcome, takeAlias } from './set-alias.ts';

export type BlindOutcome = SetAliasOutcome | { readonly kind: 'no-way-back' };

/**
 * The way back with the store out of reach: all that it needs stands on the alias. The token is the alias's plus one,
 * which no store ever gave out; whoever takes the rollout over later sees that, and repairs the journal from it.
 * @param green the other alias that a stage may name, where there is one: users may be there
 */
export async function rollBackBlind(
  platform: Platform,
  { alias, green }: { readonly alias: string; readonly green: string | null },
  environment: string,
): Promise<BlindOutcome> {
  const { stamp } = await platform.readAlias(alias);
  if (stamp === undefined) return { kind: 'no-way-back' };
  let newest = stamp;
  const goBack = (name: string): Promise<SetAliasOutcome> =>
    takeAlias(
      platform,
      name,
      (found) => {
        // The first reading may have been late, and its way back the one that users were saved from.
        if (name === alias && found.stamp !== undefined) newest = found.stamp;
        const token = Math.max(found.stamp?.token ?? 0, newest.token) + 1;
        return { environment, token, seq: 0, rollout: newest.rollout, back: newest.back };
      },
      // Another alias without a stamp was never part of a rollout.
      (found) =>
        found.stamp === undefined && name !== alias ? null : { functionVersion: newest.back, weights: {} },
    );
  const first = await goBack(alias);
  if (green === null) return first;
  const second = await goBack(green);
  const isHome = second.kind === 'set' || second.kind === 'left' || isMissing(second);
  return first.kind === 'set' && !isHome ? second : first;
}

const isMissing = (outcome: SetAliasOutcome): boolean =>
  outcome.kind === 'failed' && outcome.error.failure.kind === 'missing';

/** Whether a blind rollback undid this rollout: where one is itself a return, or has nowhere to go, nothing was undone. */
export const canGoBlind = ({ strategy, undo }: Plan): boolean =>
  strategy !== 'rollback' && !(strategy === 'watch' && undo === null);

/**
 * Whether this stamp is of a blind rollback of this rollout: entry 0 never is an intent, so no other write carries it. Its
 * token says nothing, for the store may have given out the very same one meanwhile.
 */
export function isBlind(stamp: Stamp | undefined, rollout: RolloutId): boolean {
  return stamp !== undefined && stamp.rollout === rollout && stamp.seq === 0;
}

/**
 * Whether an older owner has rolled back what its journal doesn't tell: blind, or with the store lost on the way. A write
 * forward is in the journal before it is sent, so an older token's stamp can't lie beyond what we took over; only the way
 * back goes without.
 */
export function wentBackUnseen(
  stamp: Stamp | undefined,
  { id, token, ownedSeq }: { readonly id: RolloutId; readonly token: number; readonly ownedSeq: number },
): boolean {
  if (isBlind(stamp, id)) return true;
  return stamp !== undefined && stamp.rollout === id && stamp.token < token && stamp.seq >= ownedSeq;
}

/**
 * Whether users were brought back from an earlier rollout, by the alias alone, before this one ever wrote it: with the store
 * lost nobody could know that this one had begun. Where that way back leads elsewhere than ours, the alias isn't ours to
 * move: this rollout ends, and the earlier one is taken up. A watch that would lead to the same place takes it for its own.
 */
export function wentBackBefore(
  { stamp, target }: AliasView,
  { id, plan, home }: { readonly id: RolloutId; readonly plan: Plan; readonly home: AliasTarget },
): 'elsewhere' | 'home' | null {
  if (stamp?.seq !== 0 || stamp.rollout === id) return null;
  if (!sameTarget(target, { functionVersion: stamp.back, weights: {} })) return null;
  const isHome = stamp.back === home.functionVersion;
  if (plan.strategy !== 'watch') return isHome ? null : 'elsewhere';
  // What a watch guards isn't what it would lead back to.
  if (plan.undo === null) return isHome ? null : 'elsewhere';
  return isHome ? 'home' : null;
}

/**
 * The rollout that somebody has rolled back by the alias alone, while its journal doesn't know, or whose journal somebody
 * was about to tell and died: whoever resumes takes it up, ended or not. Tokens don't tell, for somebody may have taken a
 * newer one since, and changed nothing; nor need it be the newest, for what began since and ended never wrote the alias.
 */
export async function wentBackBlind(
  {
    store,
    platform,
  }: {
    readonly store: Pick<Store, 'rollouts' | 'journal' | 'lock'>;
    readonly platform: Pick<Platform, 'readAlias'>;
  },
  alias: string,
): Promise<RolloutId | null> {
  const rollouts = await store.rollouts();
  const [newest] = rollouts;
  if (newest === undefined) return null;
  const { stamp } = await platform.readAlias(alias);
  if (stamp?.seq === 0 && rollouts.includes(stamp.rollout)) return stamp.rollout;
  const { owner, rollout } = await store.lock();
  if (owner === null || rollout === null || rollout === newest || !rollouts.includes(rollout)) return null;
  return isOver(rollout, await store.journal(rollout)) ? null : rollout;
}

/** Whether nobody need ever take it up. */
export function isOver(id: RolloutId, entries: readonly Entry[]): boolean {
  const { outcome } = replay(id, entries);
  return outcome !== null && outcome.kind !== 'stuck';
}
