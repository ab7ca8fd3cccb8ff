import type { Actor } from '../domain/journal.ts';
import type { VersionRecord } from '../domain/registry.ts';
import type { RolloutState } from '../engine/state.ts';
import { type AliasView, PlatformError } from '../ports/platform.ts';
import type { LockRecord } from '../ports/store.ts';
import { deniedTry } from '../runner/credentials.ts';
import { type Look, lookAround } from '../runner/look.ts';
import { knownState } from '../runner/snapshot.ts';
import { type RolloutView, viewOf } from '../view/view.ts';
import { broughtBackBy, type BroughtBack } from './brought-back.ts';
import { aliasNote, type MarkerNote } from './marker.ts';
import { silentForMs } from './owner.ts';
import { championOf } from './plan/prepare.ts';
import { type ServingNow, servingNow } from './serving-sentence.ts';
import { servedOtherwise } from './serving-settings.ts';
import { type Caller, type Session, stateOf, unfinished } from './session.ts';

/** What serves now, and why: the registry's word beside what the alias really does. */
export interface EnvironmentStatus {
  /** What users get; null where it can't be read. */
  readonly serves: ServingNow | null;
  readonly champion: VersionRecord | null;
  /** How what serves differs from mlreg.yaml. */
  readonly settings: Awaited<ReturnType<typeof servedOtherwise>>;
  readonly alias: AliasView | PlatformError;
  /** What is wrong with the ownership marker; null where nothing is, or it can't be read. */
  readonly marker: MarkerNote | null;
  readonly stage: StageNow | null;
  /** A rollback that stands on the alias alone. */
  readonly back: BroughtBack | null;
  readonly lock: LockRecord;
  readonly owner: OwnerNow | null;
  /** The rollout that is not over. */
  readonly running: RolloutState | null;
  readonly view: RolloutView | null;
  /** AWS denies the owner the alias. */
  readonly denied: { readonly at: string; readonly error: string } | null;
  /** The newest rollout, where none is under way. */
  readonly last: RolloutState | null;
}

export interface StageNow {
  readonly alias: string;
  /** Where users are by the stage, and not by the environment's alias. */
  readonly functionVersion: string | null;
}

export interface OwnerNow extends Actor {
  readonly process: 'alive' | 'dead' | 'unknown';
  readonly silentForMs: number | null;
  readonly since: string;
  readonly token: number;
}

/** Users were brought back, and the journal says something else: then the marker is the newer one. */
async function broughtBackIn(at: Session, { claim }: Look): Promise<BroughtBack | null> {
  const { meaning, stamp } = claim;
  if (meaning.kind !== 'unknown-rollback' || stamp === undefined) return null;
  const { store } = at.connection;
  const [state, versions] = await Promise.all([knownState(store, meaning.rollout), store.versions()]);
  return broughtBackBy(stamp, state, versions);
}

/** Takes no lock, and changes nothing. */
export async function lookAtStatus(caller: Caller, at: Session): Promise<EnvironmentStatus> {
  const { config, connection } = at;
  const champion = await championOf(at);
  const lock = await connection.store.lock();
  const running = await unfinished(at);
  const look = await lookAround(connection, config.lambda).catch((error: unknown) => {
    if (error instanceof PlatformError) return error;
    throw error;
  });
  const isUnread = look instanceof PlatformError;
  const settings = await servedOtherwise(at, champion);
  const now = caller.world.clock.now();
  return {
    alias: isUnread ? look : look.main.view,
    marker: isUnread ? null : aliasNote(at, look, { champion, running }),
    stage: isUnread ? null : stageNow(look),
    back: isUnread ? null : await broughtBackIn(at, look),
    last: running === null ? await newest(at) : null,
    view: running === null ? null : viewOf(running, [], now),
    serves: isUnread
      ? null
      : await servingNow(caller, at, { target: look.reached.view.target, champion, running }),
    denied: running === null ? null : deniedNow(running),
    owner: await ownerNow(caller, at, lock),
    champion,
    settings,
    lock,
    running,
  };
}

async function ownerNow(caller: Caller, at: Session, lock: LockRecord): Promise<OwnerNow | null> {
  const { owner, takenAt, token } = lock;
  if (owner === null) return null;
  const silence = await silentForMs(caller, at, lock);
  const since = new Date(takenAt).toISOString();
  return { ...owner, process: caller.world.isAlive(owner), silentForMs: silence, since, token };
}

function deniedNow(running: RolloutState): EnvironmentStatus['denied'] {
  const denied = deniedTry(running);
  return denied === null ? null : { at: new Date(denied.at).toISOString(), error: denied.error };
}

/** Null where the environment swaps no stage, or it can't be read: what serves is told by the alias then. */
function stageNow({ stage, main, reached }: Look): StageNow | null {
  if (stage === null || stage instanceof PlatformError || stage.alias === undefined) return null;
  const { alias } = stage;
  const isElsewhere = alias !== main.name && alias === reached.name;
  return { alias, functionVersion: isElsewhere ? reached.view.target.functionVersion : null };
}

async function newest(at: Session): Promise<RolloutState | null> {
  const [id] = await at.connection.store.rollouts();
  return id === undefined ? null : stateOf(at, id);
}
