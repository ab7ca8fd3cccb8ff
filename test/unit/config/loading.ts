import { loadConfig, type LoadedConfig, type LoadOptions } from '../../../src/config/load.ts';

/** Loads this text as /repo/mlreg.yaml, from /repo, with nothing else around. */
export function load(text: string, options: Partial<LoadOptions> = {}): LoadedConfig {
  return loadConfig({
    cwd: '/repo',
    env: {},
    flags: {},
    readFile: () => text,
    exists: (path) => path === '/repo/mlreg.yaml' || path === '/repo/.git',
    ...options,
  });
}

/** The message of the error that loading throws, without its first line. */
export function mistakesIn(text: string): readonly string[] {
  try {
    load(text);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
}
