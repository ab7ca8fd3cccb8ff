import type { EnvironmentConfig, LoadedConfig, Reading } from '../config/index.ts';
import type { Session } from '../app/session.ts';
import type { Actor } from '../domain/journal.ts';
import { UserError } from '../domain/user-error.ts';
import { type Follower, follow } from '../reporting/follow.ts';
import type { Output } from '../reporting/output.ts';
import { rememberRollout } from './answer-outcome.ts';
import { knownState } from '../runner/snapshot.ts';
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

/**
 * @param reading lenient for what leads back or only looks: no mistake in another setting stands in its way
 * @param needs `records`: of an environment on this machine nothing need run
 */
export async function target(
  context: Context,
  reading: Reading = 'strict',
  needs: Needs = 'all',
): Promise<Session> {
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
async function asRecorded(
  config: EnvironmentConfig,
  { store }: Session['connection'],
): Promise<EnvironmentConfig> {
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
