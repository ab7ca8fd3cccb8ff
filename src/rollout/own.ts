import type { Actor, EntryBody, RollbackCause } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { VersionChange } from '../domain/registry.ts';
import type { AliasTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { LockRecord } from '../ports/store.ts';
import { type DriveResult, drive } from './drive.ts';
import { type JournalWriter, openJournal } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { isBlind } from './roll-back-blind.ts';

export interface Start {
  readonly plan: Plan;
  readonly actor: Actor;
  readonly reason: string;
  readonly home: AliasTarget;
  readonly endpoints: Readonly<Record<string, { readonly name: string; readonly generation: number }>>;
  readonly codeSha256: string;
  /** Registry changes that go with the first entry. */
  readonly changes: readonly VersionChange[];
  /** Run while the lock is already ours, before anything is written: throws where the start must not be. */
  readonly check?: () => Promise<void>;
}

/**
 * Takes the environment and writes the first entry: from here on the journal holds the rollout.
 * @throws UserError conflict, where somebody owns the environment
 */
export async function start(ports: RolloutPorts, id: RolloutId, wanted: Start): Promise<JournalWriter> {
  const { store, clock } = ports;
  const { stamp } = await ports.platform.readAlias(wanted.plan.alias);
  const taken = await store.acquire({
    owner: wanted.actor,
    rollout: id,
    takeOver: false,
    ...(stamp === undefined ? {} : { atLeast: stamp.token }),
    at: clock.now(),
  });
  if (taken.kind === 'held') throw heldBy(taken.lock, wanted.plan.environment, clock.now());
  const { token } = taken.lock;
  try {
    await wanted.check?.();
    const first: EntryBody = {
      kind: 'started',
      format: 1,
      plan: wanted.plan,
      by: wanted.actor,
      reason: wanted.reason,
      salt: ports.ids.salt(),
      home: wanted.home,
      endpoints: wanted.endpoints,
      codeSha256: wanted.codeSha256,
    };
    const at = clock.now();
    const outcome = await store.append({
      rollout: id,
      token,
      length: 0,
      at,
      entries: [first],
      changes: wanted.changes,
    });
    if (outcome.kind !== 'appended') {
      throw new UserError(
        'conflict',
        `rollout ${id} could not begin: the environment was taken over meanwhile`,
        {
          mend: `mlreg status --environment ${wanted.plan.environment}`,
        },
      );
    }
  } catch (error) {
    await store.release(token).catch(() => false);
    throw error;
  }
  const journal = await openJournal(store, id, token, ports.onEntry);
  const [first] = await store.journal(id);
  if (first !== undefined) ports.onEntry(first, journal.state());
  return journal;
}

/** A new owner under a new token. Its first tick writes the fence; until then nothing is decided. */
export async function takeOver(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  options: { readonly alias: string; readonly adopt?: boolean; readonly rollBack?: RollbackCause },
): Promise<JournalWriter> {
  // An alias may carry a token that the store never gave out: one taken while the store was out of reach.
  const stamp = await ports.platform.readAlias(options.alias).then(
    (view) => view.stamp,
    () => undefined,
  );
  const wentBackBlind = isBlind(stamp, (await ports.store.lock()).token, id);
  const taken = await ports.store.acquire({
    owner: actor,
    rollout: id,
    takeOver: true,
    ...(stamp === undefined ? {} : { atLeast: stamp.token }),
    at: ports.clock.now(),
  });
  const journal = await openJournal(ports.store, id, taken.lock.token, ports.onEntry);
  const entries: EntryBody[] = [{ kind: 'owned', by: actor, adopt: options.adopt ?? false }];
  if (wentBackBlind)
    entries.push({
      kind: 'repaired',
      what: `rolled back while the store was out of reach (token ${stamp?.token} on the alias)`,
    });
  const cause: RollbackCause | undefined =
    options.rollBack ??
    (wentBackBlind
      ? { kind: 'abort', by: actor.name, sentence: 'rolled back while the store was out of reach' }
      : undefined);
  if (cause !== undefined) entries.push({ kind: 'rolling-back', cause });
  await journal.append(ports.clock.now(), entries);
  return journal;
}

/** A person's, or a signal's, way out: always takes over, whoever owns the rollout, and rolls back. */
export async function abort(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  cause: RollbackCause,
  options: { readonly alias: string; readonly signal: AbortSignal },
): Promise<DriveResult> {
  const journal = await takeOver(ports, id, actor, { alias: options.alias, rollBack: cause });
  return drive(ports, journal, { signal: options.signal });
}

export function heldBy(lock: LockRecord, environment: string, now: number): UserError {
  const { owner, rollout } = lock;
  const age = Math.max(0, Math.round((now - lock.takenAt) / 1_000));
  const who = owner === null ? 'nobody' : `${owner.name} on ${owner.host} (pid ${owner.pid})`;
  return new UserError(
    'conflict',
    `${environment} is owned by ${who} for ${age} s: rollout ${rollout ?? 'none'}`,
    {
      why: `one rollout at a time changes an environment; that one runs '${owner?.command ?? 'unknown'}'`,
      mend: [`mlreg status --environment ${environment}`, `mlreg abort --environment ${environment}`],
    },
  );
}
