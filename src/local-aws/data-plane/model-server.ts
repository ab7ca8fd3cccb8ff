import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { Pool } from 'undici';
import type { ContainerRequest, ContainerResponse, LocalClock } from '../seams.ts';
import type { LocalProgram } from './local-image.ts';
import { invocation } from './model-server-request.ts';
import { type ChildRecords, groupVariable, kill, killGroup } from './process-identity.ts';
import { keepOutput } from './server-output.ts';

/** A child process that answered GET /ping with 200. */
export interface ModelServer {
  readonly pid: number;
  readonly port: number;
  /** Settles when the process is gone, with why, as `exited with code 1`. */
  readonly ended: Promise<string>;
  invoke(request: ContainerRequest): Promise<ContainerResponse>;
  /** Lets requests under way finish for a while, then ends the process. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ModelServerSpec {
  /** For messages and records. */
  readonly name: string;
  readonly program: LocalProgram;
  readonly modelDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly logFile: string;
  /** Told each line that it prints. */
  readonly print: (lines: readonly string[]) => void;
}

export interface ModelServerLimits {
  /** SageMaker: 3 minutes. */
  readonly startTimeoutMs: number;
  readonly pingEveryMs: number;
  readonly invokeTimeoutMs: number;
  /** Requests under way get so long to finish, and then the process so long to end, each. */
  readonly stopGraceMs: number;
}

/**
 * Starts a model server under the SageMaker container contract: its port in SAGEMAKER_BIND_TO_PORT, its model in
 * SM_MODEL_DIR. It leads a process group of its own, which ends whole when it ends. Its standard input is a pipe that ends
 * when this process does.
 * @throws Error saying how the process ended, or that it never answered, with the last it printed
 */
export async function startModelServer(
  spec: ModelServerSpec,
  limits: ModelServerLimits,
  clock: LocalClock,
  records: ChildRecords,
  signal: AbortSignal,
): Promise<ModelServer> {
  const port = await freePort();
  signal.throwIfAborted();
  const mark = records.mark();
  const child = spawnServer(spec, port, mark);
  const ended = endOf(child);
  const pid = child.pid;
  if (pid === undefined) throw new Error(await ended);
  records.add(pid, spec.name, mark);
  void ended.then(() => records.remove(pid));
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections: spec.connections,
    pipelining: 1,
    headersTimeout: limits.invokeTimeoutMs,
    bodyTimeout: limits.invokeTimeoutMs,
    // Node's own servers close after 5 s; to be first spares a request that meets a closing socket.
    keepAliveTimeout: 4_000,
  });
  const stop = async (): Promise<void> => {
    await within(clock, limits.stopGraceMs, pool.close());
    child.stdin?.end();
    kill(pid, 'SIGTERM');
    await within(clock, limits.stopGraceMs, ended);
    killGroup(pid);
    await ended;
    await pool.destroy();
  };

  const why = await readiness(pool, ended, limits, clock, signal);
  if (why !== undefined) {
    killGroup(pid);
    await ended;
    await pool.destroy();
    throw new Error(`${why}; its log is logs/${basename(spec.logFile)} in its state directory`);
  }
  let alive = true;
  void ended.then(() => (alive = false));
  return { pid, port, ended, stop, invoke: (request) => invocation(pool, request, () => alive) };
}

function spawnServer(spec: ModelServerSpec, port: number, mark: string): ChildProcess {
  const { file, args, cwd } = spec.program;
  const child = spawn(
    file,
    args.map((arg) => arg.replaceAll('{port}', String(port))),
    {
      cwd,
      // A group of its own, so that the workers it forks end with it.
      detached: true,
      env: {
        PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
        HOME: process.env['HOME'] ?? '/',
        // What a Python server prints is to be read now, not when its buffer is full.
        PYTHONUNBUFFERED: '1',
        ...spec.environment,
        SAGEMAKER_BIND_TO_PORT: String(port),
        SM_MODEL_DIR: spec.modelDirectory,
        [groupVariable]: mark,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin?.on('error', () => undefined);
  keepOutput([child.stdout, child.stderr], { file: spec.logFile, print: spec.print });
  return child;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      // At once: the group's number is free for others as soon as its last process is gone.
      if (child.pid !== undefined) killGroup(child.pid);
      resolve(code === null ? `was ended by ${signal}` : `exited with code ${code}`);
    });
  });
}

/** @returns undefined when the server is ready, else why it will not be */
async function readiness(
  pool: Pool,
  ended: Promise<string>,
  limits: ModelServerLimits,
  clock: LocalClock,
  signal: AbortSignal,
): Promise<string | undefined> {
  let gone: string | undefined;
  const end = ended.then((why) => {
    gone = `the model server ${why}`;
  });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const until = clock.now() + limits.startTimeoutMs;
  let answered = 'nothing';
  while (clock.now() < until) {
    await Promise.race([end, aborted, ping(pool).then((answer) => void (answered = answer))]);
    if (signal.aborted) return 'it was stopped while it started';
    if (gone !== undefined) return gone;
    // The port could be somebody else's by now; a server of ours that lost it is about to exit.
    if (answered === '200') return undefined;
    await Promise.race([end, aborted, within(clock, limits.pingEveryMs)]);
  }
  return `GET /ping answered ${answered} for ${limits.startTimeoutMs / 1000} s`;
}

async function ping(pool: Pool): Promise<string> {
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/ping', headersTimeout: 2_000 });
    await body.dump();
    return String(statusCode);
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}

/** Waits for `work`, or for the time to be over. */
async function within(clock: LocalClock, ms: number, work?: Promise<unknown>): Promise<void> {
  let cancel = (): void => undefined;
  const time = new Promise<void>((resolve) => {
    cancel = clock.at(clock.now() + ms, resolve);
  });
  await Promise.race(work ? [time, work.catch(() => undefined)] : [time]);
  cancel();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
