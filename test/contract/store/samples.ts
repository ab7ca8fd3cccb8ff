import type { Actor, EntryBody, Request } from '../../../src/domain/journal.ts';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import { instant, type RolloutId, rolloutId, versionTag } from '../../../src/domain/units.ts';
import type { AppendOutcome, Store } from '../../../src/ports/store.ts';

export const R1 = rolloutId('r-1');
export const R2 = rolloutId('r-2');
export const V1 = versionTag('v1.0.0');
export const V2 = versionTag('v2.0.0');

export const actor = (name: string): Actor => ({ name, host: 'here', pid: 7, command: 'mlreg deploy' });

/** Words that a careless format would stumble over. */
export const held = (
  why = 'quotes " and \\ and \n lines, ,"entries":[ and ünïcödé \u2028 🦆',
): EntryBody => ({
  kind: 'held',
  why,
});

export const version = (tag: typeof V1, at = 1): VersionRecord => ({
  version: tag,
  status: 'candidate',
  artifact: { uri: `s3://bucket/${tag}.tar.gz`, digest: 'a1'.repeat(32) },
  metrics: { auc: 0.91, entries: 3 },
  registeredAt: instant(at),
  registeredBy: 'ann',
  statusAt: instant(at),
  statusReason: 'registered',
});

export const request = (id: string): Request => ({
  id,
  at: instant(5),
  by: 'ann',
  reason: 'looks odd',
  kind: 'pause',
});

/** Takes the lock, whoever had it, and answers the token. */
export async function take(store: Store, name = 'ann', at = 1): Promise<number> {
  const taken = await store.acquire({ owner: actor(name), rollout: R1, takeOver: true, at: instant(at) });
  return taken.lock.token;
}

export const append = (
  store: Store,
  token: number,
  length: number,
  more: Partial<Parameters<Store['append']>[0]> = {},
): Promise<AppendOutcome> =>
  store.append({ rollout: R1, token, length, at: instant(10 + length), entries: [held()], ...more });

/** Everything a store can be asked, for comparing two moments or two readers. */
export async function everything(store: Store, rollouts: readonly RolloutId[] = [R1, R2]): Promise<unknown> {
  return {
    lock: await store.lock(),
    rollouts: await store.rollouts(),
    versions: await store.versions(),
    journals: await Promise.all(rollouts.map((id) => store.journal(id))),
    inboxes: await Promise.all(rollouts.map((id) => store.inbox(id, 0))),
  };
}
