import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect } from '../host/connect.ts';
import { loadConfig } from '../config/index.ts';
import { type LocalControllerOptions, recordLocalController } from '../host/local-controller.ts';
import { isAlive, randomIds, systemClock } from '../host/machine.ts';
import { guard, type Guarded } from './guard.ts';
import { collectedIn, postOf } from './controller-ports.ts';
import { tidy } from './tidy.ts';

/** The rollout controller of AWS on this machine: looks after its one environment until the process ends. */
export async function runLocalController({ config, stateDir }: LocalControllerOptions): Promise<void> {
  recordLocalController(stateDir);
  let told: string | null = null;
  const { watched, forget } = watchedBy(config);
  await guard({
    watched,
    clock: systemClock,
    signal: new AbortController().signal,
    say: (line) => void process.stderr.write(`controller: ${line}\n`),
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

/** As mlreg.yaml has it now: connected anew only where the file has changed, or what was known is to be forgotten. */
function watchedBy(file: string): { readonly watched: () => Promise<Guarded>; readonly forget: () => void } {
  let text: string | undefined;
  let known: Guarded | undefined;
  return {
    watched: async () => {
      const now = readFileSync(file, 'utf8');
      if (known === undefined || now !== text) {
        known = await connected(file, now);
        text = now;
      }
      return known;
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
  }).environment('local');
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
  return { post, tidy: () => tidy(post.ports, { ...collectedIn(environment), actor: post.actor }) };
}
