import type { LoadedConfig, Reading } from '../config/index.ts';
import { peoplesWords } from '../domain/one-line.ts';
import { createOutput } from '../reporting/output.ts';
import type { World } from '../host/world.ts';
import type { Context, GlobalOptions } from './context.ts';

export function createContext(world: World, options: GlobalOptions, argv: readonly string[]): Context {
  const loaded = new Map<Reading, Promise<LoadedConfig>>();
  const config = (reading: Reading = 'strict'): Promise<LoadedConfig> => {
    const known = loaded.get(reading) ?? load(reading);
    loaded.set(reading, known);
    return known;
  };
  const load = (reading: Reading): Promise<LoadedConfig> =>
    import('../config/index.ts').then(({ loadConfig }) =>
      loadConfig({
        cwd: world.cwd,
        reading,
        ...(options.config === undefined ? {} : { file: options.config }),
        env: world.env,
        flags: {
          ...(options.environment === undefined ? {} : { environment: options.environment }),
          ...(options.model === undefined ? {} : { model: options.model }),
          ...(options.region === undefined ? {} : { region: options.region }),
          ...(options.profile === undefined ? {} : { profile: options.profile }),
        },
        readFile: (path) => world.files.read(path),
        exists: (path) => world.files.exists(path),
      }),
    );
  const actor = world.actor(`mlreg ${argv.join(' ')}`);
  return {
    world,
    options,
    output: createOutput(world.streams, world.env, {
      mode: options.output ?? 'text',
      quiet: options.quiet === true,
      color: options.color !== false,
    }),
    actor: { ...actor, name: peoplesWords(actor.name, 100), command: peoplesWords(actor.command) },
    config,
    environment: async (reading) => (await config(reading)).environment(),
  };
}
