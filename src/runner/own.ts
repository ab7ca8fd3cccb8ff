import type { Actor, EntryBody, RollbackCause } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { Services, VersionChange } from '../domain/registry.ts';
import type { AliasTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Store } from '../ports/store.ts';
import { type DriveResult, drive } from './drive.ts';
import { withLostChampion } from './lost-champion.ts';
import { Fenced, type JournalWriter, openJournal } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { servicesOfAll } from '../registry/known-good.ts';
import { planHash } from '../engine/plan-hash.ts';
import { acquireFree } from './acquire.ts';
import { type AliasNames, readMarkers } from './environment-view.ts';
import { claimIn, newestToken, refuseBehind, refuseUnlessKnown } from './look.ts';
import { repairOf, unknownIn } from './repair.ts';
import { foldedState, isOverIn } from './snapshot.ts';

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
  /** The challenger is a generation that nobody has provisioned yet. */
  readonly isNew?: boolean;
}

/**
 * Takes the environment and writes the first entry: from here on the journal holds the rollout.
 * @throws UserError conflict, where somebody owns the environment
 */
export async function start(ports: RolloutPorts, id: RolloutId, wanted: Start): Promise<JournalWriter> {
  const { store, clock } = ports;
  const found = await refuseUnlessKnown(ports, wanted.plan);
  const { token } = await acquireFree(ports, {
    owner: wanted.actor,
    rollout: id,
    environment: wanted.plan.environment,
    atLeast: newestToken(found),
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
  const journal = await openJournal(store, id, token, ports.onEntry).catch((error: unknown) => {
    if (!(error instanceof Fenced)) throw error;
    throw takenOver(id, error.by);
  });
  const [first] = await store.journal(id);
  if (first !== undefined) ports.onEntry(first, journal.state());
  return journal;
}

/** A new owner under a new token. Its first tick writes the fence; until then nothing is decided. */
export async function takeOver(
  ports: RolloutPorts,
  id: RolloutId,
  actor: Actor,
  options: AliasNames & {
    readonly adopt?: boolean;
    readonly rollBack?: RollbackCause;
    /** Only from the owner of this token: whoever came in between keeps it. */
    readonly ifToken?: number;
    /** Users leave the champion at once for another version: where it has no endpoint, that is not built. */
    readonly goesOn?: boolean;
    /** Why it is taken from an owner who may live. */
    readonly forced?: string;
  },
): Promise<JournalWriter> {
  // What can't be read now is looked at by the fence, and by the way back.
  const view = await readMarkers(ports.platform, options).catch(() => undefined);
  const claim = view === undefined ? undefined : await claimIn(ports.store, view);
  const stamp = claim?.stamp;
  const atLeast = view === undefined ? undefined : newestToken(view);
  if (claim !== undefined) await refuseBehind(ports.store, claim, stamp?.environment ?? '');
  const wentBack = stamp !== undefined && claim?.meaning.kind === 'unknown-rollback' && stamp.rollout === id;
  const isOlder = await refuseOlder(ports.store, id, async () => {
    const { owner, rollout } = await ports.store.lock();
    return wentBack || (owner !== null && rollout === id);
  });
  const taken = await ports.store.acquire({
    owner: actor,
    rollout: id,
    takeOver: true,
    ...(atLeast === undefined ? {} : { atLeast }),
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
  try {
    // Whoever rolls back judges nothing, and users wait.
    const known = options.rollBack === undefined ? undefined : await foldedState(ports.store, id);
    const journal = await openJournal(ports.store, id, taken.lock.token, ports.onEntry, known);
    const forced = options.forced === undefined ? {} : { forced: options.forced };
    const entries: EntryBody[] = [{ kind: 'owned', by: actor, adopt: options.adopt ?? false, ...forced }];
    const cause = options.rollBack;
    if (cause !== undefined) entries.push({ kind: 'rolling-back', cause });
    if (wentBack) {
      const owned = { ...journal.state(), owner: actor };
      const repair = await repairOf(ports.store, owned, unknownIn(stamp));
      entries.push(...repair.filter(({ kind }) => cause === undefined || kind !== 'rolling-back'));
    }
    // Users who were brought back already stay there.
    const looked =
      wentBack || options.goesOn === true
        ? entries
        : await withLostChampion(ports.platform, journal.state(), entries);
    await journal.append(ports.clock.now(), looked);
    return journal;
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
    throw takenOver(id, error.by);
  }
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
  if (newest !== undefined && (await mayBeOlder()) && (await isOverIn(store, newest))) return true;
  throw new UserError('conflict', `${id} is over, and ${newest ?? 'none'} is under way`, {
    mend: 'mlreg status',
  });
}

/**
 * A plan rests on what its maker saw, maybe minutes ago while a person was asked: now that nobody else can change it, it
 * must still be so.
 * @returns the digest of the challenger's artifact, and how the plan's versions served everybody before
 * @throws UserError conflict
 */
async function refuseOutdated(
  ports: RolloutPorts,
  { plan, home, endpoints, isNew = false }: Start,
): Promise<{ readonly digest: string | undefined; readonly services: Services }> {
  const { store } = ports;
  const refusal = (sentence: string): UserError =>
    new UserError('conflict', `${sentence} meanwhile in ${plan.environment}; nothing was changed`, {
      mend: `mlreg status --environment ${plan.environment}`,
    });
  const [newest] = await store.rollouts();
  if (newest !== undefined && !(await isOverIn(store, newest))) throw refusal(`rollout ${newest} began`);
  const records = await store.versions();
  const buried = records.find(
    ({ version, tombstone }) => tombstone !== undefined && endpoints[version]?.name === tombstone.endpoint,
  );
  if (buried !== undefined) throw refusal(`the endpoint of ${buried.version} was retired`);
  const challenger = records.find(({ version }) => version === plan.challenger);
  if (isNew && challenger?.endpoint !== undefined)
    throw refusal(`another rollout provisioned ${plan.challenger}`);
  const serving = records.find(({ status }) => status === 'champion');
  // A watch guards the champion; a rollback without one brings the registry's own champion back after a move by hand.
  const isChampion = plan.strategy === 'watch' || (plan.strategy === 'rollback' && plan.champion === null);
  if ((serving?.version ?? null) !== (isChampion ? plan.challenger : plan.champion))
    throw refusal(`${serving?.version ?? 'nothing'} became champion`);
  const digest = challenger?.artifact.digest;
  const services = servicesOfAll(records, [plan.challenger, plan.champion]);
  // A second time, now that the lock is held: the fence looks a third time, and writes at the revision that it has seen.
  const found = await refuseUnlessKnown(ports, plan);
  const { target } = found.main.view;
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
  { signal, ...names }: AliasNames & { readonly signal: AbortSignal },
): Promise<DriveResult> {
  const journal = await takeOver(ports, id, actor, { ...names, rollBack: cause });
  return drive(ports, journal, { signal });
}
