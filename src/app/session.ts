import type { EnvironmentConfig } from '../config/index.ts';
import type { Actor, Entry } from '../domain/journal.ts';
import { type RolloutId, rolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';
import type { Clock, Ids } from '../ports/index.ts';
import { createWarmKeeper } from '../runner/keep-warm.ts';
import { type Claimed, lookAtMarkers } from '../runner/look.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { wentBackBlind } from '../runner/roll-back-blind.ts';
import { knownState } from '../runner/snapshot.ts';
import type { Connection } from './connection.ts';

/** An environment with its connection. */
export interface Session {
  readonly config: EnvironmentConfig;
  readonly connection: Connection;
}

/** Who calls a use case, and the machine they are on: what is left of a command's context without a terminal. */
export interface Caller {
  readonly world: CallerWorld;
  readonly actor: Actor;
  /** Everything that would be asked is confirmed. */
  readonly options: { readonly yes?: boolean };
  /** Gets remarks that a person should read and that no result depends on, one sentence each. */
  readonly output: { say(text: string): void };
}

interface CallerWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Whether the process still runs; `unknown` where this machine can't tell. */
  isAlive(actor: Actor): 'alive' | 'dead' | 'unknown';
  /** A line from a person; null where nobody can be asked. */
  ask(question: string): Promise<string | null>;
  readonly streams: {
    /** Whether a person can be asked. */
    readonly stderrIsTerminal: boolean;
  };
  readonly local: {
    /** Why a model server can't run on this machine; null where it can. */
    imageTrouble(image: string): Promise<{ readonly what: string; readonly mend: string } | null>;
  };
}

/** What a rollout may touch in this environment. @param onEntry is told of each journal entry as it is written */
export function portsOf(
  { world: { clock, ids } }: { readonly world: Pick<CallerWorld, 'clock' | 'ids'> },
  { config, connection }: Session,
  onEntry: RolloutPorts['onEntry'],
): RolloutPorts {
  const ports = portsWithoutKeeper({ clock, ids }, connection, onEntry);
  const { keepWarmMs: everyMs } = config.sagemaker;
  return everyMs === null
    ? ports
    : { ...ports, keeper: createWarmKeeper({ platform: ports.platform, clock, everyMs }) };
}

/** The same for whoever keeps warm by other rules. */
export function portsWithoutKeeper(
  { clock, ids }: Pick<CallerWorld, 'clock' | 'ids'>,
  connection: Connection,
  onEntry: RolloutPorts['onEntry'],
): RolloutPorts {
  const { store, platform, metrics, comparisons, userCounts, outbox, pending, artifacts, jobTokens } =
    connection;
  return {
    store,
    platform,
    metrics,
    comparisons,
    userCounts,
    pending,
    artifacts,
    jobTokens,
    // The journal is the outbox, so what is to be told has been kept by now.
    notifier: { send: () => Promise.resolve() },
    clock,
    ids,
    onEntry: (entry, state) => {
      onEntry(entry, state);
      outbox.note(entry, state);
    },
  };
}

/** For whoever judges nothing. @throws UserError where there is none */
export async function stateOf({ connection }: Session, id: RolloutId): Promise<RolloutState> {
  const state = await knownState(connection.store, id);
  if (state === null) throw noRollout(id);
  return state;
}

/** A rollout's journal, read once, and what it comes to. @throws UserError where there is none */
export async function storyOf(
  { connection }: Session,
  id: RolloutId,
): Promise<{ readonly entries: readonly Entry[]; readonly state: RolloutState }> {
  const entries = await connection.store.journal(id);
  if (entries.length === 0) throw noRollout(id);
  return { entries, state: replay(id, entries) };
}

const noRollout = (id: RolloutId): UserError =>
  new UserError('usage', `there is no rollout ${id}`, { mend: 'mlreg history' });

/** The rollout that somebody names, or the newest. @throws UserError where there is none yet */
export async function rolloutNamed(
  { connection, config }: Session,
  text: string | undefined,
): Promise<RolloutId> {
  if (text !== undefined) return rolloutId(text);
  const [newest] = await connection.store.rollouts();
  if (newest !== undefined) return newest;
  throw new UserError('usage', `no rollout yet in ${config.name}`, {
    mend: `mlreg deploy VERSION --environment ${config.name}`,
  });
}

/** The newest rollout that is not over; a stuck one isn't. */
export async function unfinished(at: Session): Promise<RolloutState | null> {
  const [newest] = await at.connection.store.rollouts();
  if (newest === undefined) return null;
  const state = await stateOf(at, newest);
  return state.phase === 'ended' && state.outcome?.kind !== 'stuck' ? null : state;
}

/**
 * What was rolled back while the store was out of reach, after it had ended: its journal and the registry don't know.
 * @param look what serves, where it has just been read
 */
export async function undone(at: Session, look?: Claimed | null): Promise<RolloutState | null> {
  const { connection, config } = at;
  const seen = look ?? null;
  const id = await wentBackBlind(
    connection.store,
    async () => (seen ?? (await lookAtMarkers(connection, config.lambda))).claim,
  );
  return id === null ? null : stateOf(at, id);
}
