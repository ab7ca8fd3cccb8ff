import type { EnvironmentConfig, LoadedConfig, Reading } from '../config/index.ts';
import type { Actor } from '../domain/journal.ts';
import { type Follower, follow } from '../reporting/follow.ts';
import type { Output } from '../reporting/output.ts';
import { rememberRollout } from './answer-outcome.ts';
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
