import type { Stamp } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Platform } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
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
 * The rollout that somebody has rolled back by the alias alone, while its journal doesn't know: whoever resumes takes it
 * up, ended or not. Tokens don't tell, for somebody may have taken a newer one since, and changed nothing.
 */
export async function wentBackBlind(
  {
    store,
    platform,
  }: { readonly store: Pick<Store, 'rollouts'>; readonly platform: Pick<Platform, 'readAlias'> },
  alias: string,
): Promise<RolloutId | null> {
  const [newest] = await store.rollouts();
  if (newest === undefined) return null;
  return isBlind((await platform.readAlias(alias)).stamp, newest) ? newest : null;
}
