import type { EnvironmentConfig, Reading } from '../config/index.ts';
import { knownState } from '../runner/snapshot.ts';
import type { Connection, Needs } from './connection.ts';
import type { Caller, Session } from './session.ts';

/** Whoever can read mlreg.yaml and connect to what it names. */
interface Opener extends Pick<Caller, 'output'> {
  /** The environment that is meant. @throws UserError with all mistakes of mlreg.yaml that are in the way */
  environment(reading?: Reading): Promise<EnvironmentConfig>;
  readonly world: { connect(environment: EnvironmentConfig, needs?: Needs): Promise<Connection> };
}

/**
 * @param reading lenient for what leads back or only looks: no mistake in another setting stands in its way
 * @param needs `records`: of an environment on this machine nothing need run
 */
export async function openSession(
  opener: Opener,
  reading: Reading = 'strict',
  needs: Needs = 'all',
): Promise<Session> {
  const read = await opener.environment(reading);
  if (read.overlooked !== undefined) await tellOverlooked(opener, read);
  const connected = await opener.world.connect(read, needs);
  const config = read.overlooked?.file === null ? await asRecorded(read, connected) : read;
  const connection = config === read ? connected : await opener.world.connect(config, needs);
  const { controllerTrouble: trouble } = connection;
  if (trouble !== null) opener.output.say(`${trouble.what}; ${trouble.mend}`);
  return { config, connection };
}

async function tellOverlooked({ output }: Opener, { overlooked }: EnvironmentConfig): Promise<void> {
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
