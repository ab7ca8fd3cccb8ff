import type { Kept } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { RollbackCause } from '../domain/journal.ts';
import type { Departure, Service, Services, VersionChange } from '../domain/registry.ts';
import { type Instant, later, type RolloutId, type VersionTag } from '../domain/units.ts';
import { began, ended } from './known-good.ts';

interface Context {
  readonly rollout: RolloutId;
  readonly at: Instant;
}

/** The challenger has been seen to serve everybody: the registry may say so. */
export function promoted(
  plan: Plan,
  context: Context & {
    readonly functionVersion: string;
    readonly keepPreviousMs: number;
    /** What serves everybody now. Undefined: the journal is from before mlreg recorded that. */
    readonly service?: Service | undefined;
    /** How each version served before. A version that is not named keeps what the registry says. */
    readonly services?: Services | undefined;
  },
): readonly VersionChange[] {
  const { service, services = {} } = context;
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
        ...(service === undefined ? {} : { services: began(services[plan.challenger] ?? [], service) }),
      },
    },
  ];
  if (plan.champion !== null && plan.champion !== plan.challenger) {
    const statusReason = back ? `rolled back to ${plan.challenger}` : `followed by ${plan.challenger}`;
    const why = back ? 'rollback' : 'replaced';
    const left: Departure = { at: context.at, why, reason: statusReason, rollout: context.rollout };
    changes.push({
      version: plan.champion,
      set: {
        status: back ? 'rolled_back' : 'archived',
        statusAt: context.at,
        statusReason,
        rollout: context.rollout,
        retireAfter: later(context.at, context.keepPreviousMs),
        ...leaving(services[plan.champion], left),
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

/**
 * A person rolled back without the store, to a version that is not the rollout's home: it is the champion from now on. The
 * champion so far, and what was on trial, are what the person took users away from.
 */
export function kept(
  plan: Plan,
  context: Context & {
    readonly reason: string;
    readonly keeps: Kept;
    readonly wasPromoted: boolean;
    readonly neverInService: boolean;
  },
): readonly VersionChange[] {
  const { keeps, rollout, at, reason } = context;
  const { version, champion, functionVersion } = keeps;
  if (version === null) return [];
  const changes: VersionChange[] = [];
  const left = (other: VersionTag, more: VersionChange['set'] = {}): void =>
    void changes.push({
      version: other,
      set: { status: 'rolled_back', statusAt: at, statusReason: reason, rollout, ...more },
    });
  if (champion !== version) {
    changes.push({
      version,
      set: { status: 'champion', statusAt: at, statusReason: reason, rollout, functionVersion },
    });
    if (champion !== null) left(champion);
  } else {
    // It serves by another Lambda version than it was promoted with: else the alias would seem to be moved by hand.
    changes.push({ version, set: { functionVersion, rollout } });
  }
  const wasOnTrial = plan.strategy !== 'watch' && plan.strategy !== 'rollback' && !context.wasPromoted;
  if (wasOnTrial && plan.challenger !== version && plan.challenger !== champion)
    left(plan.challenger, context.neverInService ? { retireAfter: at } : {});
  return changes;
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
    readonly cause?: RollbackCause['kind'];
    /** How the challenger served everybody in this very rollout, where it did. */
    readonly promoted?: Service | undefined;
    /** What serves everybody again. */
    readonly service?: Service | undefined;
    readonly services?: Services | undefined;
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
  // Until its follower is promoted the champion never ceases to be one; after a watch an earlier version is it again.
  const wasReplaced = plan.strategy === 'watch' || context.wasPromoted;
  const { services = {}, service, promoted: own } = context;
  const before = services[plan.challenger];
  const served = before === undefined || own === undefined ? before : began(before, own);
  const left = departure(served, context);
  const changes: VersionChange[] = [
    {
      version: plan.challenger,
      set: { ...set(failed), ...kept, ...leaving(served, left) },
    },
  ];
  if (wasReplaced && plan.champion !== null) {
    const known = services[plan.champion];
    const again = known === undefined || service === undefined ? {} : { services: began(known, service) };
    changes.push({ version: plan.champion, set: { ...set('champion'), ...again } });
  }
  return changes;
}

/**
 * Why the challenger was left. A trial that ended for a reason that is not the version's own leaves an earlier departure
 * as it was, under this rollout's name: whoever reads the status then knows that both were written together.
 */
function departure(
  known: readonly Service[] | undefined,
  {
    at,
    reason,
    rollout,
    cause,
  }: Context & { readonly reason: string; readonly cause?: RollbackCause['kind'] },
): Departure {
  const before = known?.at(-1)?.left;
  const isPersons = cause === 'abort' || cause === 'interrupt';
  if (before !== undefined && cause !== 'verdict' && !isPersons) return { ...before, rollout };
  return { at, why: cause === 'verdict' ? 'verdict' : 'abort', reason, rollout };
}

const leaving = (services: readonly Service[] | undefined, left: Departure): VersionChange['set'] =>
  services === undefined || services.length === 0 ? {} : { services: ended(services, left) };
