import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli.ts';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createWorld } from '../../src/host/world.ts';

// What a program printed: each test says what it expects of it.
export type Json = Record<string, any>;

/** The built program against AWS on this machine, each scene in a directory, and on ports, of its own. */
export interface Scene {
  readonly dir: string;
  /** Environment variables of what is started from here on. */
  readonly variables: Record<string, string>;
  /** Writes mlreg.yaml anew; `local` goes under `environments.local`, as JSON. */
  configure(local: object): void;
  /**
   * Starts AWS on this machine; with no controller what a killed process left is only a person's. After its death it comes
   * back on the same ports.
   */
  up(options?: { readonly controller: boolean }): Promise<void>;
  readonly gatewayUrl: string;
  /** Of every request to the gateway. */
  readonly gatewayHeaders: Record<string, string>;
  readonly daemonPid: number;
  /** Runs to its end. */
  run(...args: string[]): Promise<Ended>;
  /** As run with `-o json`, its answer parsed. */
  ask(...args: string[]): Promise<Json>;
  /** As run, but in this process, from the sources: a process of its own costs 0.4 s of CPU time. */
  inside(...args: string[]): Promise<Omit<Ended, 'signal'>>;
  /** As ask, but in this process: for what a test only looks at. */
  look(...args: string[]): Promise<Json>;
  /** Starts, and doesn't wait. */
  start(...args: string[]): Running;
  /** Another program of ours than the command line, with these variables beside the scene's. */
  startScript(script: string, env: Readonly<Record<string, string>>): Running;
  register(...versions: string[]): Promise<void>;
  /** Denies or breaks calls of AWS on this machine, as `{ deny: { 'lambda:UpdateAlias': true } }`. */
  faults(request: object): Promise<void>;
  /** What is true now, as `mlreg status -o json` has it. */
  status(): Promise<Json>;
  versions(): Promise<readonly Json[]>;
  /** The newest rollout with its journal. */
  newest(): Promise<Json>;
  /** Ends every process it started, by pid, and removes the directory. */
  end(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  isOver(): boolean;
  kill(signal: NodeJS.Signals): void;
  stderr(): string;
  /** The events of MLREG_OUTPUT_FILE so far. */
  events(): readonly Json[];
  /** The n-th event that fits; fails when the process ends without it. */
  event(what: string, fits: (event: Json) => boolean, nth?: number): Promise<Json>;
}

export const root = join(import.meta.dirname, '../..');
const flights = join(root, 'examples/flights');
const bin = join(root, 'bin/mlreg.js');

export const artifact = (version: string): string => join(flights, `artifacts/${version}.tar.gz`);

/** Bakes of seconds: a rollout lasts as long as it takes to see some hundred requests. */
export const quick = {
  sagemaker: { image: `local://${join(flights, 'serve.mjs')}`, maxConcurrency: 200 },
  settle: '1s',
  strategies: { canary: { steps: [20, 50], bake: '2s', tick: '1s', extend: '60s' } },
  judge: { warmUp: '0s', minimumBake: '1s', minimumTicks: 1, alphaPromote: '20%', history: '0s' },
} as const;

/** A bake that outlasts the test. */
export const endless = {
  ...quick,
  strategies: { canary: { ...quick.strategies.canary, bake: '10m' } },
} as const;

/** An endless bake that nothing but people ends: a starved machine makes healthy versions slow. */
export const calm = {
  ...endless,
  guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
  judge: { ...endless.judge, alpha: 0.00001 },
} as const;

export function createScene(name: string, local: object = quick): Scene {
  const dir = mkdtempSync(join(tmpdir(), `mlreg-e2e-${name}-`));
  const started = new Set<ChildProcess>();
  const daemons = new Set<number>();
  const state = { gatewayUrl: '', daemonPid: 0, controlPort: '0', gatewayPort: '0' };
  let runs = 0;
  const variables: Record<string, string> = {};

  const launch = (args: readonly string[], env: Readonly<Record<string, string>>): Running => {
    const file = join(dir, `events-${++runs}.ndjson`);
    const child = spawn(process.execPath, args, {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...machine(), MLREG_OUTPUT_FILE: file, ...variables, ...env },
    });
    started.add(child);
    return follow(child, file);
  };
  const start = (...args: string[]): Running => launch([bin, ...args], {});
  const run = (...args: string[]): Promise<Ended> => start(...args).ended;
  // The SDK takes an account's credentials from the process's own environment.
  const inside: Scene['inside'] = (...args) =>
    Object.keys(variables).some((name) => name.startsWith('AWS_'))
      ? run(...args)
      : runInside(args, dir, { ...machine(), ...variables });
  const asks =
    (how: Scene['inside']) =>
    async (...args: string[]): Promise<Json> => {
      const { code, stdout, stderr } = await how(...args, '-o', 'json');
      if (stdout === '')
        throw new Error(`mlreg ${args.join(' ')} answered nothing, exit code ${code}: ${stderr}`);
      return JSON.parse(stdout) as Json;
    };
  const ask = asks(run);
  const look = asks(inside);
  const configure = (settings: object): void =>
    writeFileSync(
      join(dir, 'mlreg.yaml'),
      JSON.stringify({
        model: 'recommendation',
        defaultEnvironment: 'local',
        requests: { smoke: join(flights, 'smoke.json') },
        environments: { local: settings },
      }),
    );

