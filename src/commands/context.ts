import type { EnvironmentConfig, LoadedConfig, Reading } from '../config/index.ts';
import type { Actor, Entry } from '../domain/journal.ts';
import { type RolloutId, rolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Follower, follow } from '../reporting/follow.ts';
import type { Output } from '../reporting/output.ts';
import { createWarmKeeper } from '../runner/keep-warm.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { replay } from '../engine/fold-journal.ts';
import { rememberRollout } from './answer-outcome.ts';
import { type Claimed, lookAtMarkers } from '../runner/look.ts';
import { wentBackBlind } from '../runner/roll-back-blind.ts';
import { knownState } from '../runner/snapshot.ts';
import type { RolloutState } from '../engine/state.ts';
import type { Connection } from '../host/connect.ts';
import type { Needs } from '../host/place.ts';
import type { World } from '../host/world.ts';

export interface GlobalOptions {
  readonly environment?: string;
  readonly model?: string;
  readonly config?: string;
  readonly output?: 'text' | 'json' | 'ndjson';
  readonly yes?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly region?: string;
  readonly profile?: string;
}

/** What a command's handler gets. */
export interface Context {
  readonly world: World;
  readonly output: Output;
  readonly options: GlobalOptions;
  readonly actor: Actor;
  /** @throws UserError with all mistakes of mlreg.yaml; read leniently with those that are in the way */
  config(reading?: Reading): Promise<LoadedConfig>;
  environment(reading?: Reading): Promise<EnvironmentConfig>;
}

/** An environment with its connection. */
export interface Target {
  readonly config: EnvironmentConfig;
  readonly connection: Connection;
}

/**
 * @param reading lenient for what leads back or only looks: no mistake in another setting stands in its way
 * @param needs `records`: of an environment on this machine nothing need run
 */
export async function target(
  context: Context,
  reading: Reading = 'strict',
  needs: Needs = 'all',
): Promise<Target> {
  const read = await context.environment(reading);
  if (read.overlooked !== undefined) await tellOverlooked(context, read);
  const connected = await context.world.connect(read, needs);
  const config = read.overlooked?.file === null ? await asRecorded(read, connected) : read;
  const connection = config === read ? connected : await context.world.connect(config, needs);
  const { controllerTrouble: trouble } = connection;
  if (trouble !== null) context.output.say(`${trouble.what}; ${trouble.mend}`);
  return { config, connection };
}

async function tellOverlooked({ output }: Context, { overlooked }: EnvironmentConfig): Promise<void> {
  const { file = null, mistakes = [] } = overlooked ?? {};
  if (file === null) {
    output.say('there is no mlreg.yaml: going by the default names, and by what the store says');
    return;
  }
  if (mistakes.length === 0) return;
  const { mistakeLine } = await import('../config/index.ts');
  for (const mistake of mistakes) output.say(mistakeLine(file, mistake));
  output.say(
    `${mistakes.length === 1 ? 'this setting has its default' : 'these settings have their defaults'} here: this command goes on without, and deploy will not`,
  );
}

/** Without a file the newest rollout says under which names it moved users. */
async function asRecorded(config: EnvironmentConfig, { store }: Connection): Promise<EnvironmentConfig> {
  try {
    const [newest] = await store.rollouts();
    const state = newest === undefined ? null : await knownState(store, newest);
    if (state === null) return config;
    const { alias, green, routing } = state.plan;
    return { ...config, routing, lambda: { ...config.lambda, alias, green: green ?? null } };
  } catch {
    // A store that can't be read stops no rollback: whoever needs it says so.
    return config;
  }
}

export function portsOf(
  context: Context,
  { config, connection }: Target,
  onEntry: RolloutPorts['onEntry'],
): RolloutPorts {
  const { store, platform, metrics, comparisons, userCounts, outbox, pending, artifacts, jobTokens } =
    connection;
  const { clock } = context.world;
  const { keepWarmMs: everyMs } = config.sagemaker;
  return {
    store,
    platform,
    metrics,
    comparisons,
    userCounts,
    pending,
    artifacts,
    jobTokens,
    ...(everyMs === null ? {} : { keeper: createWarmKeeper({ platform, clock, everyMs }) }),
    // The journal is the outbox, so what is to be told has been kept by now.
    notifier: { send: () => Promise.resolve() },
    clock,
    ids: context.world.ids,
    onEntry: (entry, state) => {
      onEntry(entry, state);
      outbox.note(entry, state);
    },
  };
}

export async function startFollowing(context: Context): Promise<Follower> {
  const { world, output } = context;
  const path = world.env.MLREG_OUTPUT_FILE;
  const follower = await follow({
    output,
    now: () => world.clock.now(),
    env: world.env,
    write: world.streams.stderr,
    size: () => ({ columns: world.streams.columns, rows: world.streams.rows ?? 24 }),
    eventFile: path === undefined || path === '' ? undefined : eventFile(context, path),
  });
  return {
    ...follower,
    onEntry: (entry, state) => {
      if (entry.kind === 'started' || entry.kind === 'owned') rememberRollout(context, state.id);
      follower.onEntry(entry, state);
    },
  };
}

/** A full disk, or a file that may not be written, must not stand in the way of a rollout: it is said, once. */
function eventFile({ world, output }: Context, path: string): (line: string) => void {
  let isBroken = false;
  return (line) => {
    try {
      world.files.append(path, `${line}\n`);
      isBroken = false;
    } catch (error) {
      if (!isBroken) {
        output.say(
          `MLREG_OUTPUT_FILE can't be written: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      isBroken = true;
    }
  };
}

/** For whoever judges nothing. @throws UserError where there is none */
export async function stateOf({ connection }: Target, id: RolloutId): Promise<RolloutState> {
  const state = await knownState(connection.store, id);
  if (state === null) throw noRollout(id);
  return state;
}

/** A rollout's journal, read once, and what it comes to. @throws UserError where there is none */
export async function storyOf(
  { connection }: Target,
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
  { connection, config }: Target,
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
export async function unfinished(at: Target): Promise<RolloutState | null> {
  const [newest] = await at.connection.store.rollouts();
  if (newest === undefined) return null;
  const state = await stateOf(at, newest);
  return state.phase === 'ended' && state.outcome?.kind !== 'stuck' ? null : state;
}

/**
 * What was rolled back while the store was out of reach, after it had ended: its journal and the registry don't know.
 * @param look what serves, where it has just been read
 */
export async function undone(at: Target, look?: Claimed | null): Promise<RolloutState | null> {
  const { connection, config } = at;
  const seen = look ?? null;
  const id = await wentBackBlind(
    connection.store,
    async () => (seen ?? (await lookAtMarkers(connection, config.lambda))).claim,
  );
  return id === null ? null : stateOf(at, id);
}

/** Asks on a terminal, demands --yes elsewhere. Only for what moves users towards something new. */
export async function confirm(context: Context, config: EnvironmentConfig, question: string): Promise<void> {
  if (!config.protected || context.options.yes === true) return;
  if (!context.world.streams.stderrIsTerminal) {
    throw new UserError('usage', `${config.name} is protected and nobody can be asked`, {
      mend: 'add --yes to the command',
    });
  }
  const answer = await context.world.ask(
    `${question}\nType the environment's name (${config.name}) to go on: `,
  );
  if (answer?.trim() !== config.name) throw new UserError('usage', 'not confirmed; nothing was changed');
}
