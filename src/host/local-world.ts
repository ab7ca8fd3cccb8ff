import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalControllerOptions } from './local-controller.ts';
import { UserError } from '../domain/user-error.ts';
import { isRunning } from './machine.ts';
import { packaged } from './package-root.ts';
import type { LocalAws, LocalUp, LocalUpOptions } from './local-host.ts';

export const localAws: LocalAws = {
  load: async (options) => (await import('../local-aws/data-plane/load.ts')).generateLoad(options),
  async imageTrouble(image) {
    const { findProgram, WrongImage } = await import('../local-aws/data-plane/local-image.ts');
    try {
      findProgram(image, { path: process.env['PATH'] ?? '', node: process.execPath });
      return null;
    } catch (error) {
      if (error instanceof WrongImage) return { what: error.message, mend: error.fix };
      throw error;
    }
  },
  async up(options) {
    const { readDaemonRecord } = await import('../local-aws/daemon-files.ts');
    const running = readDaemonRecord(options.stateDir);
    if (running !== undefined) return { ...running, alreadyRunning: true, ended: Promise.resolve() };
    const [{ nodeFileSystem }, { keepOutOfGit }] = await Promise.all([
      import('../store/file-system.ts'),
      import('../store/git-ignore.ts'),
    ]);
    await keepOutOfGit(nodeFileSystem, options.stateDir);
    const routerBundle = packaged('dist/router/index.cjs');
    if (options.detach) return spawnDaemon({ ...options, routerBundle });
    const { runDaemon } = await import('../local-aws/daemon.ts');
    try {
      const daemon = await runDaemon({
        ...options,
        routerBundle,
        unpacker: daemonProgram(),
        ownsProcess: true,
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      await controllerBeside(daemon.stopped, options);
      return {
        controlUrl: daemon.controlUrl,
        gatewayUrl: daemon.gatewayUrl,
        pid: process.pid,
        alreadyRunning: false,
        ended: daemon.stopped,
      };
    } catch (error) {
      throw refusal(error);
    }
  },
  async status(stateDir) {
    const { readDaemonRecord } = await import('../local-aws/daemon-files.ts');
    const record = readDaemonRecord(stateDir);
    if (record === undefined) return null;
    const response = await fetch(`${record.controlUrl}/_local/status`, {
      headers: { 'x-amz-security-token': record.sessionToken },
    });
    const { localControllerStanding, localControllerTrouble } = await import('./local-controller.ts');
    return {
      ...record,
      details: (await response.json()) as Record<string, unknown>,
      controller: localControllerStanding(stateDir).kind,
      trouble: localControllerTrouble(stateDir),
    };
  },
  async access(stateDir) {
    const { readDaemonRecord } = await import('../local-aws/daemon-files.ts');
    const record = readDaemonRecord(stateDir);
    if (record === undefined) return null;
    return {
      AWS_ENDPOINT_URL: record.controlUrl,
      AWS_REGION: record.region,
      AWS_DEFAULT_REGION: record.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SESSION_TOKEN: record.sessionToken,
    };
  },
  async down(stateDir) {
    const { readDaemonRecord } = await import('../local-aws/daemon-files.ts');
    const record = readDaemonRecord(stateDir);
    if (record === undefined) return false;
    await fetch(`${record.controlUrl}/_local/stop`, {
      method: 'POST',
      headers: { 'x-amz-security-token': record.sessionToken },
    });
    for (let waits = 0; waits < 100 && readDaemonRecord(stateDir) !== undefined; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Its process ends a moment after its record; one that nobody reaps would seem to run for ever.
    for (let waits = 0; waits < 40 && isRunning(record.pid); waits++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return readDaemonRecord(stateDir) === undefined;
  },
};

/** After a death: at once at first, and less often where it dies again and again. */
const firstRestartMs = 1_000;
const longestRestartMs = 60_000;

/** Looks after rollouts for as long as the daemon lives; where its process dies another one is started. */
export async function controllerBeside(
  stopped: Promise<void>,
  {
    stateDir,
    controllerConfig,
    say = (line) => void process.stderr.write(`${line}\n`),
  }: Pick<LocalUpOptions, 'stateDir' | 'controllerConfig'> & { readonly say?: (line: string) => void },
): Promise<void> {
  const { forgetLocalController } = await import('./local-controller.ts');
  if (controllerConfig === null) return forgetLocalController(stateDir);
  const { fork } = await import('node:child_process');
  const told: LocalControllerOptions = { config: controllerConfig, stateDir };
  let isStopped = false;
  let child: ReturnType<typeof fork>;
  let pauseMs = firstRestartMs;
  const begin = (): void => {
    const startedAt = performance.now();
    // A process of its own, so that judging slows no user's request; it ends when this one does, however that ends.
    child = fork(packaged('dist/local-controller-main.js'), [JSON.stringify(told)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // The channel must not keep a daemon alive that has stopped.
    child.unref();
    child.channel?.unref();
    child.once('exit', (code, signal) => {
      if (isStopped) return;
      if (performance.now() - startedAt >= longestRestartMs) pauseMs = firstRestartMs;
      say(
        `the rollout controller has died (${signal ?? `exit code ${code}`}); another one starts in ${pauseMs / 1_000} s`,
      );
      setTimeout(() => {
        if (!isStopped) begin();
      }, pauseMs).unref();
      pauseMs = Math.min(2 * pauseMs, longestRestartMs);
    });
  };
  begin();
  void stopped.then(() => {
    isStopped = true;
    child.kill('SIGKILL');
  });
}

/** A daemon in a process of its own, which outlives this one. Its first line on the channel says how it went. */
async function spawnDaemon(options: LocalUpOptions & { readonly routerBundle: string }): Promise<LocalUp> {
  const { fork } = await import('node:child_process');
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const log = openSync(join(options.stateDir, 'daemon.log'), 'a', 0o600);
  const child = fork(daemonProgram(), [JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const answer = await new Promise<DaemonAnswer>((resolve) => {
    child.once('message', (message) => resolve(message as DaemonAnswer));
    child.once('exit', (code) =>
      resolve({
        kind: 'refused',
        message: `it ended with exit code ${code}`,
        mend: `look into ${join(options.stateDir, 'daemon.log')}`,
      }),
    );
  });
  if (child.connected) child.disconnect();
  child.unref();
  if (answer.kind === 'refused')
    throw new UserError('usage', `AWS on this machine did not start: ${answer.message}`, {
      mend: answer.mend,
    });
  return { ...answer, pid: child.pid ?? 0, alreadyRunning: false, ended: Promise.resolve() };
}

export type DaemonAnswer =
  | { readonly kind: 'up'; readonly controlUrl: string; readonly gatewayUrl: string }
  | { readonly kind: 'refused'; readonly message: string; readonly mend: string };

function refusal(error: unknown): unknown {
  if (error instanceof Error && 'mend' in error && typeof error.mend === 'string') {
    return new UserError('usage', `AWS on this machine did not start: ${error.message}`, {
      mend: error.mend,
      cause: error,
    });
  }
  return error;
}

const daemonProgram = (): string => packaged('dist/local-aws-main.js');
