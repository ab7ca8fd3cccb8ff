import type { EntryBody } from '../domain/journal.ts';
import { type AliasTarget, targetText } from '../domain/route.ts';
import { isOurs } from '../engine/foreign-edit.ts';
import type { RolloutState } from '../engine/state.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';

type Reads = Pick<Platform, 'readAlias' | 'variables'>;

/** A router needs one of them. */
const routeNames = ['MLREG_ROUTE', 'SAGEMAKER_ENDPOINT'];

/**
 * A rollout that stops because somebody moved its alias leaves users where that person put them. Its last entry says first
 * what they get and which command ends that, for it is what terminal, status and notification show.
 */
export async function withWhatUsersGet(
  platform: Reads,
  state: RolloutState,
  entries: readonly EntryBody[],
): Promise<readonly EntryBody[]> {
  const told: EntryBody[] = [];
  for (const entry of entries) {
    const isStop = entry.kind === 'ended' && entry.outcome.kind === 'stuck' && adopts(entry.outcome.mend);
    const gets = isStop ? await whatUsersGet(platform, state) : null;
    told.push(
      gets === null || entry.kind !== 'ended' || entry.outcome.kind !== 'stuck'
        ? entry
        : { ...entry, outcome: { ...entry.outcome, sentence: `${gets}. ${entry.outcome.sentence}` } },
    );
  }
  return told;
}

/** Only what somebody else made of the alias can be adopted. */
const adopts = (mend: readonly string[]): boolean =>
  mend.some((command) => command.startsWith('mlreg resume --adopt'));

/** `All users get errors now, ...; mlreg rollback ... brings everybody to v2.2.0`; null where AWS does not say. */
async function whatUsersGet(platform: Reads, state: RolloutState): Promise<string | null> {
  const { plan, serving } = state;
  const found = await unlessFailed(() => platform.readAlias(serving));
  if (found === undefined || plan.champion === null) return null;
  const { target } = found;
  const cure = `mlreg rollback --environment ${plan.environment} brings everybody to ${plan.champion}`;
  const routeless = await withoutRoute(platform, state, target);
  if (routeless === undefined)
    return `Users get what ${targetText(target)} answers, and mlreg does not judge that; ${cure}`;
  const { functionVersion, share } = routeless;
  const who = share >= 1 ? 'All users get' : `${Math.round(share * 1_000) / 10} % of the users get`;
  return `${who} errors now, because Lambda version ${functionVersion} has no route; ${cure}`;
}

/** A Lambda version with users whose router is not told where to send them; undefined where none is, or AWS does not say. */
async function withoutRoute(
  platform: Pick<Platform, 'variables'>,
  state: RolloutState,
  { functionVersion, weights }: AliasTarget,
): Promise<{ readonly functionVersion: string; readonly share: number } | undefined> {
  const others = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  for (const [version, share] of [[functionVersion, 1 - others] as const, ...Object.entries(weights)]) {
    if (isOurs(state, { functionVersion: version, weights: {} })) continue;
    const variables = await unlessFailed(() => platform.variables(version));
    if (variables !== undefined && !routeNames.some((name) => (variables[name] ?? '') !== ''))
      return { functionVersion: version, share };
  }
  return undefined;
}

async function unlessFailed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
