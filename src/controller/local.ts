import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect } from '../host/connect.ts';
import { loadConfig } from '../config/index.ts';
import { type LocalControllerOptions, recordLocalController } from '../host/local-controller.ts';
import { isAlive, randomIds, systemClock } from '../host/machine.ts';
import { guard, type Guarded } from './guard.ts';
import { collectedIn, postOf } from './controller-ports.ts';
import { overlookedLines, tidy, tidyUnlessMistaken } from './tidy.ts';

/** The rollout controller of AWS on this machine: looks after its one environment until the process ends. */
export async function runLocalController({ config, stateDir }: LocalControllerOptions): Promise<void> {
  recordLocalController(stateDir);
  let told: string | null = null;
  const say = (line: string): void => void process.stderr.write(`controller: ${line}\n`);
  const { watched, forget } = watchedBy({
    read: () => readFileSync(config, 'utf8'),
    connected: (text) => connected(config, text),
    say,
  });
  await guard({
    watched,
    clock: systemClock,
    signal: new AbortController().signal,
    say,
    onAlarm: (why) => {
      // A store that was rebuilt is another file: what holds on to the old one could never act again.
      if (why !== null) forget();
      if (why === told) return;
      told = why;
      try {
        recordLocalController(stateDir, why);
      } catch {
        // The directory that can't be written is the store's: every command that needs it says so itself.
      }
    },
  });
}

/**
 * As mlreg.yaml has it now: connected anew only where the file has changed, or what was known is to be forgotten. Where the
 * file is gone, or says no longer where the environment is, the last one that did is gone by: rollouts under way need it.
 */
export function watchedBy(options: {
  readonly read: () => string;
  readonly connected: (text: string) => Promise<Guarded>;
  readonly say: (line: string) => void;
}): { readonly watched: () => Promise<Guarded>; readonly forget: () => void } {
  let good: string | undefined;
  let known: Guarded | undefined;
  let told = '';
  const goBy = async (text: string): Promise<Guarded> => {
    if (known === undefined || text !== good) {
      known = await options.connected(text);
      good = text;
    }
    return known;
  };
  return {
    watched: async () => {
      let text: string | undefined;
      try {
        text = options.read();
        const watched = await goBy(text);
        told = '';
        return watched;
      } catch (error) {
        if (good === undefined || text === good) throw error;
        const why = error instanceof Error ? error.message : String(error);
        if (why !== told) options.say(`goes by mlreg.yaml as it was before: ${why}`);
        told = why;
        const { post } = await goBy(good);
        // What can't be undone waits for the file.
        return { post, tidy: () => Promise.resolve({ kind: 'later', why }) };
      }
    },
    forget: () => {
      known = undefined;
    },
  };
}

async function connected(file: string, text: string): Promise<Guarded> {
  const environment = loadConfig({
    cwd: process.cwd(),
    file,
    env: process.env,
    flags: {},
    readFile: () => text,
    exists: (path) => path === file,
    reading: 'lenient',
  }).environment('local');
  for (const line of overlookedLines(environment)) process.stderr.write(`controller: ${line}\n`);
  const connection = await connect(environment);
  void connection.outbox.sweep();
  const post = postOf({
    connection,
    clock: systemClock,
    ids: randomIds,
    host: hostname(),
    pid: process.pid,
    isAlive,
    config: environment,
  });
  return {
    post,
    tidy: tidyUnlessMistaken(environment, () =>
      tidy(post.ports, { ...collectedIn(environment), actor: post.actor }),
    ),
  };
}
