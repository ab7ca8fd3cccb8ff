import type { Actor, EntryBody, RollbackCause } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { Services, VersionChange } from '../domain/registry.ts';
import type { AliasTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { LockRecord, Store } from '../ports/store.ts';
import { type DriveResult, drive } from './drive.ts';
import { Fenced, type JournalWriter, openJournal } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { servicesOfAll } from '../registry/known-good.ts';
import { planHash } from './plan-hash.ts';
import { canGoBlind, isBlind, isOver } from './roll-back-blind.ts';

export interface Start {
  readonly plan: Plan;
  readonly actor: Actor;
  readonly reason: string;
  readonly home: AliasTarget;
  readonly deploymentId?: string;
  readonly endpoints: Readonly<Record<string, { readonly name: string; readonly generation: number }>>;
  readonly codeSha256: string;
  /** Registry changes that go with the first entry. */
  readonly changes: readonly VersionChange[];
  /** Takes the environment even from an owner who may live; never from a rollout that is not over. */
  readonly force?: boolean;
}

/**
 * Takes the environment and writes the first entry: from here on the journal holds the rollout.
 * @throws UserError conflict, where somebody owns the environment
 */
export async function start(ports: RolloutPorts, id: RolloutId, wanted: Start): Promise<JournalWriter> {
  const { store, clock } = ports;
  const { stamp } = await ports.platform.readAlias(wanted.plan.alias);
  const { token } = await acquireFree(ports, {
    owner: wanted.actor,
    rollout: id,
    environment: wanted.plan.environment,
    atLeast: stamp?.token,
    // Nobody waits for the way back: what has no rollout is about to begin, or to tidy, and stops when it is fenced.
    overBeginners: wanted.plan.strategy === 'rollback',
    force: wanted.force === true,
  });
  try {
    const { digest: artifactDigest, services } = await refuseOutdated(ports, wanted);
    const first: EntryBody = {
      kind: 'started',
      format: 1,
      plan: wanted.plan,
      by: wanted.actor,
      reason: wanted.reason,
      salt: ports.ids.salt(),
      home: wanted.home,
      ...(wanted.deploymentId === undefined ? {} : { deploymentId: wanted.deploymentId }),
      endpoints: wanted.endpoints,
      codeSha256: wanted.codeSha256,
      services,
      ...(artifactDigest === undefined
        ? {}
        : { artifactDigest, planHash: planHash({ rollout: id, plan: wanted.plan, artifactDigest }) }),
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

/**
 * Takes the lock of an environment that nobody owns, or whose owner can't come back.
 * @throws UserError conflict, where somebody owns it
 */
export async function acquireFree(
  { store, clock }: Pick<RolloutPorts, 'store' | 'clock'>,
  wanted: {
    readonly owner: Actor;
    readonly rollout: RolloutId | null;
    readonly environment: string;
    readonly atLeast: number | undefined;
    readonly overBeginners?: boolean;
    /** Over whoever has no rollout in the journal yet, or died before: a person has said why. */
    readonly force?: boolean;
  },
): Promise<LockRecord> {
  const { owner, rollout, environment, atLeast } = wanted;
  const acquire = (takeOver: boolean): ReturnType<typeof store.acquire> =>
    store.acquire({
      owner,
      rollout,
      takeOver,
      ...(atLeast === undefined ? {} : { atLeast }),
      at: clock.now(),
    });
  let taken = await acquire(false);
  if (taken.kind === 'held') {
    const isBeginner = wanted.overBeginners === true && taken.lock.rollout === null;
    const { rollout: held } = taken.lock;
    const mayForce = wanted.force === true && (held === null || (await store.journal(held)).length === 0);
    if (isBeginner || mayForce || (await isLeftBehind(store, taken.lock, clock.now())))
      taken = await acquire(true);
  }
  if (taken.kind === 'held') throw heldBy(taken.lock, environment, clock.now());
  return taken.lock;
}

/** A new owner under a new token. Its first tick writes the fence; until then nothing is decided. */
export async function takeOver(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  options: {
    readonly alias: string;
    readonly adopt?: boolean;
    readonly rollBack?: RollbackCause;
    /** Only from the owner of this token: whoever came in between keeps it. */
    readonly ifToken?: number;
    /** Why it is taken from an owner who may live. */
    readonly forced?: string;
  },
): Promise<JournalWriter> {
  // An alias may carry a token that the store never gave out: one taken while the store was out of reach.
  const stamp = await ports.platform.readAlias(options.alias).then(
    (view) => view.stamp,
    () => undefined,
  );
  const wentBackBlind = isBlind(stamp, id);
  const isOlder = await refuseOlder(ports.store, id, async () => {
    const { owner, rollout } = await ports.store.lock();
    return wentBackBlind || (owner !== null && rollout === id);
  });
  const taken = await ports.store.acquire({
    owner: actor,
    rollout: id,
    takeOver: true,
    ...(stamp === undefined ? {} : { atLeast: stamp.token }),
    ...(options.ifToken === undefined ? {} : { ifToken: options.ifToken }),
    at: ports.clock.now(),
  });
  if (taken.kind === 'held') throw takenOver(id, taken.lock.owner?.name ?? `token ${taken.lock.token}`);
  try {
    await refuseOlder(ports.store, id, () => Promise.resolve(isOlder));
  } catch (error) {
    await ports.store.release(taken.lock.token).catch(() => false);
    throw error;
  }
  const journal = await openJournal(ports.store, id, taken.lock.token, ports.onEntry);
  const forced = options.forced === undefined ? {} : { forced: options.forced };
  const entries: EntryBody[] = [{ kind: 'owned', by: actor, adopt: options.adopt ?? false, ...forced }];
  if (wentBackBlind)
    entries.push({
      kind: 'repaired',
      what: `rolled back while the store was out of reach (token ${stamp?.token} on the alias)`,
    });
  const cause: RollbackCause | undefined =
    options.rollBack ??
    (wentBackBlind && canGoBlind(journal.state().plan)
      ? { kind: 'abort', by: actor.name, sentence: 'rolled back while the store was out of reach' }
      : undefined);
  if (cause !== undefined) entries.push({ kind: 'rolling-back', cause });
  try {
    await journal.append(ports.clock.now(), entries);
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
    throw takenOver(id, error.by);
  }
  return journal;
}

const takenOver = (id: RolloutId, by: string): UserError =>
  new UserError('conflict', `${id} was taken over by ${by} at the same moment`, { mend: 'mlreg status' });

/**
 * Between looking and taking over a rollout may have ended, and another begun, whose traffic is none of ours.
 * @param mayBeOlder whether it is taken up though others have ended since: they never wrote the alias
 * @returns whether it is
 */
async function refuseOlder(
  store: Store,
  id: RolloutId,
  mayBeOlder: () => Promise<boolean>,
): Promise<boolean> {
  const [newest] = await store.rollouts();
  if (newest === id) return false;
  if (newest !== undefined && (await mayBeOlder()) && isOver(newest, await store.journal(newest)))
    return true;
  throw new UserError('conflict', `${id} is over, and ${newest ?? 'none'} is under way`, {
    mend: 'mlreg status',
  });
}

/** Younger than this, a lock without a rollout is of somebody who is just beginning. */
const beginsWithinMs = 60_000;

/** A lock whose owner died before its first entry, or lost the reply to its release: nobody could ever resume it. */
async function isLeftBehind(store: Store, lock: LockRecord, now: number): Promise<boolean> {
  const entries = lock.rollout === null ? [] : await store.journal(lock.rollout);
  if (lock.rollout === null || entries.length === 0) return Math.abs(now - lock.takenAt) > beginsWithinMs;
  return isOver(lock.rollout, entries);
}

/**
 * A plan rests on what its maker saw, maybe minutes ago while a person was asked: now that nobody else can change it, it
 * must still be so.
 * @returns the digest of the challenger's artifact, and how the plan's versions served everybody before
 * @throws UserError conflict
 */
async function refuseOutdated(
  { store, platform }: RolloutPorts,
  { plan, home, endpoints }: Start,
): Promise<{ readonly digest: string | undefined; readonly services: Services }> {
  const refusal = (sentence: string): UserError =>
    new UserError('conflict', `${sentence} meanwhile in ${plan.environment}; nothing was changed`, {
      mend: `mlreg status --environment ${plan.environment}`,
    });
  const [newest] = await store.rollouts();
  if (newest !== undefined && !isOver(newest, await store.journal(newest)))
    throw refusal(`rollout ${newest} began`);
  const records = await store.versions();
  const buried = records.find(
    ({ version, tombstone }) => tombstone !== undefined && endpoints[version]?.name === tombstone.endpoint,
  );
  if (buried !== undefined) throw refusal(`the endpoint of ${buried.version} was retired`);
  const serving = records.find(({ status }) => status === 'champion');
  // A watch guards the champion; a rollback without one brings the registry's own champion back after a move by hand.
  const isChampion = plan.strategy === 'watch' || (plan.strategy === 'rollback' && plan.champion === null);
  if ((serving?.version ?? null) !== (isChampion ? plan.challenger : plan.champion))
    throw refusal(`${serving?.version ?? 'nothing'} became champion`);
  const digest = records.find(({ version }) => version === plan.challenger)?.artifact.digest;
  const services = servicesOfAll(records, [plan.challenger, plan.champion]);
  const { target, stamp } = await platform.readAlias(plan.alias);
  // The journal must learn of it first, or nobody ever tells it.
  if (stamp?.seq === 0) {
    throw new UserError(
      'conflict',
      `${plan.environment} was rolled back while the store was out of reach, and the registry does not know yet`,
      { mend: `mlreg resume --environment ${plan.environment}` },
    );
  }
  // Whatever serves, a rollback takes users away from it.
  if (plan.strategy === 'rollback') return { digest, services };
  const expected = plan.strategy === 'watch' ? serving?.functionVersion : home.functionVersion;
  if (expected !== undefined && target.functionVersion !== expected)
    throw refusal(`alias ${plan.alias} was moved`);
  return { digest, services };
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
      mend: [
        `mlreg status --environment ${environment}`,
        `mlreg abort --environment ${environment}`,
        'where that owner is gone for good: the same command with --force --reason WHY',
      ],
    },
  );
}
