import type { EntryBody } from '../domain/journal.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';

/** Users wait for the rollback: AWS is given no longer than this for an answer, ms. */
const haste = { withinMs: 2_000 };

/**
 * Where users are about to be brought back to their champion: whether something is there that answers them. Only AWS's word
 * that it is not counts, said twice: one of its servers may not have heard of the endpoint yet, or may still remember it.
 * @returns the entries, the one of the rollback with what is lost
 */
export async function withLostChampion(
  platform: Pick<Platform, 'endpoint'>,
  state: RolloutState,
  entries: readonly EntryBody[],
): Promise<readonly EntryBody[]> {
  if (!entries.some(({ kind }) => kind === 'rolling-back')) return entries;
  const lost = await lostChampion(platform, state);
  if (lost === null) return entries;
  return entries.map((entry) => (entry.kind === 'rolling-back' ? { ...entry, lost } : entry));
}

async function lostChampion(
  platform: Pick<Platform, 'endpoint'>,
  state: RolloutState,
): Promise<string | null> {
  const { plan, endpoints, keeps } = state;
  const name = plan.champion === null ? undefined : endpoints[plan.champion]?.name;
  // Who has moved nobody takes nobody anywhere.
  if (name === undefined || keeps !== null || challengerShare(state) === 0) return null;
  return (await troubleOf(platform, name)) === null ? null : troubleOf(platform, name);
}

/** In words; null where it answers users, or nobody knows. */
async function troubleOf(platform: Pick<Platform, 'endpoint'>, name: string): Promise<string | null> {
  try {
    const { kind } = await platform.endpoint(name, haste);
    if (kind === 'in-service') return null;
    return `endpoint ${name} ${kind === 'failed' ? 'has failed' : kind === 'absent' ? 'is gone' : kind === 'creating' ? 'is being created' : 'is being deleted'}`;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return error.failure.kind === 'missing' ? `endpoint ${name} is gone` : null;
  }
}
