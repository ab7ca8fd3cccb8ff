import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect } from '../connect.ts';
import { loadConfig } from '../config/index.ts';
import { type LocalControllerOptions, recordLocalController } from '../local-controller.ts';
import { isAlive, randomIds, systemClock } from '../machine.ts';
import { guard } from './guard.ts';
import type { Post } from './lap.ts';
import { postOf } from './post.ts';

/** The rollout controller of AWS on this machine: looks after its one environment until the process ends. */
export async function runLocalController({ config, stateDir }: LocalControllerOptions): Promise<void> {
  recordLocalController(stateDir);
  await guard({
    post: postsBy(config),
    clock: systemClock,
    signal: new AbortController().signal,
    say: (line) => void process.stderr.write(`controller: ${line}\n`),
  });
}

/** As mlreg.yaml has it now: connected anew only where the file has changed. */
function postsBy(file: string): () => Promise<Post> {
  let text: string | undefined;
  let post: Post | undefined;
  return async () => {
    const now = readFileSync(file, 'utf8');
    if (post === undefined || now !== text) {
      post = await connected(file, now);
      text = now;
    }
    return post;
  };
}

async function connected(file: string, text: string): Promise<Post> {
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
  return postOf({
    connection,
    clock: systemClock,
    ids: randomIds,
    host: hostname(),
    pid: process.pid,
    isAlive,
  });
}
