import type { Plan } from '../domain/plan.ts';
import type { VersionChange } from '../domain/registry.ts';
import { type Instant, later, type RolloutId, type VersionTag } from '../domain/units.ts';

interface Context {
  readonly rollout: RolloutId;
  readonly at: Instant;
}

/** The challenger has been seen to serve everybody: the registry may say so. */
export function promoted(
  plan: Plan,
  context: Context & { readonly functionVersion: string; readonly keepPreviousMs: number },
): readonly VersionChange[] {
  const back = plan.strategy === 'rollback';
  const reason = back ? 'rolled back to' : `promoted by ${plan.strategy}`;
  const changes: VersionChange[] = [
    {
      version: plan.challenger,
      set: {
        status: 'champion',
        statusAt: context.at,
        statusReason: reason,
        rollout: context.rollout,
        functionVersion: context.functionVersion,
      },
    },
  ];
  if (plan.champion !== null && plan.champion !== plan.challenger) {
    changes.push({
      version: plan.champion,
      set: {
        status: back ? 'rolled_back' : 'archived',
        statusAt: context.at,
        statusReason: back ? `rolled back to ${plan.challenger}` : `followed by ${plan.challenger}`,
        rollout: context.rollout,
        retireAfter: later(context.at, context.keepPreviousMs),
      },
    });
  }
  return changes;
}

/** Nobody but copies has met the challenger: it is what it was before. */
export function shadowed(
  plan: Plan,
  context: Context & { readonly reason: string },
): readonly VersionChange[] {
  const { rollout, at, reason } = context;
  return [
    {
      version: plan.challenger,
      set: { status: 'candidate', statusAt: at, statusReason: reason, rollout },
    },
  ];
}

/** The endpoint is about to be deleted, whatever comes between: nobody may route to it any more. */
export function retired(
  version: VersionTag,
  { endpoint, at, rollout }: Context & { readonly endpoint: string },
): readonly VersionChange[] {
  return [{ version, set: { tombstone: { at, endpoint }, rollout } }];
}

/**
 * Traffic has been seen back with the champion. A watch rolls back what served, a rollout what was on trial.
 * @param context.wasPromoted the registry calls the challenger champion since this very rollout
 * @param context.neverInService its endpoint is nobody's way back: it need not be kept
 */
export function rolledBack(
  plan: Plan,
  context: Context & {
    readonly reason: string;
    readonly wasPromoted: boolean;
    readonly neverInService: boolean;
  },
): readonly VersionChange[] {
  // A return to an older version that was undone before the registry knew of it leaves both what they were.
  if (plan.strategy === 'rollback' && !context.wasPromoted) return [];
  const set = (status: 'rolled_back' | 'archived' | 'champion'): VersionChange['set'] => ({
    status,
    statusAt: context.at,
    statusReason: context.reason,
    rollout: context.rollout,
  });
  const failed = plan.strategy === 'rollback' ? 'archived' : 'rolled_back';
  const kept = context.neverInService ? { retireAfter: context.at } : {};
  const changes: VersionChange[] = [{ version: plan.challenger, set: { ...set(failed), ...kept } }];
  // Until its follower is promoted the champion never ceases to be one; after a watch an earlier version is it again.
  const wasReplaced = plan.strategy === 'watch' || context.wasPromoted;
  if (wasReplaced && plan.champion !== null) changes.push({ version: plan.champion, set: set('champion') });
  return changes;
}