  configure(local);
  return {
    dir,
    variables,
    configure,
    gatewayHeaders: {},
    get gatewayUrl() {
      return state.gatewayUrl;
    },
    get daemonPid() {
      return state.daemonPid;
    },
    async up({ controller } = { controller: true }) {
      const flags = ['--detach', '--control-port', state.controlPort, '--gateway-port', state.gatewayPort];
      const answer = await ask('local', 'up', ...flags, ...(controller ? [] : ['--no-controller']));
      if (answer.running !== true) throw new Error(JSON.stringify(answer));
      state.gatewayUrl = String(answer.gatewayUrl);
      state.daemonPid = Number(answer.pid);
      state.gatewayPort = new URL(state.gatewayUrl).port;
      state.controlPort = new URL(String(answer.controlUrl)).port;
      daemons.add(state.daemonPid);
    },
    run,
    ask,
    inside,
    look,
    start,
    startScript: (script, env) => launch([script], env),
    async register(...versions) {
      for (const version of versions) {
        await succeeds(inside('register', version, '--artifact', artifact(version)));
      }
    },
    async faults(request) {
      const record = readDaemonRecord(join(dir, '.mlreg/local'));
      if (record === undefined) throw new Error('AWS on this machine is not running');
      const response = await fetch(`${record.controlUrl}/_local/faults`, {
        method: 'POST',
        headers: { 'x-amz-security-token': record.sessionToken },
        body: JSON.stringify(request),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    status: () => look('status'),
    versions: async () => (await look('versions')).versions as Json[],
    async newest() {
      const { rollouts } = await look('history', '--limit', '1');
      return look('show', String(rollouts[0].rollout));
    },
    async end() {
      for (const child of started) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      }
      await run('local', 'down');
      for (const pid of daemons) {
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      }
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Of this machine's environment only what says nothing to mlreg and AWS. */
function machine(): NodeJS.ProcessEnv {
  const ours = /^(MLREG_|AWS_|GITHUB_|CI$|FORCE_COLOR$|NODE_OPTIONS$|VITEST)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))),
    MLREG_ACTOR: 'ada',
  };
}

/** The command line in this process, from the sources. */
async function runInside(
  words: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Omit<Ended, 'signal'>> {
  const printed = { stdout: '', stderr: '' };
  const code = await main(words, {
    ...createWorld('0.0.0'),
    cwd,
    env,
    streams: {
      stdout: (text) => void (printed.stdout += text),
      stderr: (text) => void (printed.stderr += text),
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      columns: 80,
    },
  });
  return { code, ...printed };
}

function follow(child: ChildProcess, file: string): Running {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let isOver = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true;
      resolve({ code, signal, stdout, stderr });
    });
  });
  const known: Json[] = [];
  let read = 0;
  // Waiting looks often: each look reads only what is new.
  const events = (): readonly Json[] => {
    if (!existsSync(file) || statSync(file).size === read) return known;
    const fresh = readFileSync(file).subarray(read);
    const whole = fresh.subarray(0, fresh.lastIndexOf('\n') + 1);
    read += whole.length;
    for (const line of whole.toString().split('\n').slice(0, -1)) known.push(JSON.parse(line) as Json);
    return known;
  };
  return {
    pid: child.pid ?? 0,
    ended,
    isOver: () => isOver,
    kill: (signal) => void child.kill(signal),
    stderr: () => stderr,
    events,
    event: (what, fits, nth = 1) =>
      eventually(
        what,
        () => {
          const wasOver = isOver;
          const found = events().filter(fits)[nth - 1];
          if (found === undefined && wasOver) throw new Gone(`it ended without ${what}:\n${stdout}${stderr}`);
          return found;
        },
        { everyMs: 5, timeoutMs: 120_000 },
      ),
  };
}

/** The process ended before the event that was waited for. */
export class Gone extends Error {}

/** Polls until there is an answer other than undefined and false. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeoutMs = 120_000, everyMs = 25 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, undefined | false>> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** @throws Error with all that was printed, where it did not exit 0 */
export async function succeeds<Run extends Omit<Ended, 'signal'>>(running: Promise<Run>): Promise<Run> {
  const ended = await running;
  if (ended.code !== 0) throw new Error(`exit code ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/**
 * A time limit in milliseconds on a machine that may be busy with something else: `ms`, or more where starting a process,
 * some 40 ms on an idle machine, takes more than 60 ms now.
 */
export async function limitNow(ms: number): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve));
  return Math.max(ms, (50 * (performance.now() - begun) * ms) / 3_000);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const isBaking =
  (share: number) =>
  (event: Json): boolean =>
    event.type === 'step.done' && event.kind === 'route' && String(event.text).includes(`gets ${share} %`);
