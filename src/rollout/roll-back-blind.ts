import type { Stamp } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Platform } from '../ports/platform.ts';
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
  const { rollout, back } = stamp;
  const goBack = (name: string): Promise<SetAliasOutcome> =>
    takeAlias(
      platform,
      name,
      (found) => ({
        environment,
        token: Math.max(found.stamp?.token ?? 0, stamp.token) + 1,
        seq: 0,
        rollout,
        back,
      }),
      // An alias without a stamp was never part of a rollout.
      (found) => (found.stamp === undefined ? null : { functionVersion: back, weights: {} }),
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
