import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect } from '../connect.ts';
import { loadConfig } from '../config/index.ts';
import { type LocalControllerOptions, recordLocalController } from '../local-controller.ts';
import { isAlive, randomIds, systemClock } from '../machine.ts';
import { guard, type Guarded } from './guard.ts';
import { collectedIn, postOf } from './post.ts';
import { tidy } from './tidy.ts';

/** The rollout controller of AWS on this machine: looks after its one environment until the process ends. */
export async function runLocalController({ config, stateDir }: LocalControllerOptions): Promise<void> {
  recordLocalController(stateDir);
  let told: string | null = null;
  await guard({
    watched: watchedBy(config),
    clock: systemClock,
    signal: new AbortController().signal,
    say: (line) => void process.stderr.write(`controller: ${line}\n`),
    onAlarm: (why) => {
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

/** As mlreg.yaml has it now: connected anew only where the file has changed. */
function watchedBy(file: string): () => Promise<Guarded> {
  let text: string | undefined;
  let watched: Guarded | undefined;
  return async () => {
    const now = readFileSync(file, 'utf8');
    if (watched === undefined || now !== text) {
      watched = await connected(file, now);
      text = now;
    }
    return watched;
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
  });
  return { post, tidy: () => tidy(post.ports, { ...collectedIn(environment), actor: post.actor }) };
}
