import type { Actor } from '../domain/journal.ts';
import { UserError } from '../domain/user-error.ts';
import { allEndpoints } from '../registry/retirement.ts';
import { acquireFree } from './acquire.ts';
import { type Collection, type Ports, refuseDuringRollout, takeDown } from './collect.ts';
import { newestToken, refuseUnlessKnown } from './look.ts';

export interface RetireAll {
  readonly environment: string;
  readonly alias: string;
  readonly green: string | null;
  readonly actor: Actor;
  /** Why, for the registry. */
  readonly reason: string;
  /** Says what would be done, and takes no lock. */
  readonly rehearse: boolean;
}

/**
 * Takes down every endpoint of mlreg's own making in an environment that is given up, also the one that serves. Aliases stay
 * where they are. What served is archived, so that a deploy can begin anew.
 * @throws UserError conflict, where a rollout is under way or the store is not the one in use
 */
export async function retireAll(
  ports: Ports,
  wanted: RetireAll,
): Promise<Pick<Collection, 'retired' | 'unfinished'>> {
  const { alias, green, environment } = wanted;
  const { store, clock } = ports;
  const found = await refuseUnlessKnown(ports, { alias, green, environment, strategy: 'gc' });
  await refuseDuringRollout(ports, environment);
  if (wanted.rehearse) return { retired: allEndpoints(await store.versions()), unfinished: [] };
  const { token } = await acquireFree(ports, {
    owner: wanted.actor,
    rollout: null,
    environment,
    atLeast: newestToken(found),
  });
  try {
    await refuseDuringRollout(ports, environment);
    const records = await store.versions();
    const all = allEndpoints(records);
    const at = clock.now();
    const tombstones = all.map(({ version, endpoint }) => ({
      version,
      set: { tombstone: { at, endpoint } },
    }));
    // Nobody answers any more, so nothing is the champion: the next deploy is a first one.
    const demoted = records
      .filter(({ status }) => status === 'champion')
      .map(({ version }) => ({
        version,
        set: { status: 'archived' as const, statusAt: at, statusReason: `retired: ${wanted.reason}` },
      }));
    if (tombstones.length > 0 && !(await store.change(token, [...tombstones, ...demoted]))) {
      throw new UserError('conflict', `somebody else owns ${environment} now; nothing was retired`, {
        mend: `mlreg status --environment ${environment}`,
      });
    }
    return await takeDown(ports, token, all);
  } finally {
    await store.release(token).catch(() => false);
  }
}
