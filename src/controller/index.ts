import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { connectTogether } from '../host/connect.ts';
import { systemClock, randomIds } from '../host/machine.ts';
import { createHandler, type Watched } from './handler.ts';
import { collectedIn, postOf } from './controller-ports.ts';
import { overlookedLines, tidy, tidyUnlessMistaken } from './tidy.ts';

/*
 * The entry that Lambda imports. Variables: MLREG_ENVIRONMENT; MLREG_MODELS, comma-separated, where there are others than
 * mlreg.yaml's; MLREG_STATE_MACHINE, without which the schedule itself drives. mlreg.yaml lies beside this file.
 */
const { env } = process;
const root = env.LAMBDA_TASK_ROOT ?? process.cwd();
const environment = env.MLREG_ENVIRONMENT ?? '';
const settleMs = 5_000;
const known = new Map<string, Promise<Watched>>();
const connect = connectTogether();

function configOf(model?: string) {
  return loadConfig({
    cwd: root,
    file: join(root, 'mlreg.yaml'),
    env,
    flags: { environment, ...(model === undefined ? {} : { model }) },
    readFile: (path) => readFileSync(path, 'utf8'),
    exists: existsSync,
    reading: 'lenient',
  });
}

async function watch(model: string): Promise<Watched> {
  const config = configOf(model).environment();
  for (const line of overlookedLines(config)) process.stdout.write(`${line}\n`);
  const stateMachine = env.MLREG_STATE_MACHINE ?? '';
  const connection = await connect({ ...config, controller: stateMachine === '' ? null : stateMachine });
  const post = postOf({
    connection,
    clock: systemClock,
    ids: randomIds,
    host: env.AWS_LAMBDA_FUNCTION_NAME ?? 'lambda',
    pid: process.pid,
    isAlive: () => 'unknown',
    config,
  });
  // What an earlier process could not deliver.
  await connection.outbox.sweep();
  return {
    post,
    dispatcher: connection.controller,
    tidy: tidyUnlessMistaken(config, () => tidy(post.ports, { ...collectedIn(config), actor: post.actor })),
    settle: () => Promise.all([connection.outbox.flush(settleMs), post.warm?.keeper.settled(settleMs)]),
  };
}

/** Connections live as long as the execution environment. */
function watched(model: string): Promise<Watched> {
  const found = known.get(model) ?? watch(model);
  known.set(model, found);
  // What could not be read this time may be there the next.
  found.catch(() => known.delete(model));
  return found;
}

const listed = (env.MLREG_MODELS ?? '').split(',').filter((model) => model !== '');
let handle: ReturnType<typeof createHandler> | undefined;

/** Made at the first event, so that a mistake in mlreg.yaml is an answer with a reason, and no failed start. */
export async function handler(event: unknown): Promise<unknown> {
  if (environment === '') throw new Error('MLREG_ENVIRONMENT is not set');
  handle ??= createHandler({
    environment,
    models: listed.length > 0 ? listed : [configOf().model],
    clock: systemClock,
    say: (line) => void process.stdout.write(`${line}\n`),
    watched,
  });
  return handle(event);
}
