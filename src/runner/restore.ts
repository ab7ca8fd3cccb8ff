import type { Actor, EntryBody, Stamp, StoreId } from '../domain/journal.ts';
import type { Plan } from '../domain/plan.ts';
import type { VersionChange, VersionRecord } from '../domain/registry.ts';
import { type AliasTarget, sameTarget } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';
import type { LockRecord } from '../ports/store.ts';
import type { NamedAlias } from './environment-view.ts';
import { isMine, noStore } from '../engine/marker.ts';
import type { RolloutPorts } from './ports.ts';

export interface Restore {
  /** What was typed. */
  readonly command: 'mlreg recover' | 'mlreg restore';
  readonly actor: Actor;
  readonly reason: string;
  /** The journal that says what was found: it moves nobody, and has ended when it begins. */
  readonly rollout: RolloutId;
  readonly plan: Plan;
  readonly endpoints: Readonly<Record<string, { readonly name: string; readonly generation: number }>>;
  /** Where a rollback by the alias alone leads from here on. */
  readonly back: string;
  /** The aliases as they were shown, the one that users reach first. */
  readonly aliases: readonly NamedAlias[];
  /** All markers that were shown, of the aliases and of the stage: the store takes the place of those that they name. */
  readonly stamps: readonly Stamp[];
  readonly register: readonly VersionRecord[];
  readonly changes: readonly VersionChange[];
  /** Rollouts that nobody will bring to their end. */
  readonly closes: readonly RolloutId[];
}

type Ports = Pick<RolloutPorts, 'store' | 'platform' | 'clock' | 'ids'>;

/**
 * The store takes the place of every store that the aliases' markers name, and the aliases say so. Users are not moved. Cut
 * off at any point, it goes on by being begun again: until the end the store gives no token to anybody else.
 * @throws Overtaken where an alias was changed since it was shown, or somebody else restores the same store
 */
export async function restore(ports: Ports, wanted: Restore): Promise<LockRecord> {
  const { store, clock } = ports;
  const { environment } = wanted.plan;
  const { stamps, command } = wanted;
  const lock = await store.restore({
    owner: wanted.actor,
    rollout: wanted.rollout,
    epoch: largest(stamps.map(({ detail }) => detail?.store.epoch ?? 0)),
    atLeast: largest(stamps.map(({ token }) => token)),
    supersedes: stamps.flatMap(({ detail, token }) =>
      detail === undefined || detail.store.epoch === noStore.epoch ? [] : [{ ...detail.store, token }],
    ),
    at: clock.now(),
  });
  for (const record of wanted.register) await store.register(record);
  await write(
    ports,
    lock,
    wanted,
    { id: wanted.rollout, length: 0 },
    [started(ports, wanted), ended(wanted)],
    wanted.changes,
  );
  for (const id of wanted.closes) {
    const { length } = await store.journal(id);
    await write(ports, lock, wanted, { id, length }, [ended(wanted)]);
  }
  for (const { name, view } of wanted.aliases)
    await mark(ports.platform, name, view, { stamp: stampOf(lock, wanted, view.target), command });
  if (!(await store.restored(lock.token))) throw overtaken(environment, command);
  return lock;
}

function started({ ids }: Ports, wanted: Restore): EntryBody {
  return {
    kind: 'started',
    format: 1,
    plan: wanted.plan,
    by: wanted.actor,
    reason: wanted.reason,
    salt: ids.salt(),
    home: { functionVersion: wanted.back, weights: {} },
    endpoints: wanted.endpoints,
    codeSha256: '',
  };
}

function ended({ actor, reason, command }: Restore): EntryBody {
  const why = reason === '' ? '' : `: ${reason}`;
  const sentence = `the registry was rebuilt from what serves, by ${actor.name} (${command}${why})`;
  return { kind: 'ended', outcome: { kind: 'restored', sentence } };
}

async function write(
  { store, clock }: Ports,
  { token }: LockRecord,
  { plan: { environment }, command }: Restore,
  { id: rollout, length }: { readonly id: RolloutId; readonly length: number },
  entries: readonly EntryBody[],
  changes: readonly VersionChange[] = [],
): Promise<void> {
  const outcome = await store.append({ rollout, token, length, at: clock.now(), entries, changes });
  if (outcome.kind !== 'appended') throw overtaken(environment, command);
}

function stampOf({ token, writer = '', store }: LockRecord, wanted: Restore, target: AliasTarget): Stamp {
  const { id, epoch }: StoreId = store ?? noStore;
  return {
    environment: wanted.plan.environment,
    token,
    // Entry 0 never is an intent: seq 0 would be a rollback by the alias alone.
    seq: 1,
    rollout: wanted.rollout,
    back: wanted.back,
    detail: { store: { id, epoch }, purpose: 'restored', writer, target: target.functionVersion },
  };
}

/** A lost reply is settled by reading. */
const tries = 3;

/** The target is kept, at the revision that was shown: whoever wrote since has changed what was decided upon. */
async function mark(
  platform: Platform,
  alias: string,
  { target, revisionId }: AliasView,
  { stamp, command }: Pick<Restore, 'command'> & { readonly stamp: Stamp },
): Promise<void> {
  let failure: PlatformError | undefined;
  for (let round = 1; round <= tries; round++) {
    try {
      await platform.writeAlias(alias, { target, stamp, revisionId });
    } catch (error) {
      if (!(error instanceof PlatformError) || error.failure.kind !== 'unknown') throw error;
      failure = error;
    }
    const seen = await platform.readAlias(alias);
    if (seen.stamp !== undefined && isMine(seen.stamp, stamp) && sameTarget(seen.target, target)) return;
    if (seen.revisionId !== revisionId) throw overtaken(stamp.environment, command, alias);
  }
  throw failure ?? overtaken(stamp.environment, command, alias);
}

/** What was shown is not what serves now: whoever restores looks again. Nobody was moved. */
export class Overtaken extends UserError {}

const overtaken = (environment: string, command: Restore['command'], alias?: string): Overtaken =>
  new Overtaken(
    'conflict',
    alias === undefined
      ? 'somebody else rebuilds the registry of this store at the same moment'
      : `alias ${alias} was changed while its store was rebuilt`,
    {
      why: 'what was shown is not what serves now; nobody was moved',
      mend: `${command === 'mlreg recover' ? command : `${command} --from BACKUP --apply`} --environment ${environment}  # looks again, and goes on`,
    },
  );

/** No store ever counts so far: somebody wrote it by hand, and one more could not be written any more. */
const mostCounted = 2 ** 39;

/** The marker that held a larger one is written over: nothing goes on from it. */
const largest = (numbers: readonly number[]): number =>
  Math.max(0, ...numbers.filter((number) => number < mostCounted));
