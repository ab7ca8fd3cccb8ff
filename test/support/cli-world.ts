import type { PagesOptions } from '../../src/host/page-server.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '../../src/cli.ts';
import type { ExitCode } from '../../src/commands/exit-codes.ts';
import type { Entry } from '../../src/domain/journal.ts';
import type { VersionRecord } from '../../src/domain/registry.ts';
import { rolloutId, versionTag } from '../../src/domain/units.ts';
import { UserError } from '../../src/domain/user-error.ts';
import type { AccountFinding, RolloutSubject } from '../../src/ports/account.ts';
import type { Dispatcher } from '../../src/ports/dispatcher.ts';
import type { Clock, UserCounts } from '../../src/ports/index.ts';
import type { EnvironmentConfig } from '../../src/config/index.ts';
import type { ArtifactCopies } from '../../src/ports/backup.ts';
import type { History } from '../../src/ports/history.ts';
import type { Recovery, ServedModel } from '../../src/ports/inventory.ts';
import { backupFiles } from '../../src/store/backup-files.ts';
import type { ServerLogs } from '../../src/ports/server-logs.ts';
import type { Audit, Store } from '../../src/ports/store.ts';
import { createOutbox } from '../../src/runner/outbox.ts';
import { openMemoryStore } from './memory-store.ts';
import { memoryPending } from '../../src/store/pending.ts';
import { memoryWaiting } from '../../src/store/waiting.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import type { Connection } from '../../src/app/connection.ts';
import type { SignalName, World } from '../../src/host/world.ts';
import { type ModelWorld, modelWorld } from './model-world.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

/** One command as somebody typed it somewhere. */
export interface Typed {
  /** Who; `ana` unless said. */
  readonly as?: string;
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** stdout and stderr are a terminal with somebody before it. */
  readonly terminal?: boolean;
  /** Of that terminal; 100 unless said. */
  readonly columns?: number;
  /** What that person answers, question by question; silence after the last. */
  readonly answers?: readonly string[];
}

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project on a machine, with its serving stack and everybody who types commands there. */
export interface CliWorld {
  readonly model: ModelWorld;
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly files: Map<string, string>;
  readonly questions: string[];
  /** While a question stands. */
  whenAsked: () => void;
  /** `mlreg` with these words. */
  run(words: string, typed?: Typed): Promise<Ran>;
  /** Whatever else runs on that machine, as a process of its own. */
  embed<T>(use: (machine: World) => Promise<T>, typed?: Typed): Promise<T>;
  /** The answer as data. */
  ask(words: string, typed?: Typed): Promise<any>;
  /** Does something once, just after an entry was written of which this holds. */
  when(holds: (entry: Entry) => boolean, act: () => void): void;
  /** To every command that listens. */
  signal(name: SignalName): void;
  register(version: string, over?: Partial<VersionRecord>): Promise<void>;
  /** Which artifacts are there, and their digests. */
  readonly artifacts: Map<string, string>;
  /** The environment's rollout controller; null unless set. */
  controller: Dispatcher | null;
  /** What is wrong with the controller of this machine. */
  controllerTrouble: Connection['controllerTrouble'];
  /** What endpoints run that mlreg did not make, by name. */
  readonly served: Map<string, ServedModel>;
  /** What model servers printed. */
  serverLogs: ServerLogs['read'];
  smokeRequests: number;
  /** Why this machine can't run the model server. */
  imageTrouble: { readonly what: string; readonly mend: string } | null;
  /** What `mlreg dashboard` serves. */
  pages: PagesOptions | null;
  /** What STS answers to whoever asks. */
  identity: (as: string) => Promise<{ account: string; arn: string }>;
  /** Who vouches for jobs on GitHub; nobody unless set. */
  jobTokens: Connection['jobTokens'];
  /** What doctor, and a rollout before it begins, hear from the account. */
  account: readonly AccountFinding[];
  preflight: (subject: RolloutSubject) => readonly AccountFinding[];
  /** Of a store in a file; null: what is in memory is whole. */
  recovery: Recovery | null;
  /** The store's records, where it keeps them. */
  history: (() => Promise<History>) | null;
  artifactCopies: ArtifactCopies;
  /** What is otherwise where mlreg.yaml, or an option, names another store. */
  connectTo: (config: EnvironmentConfig) => Partial<Connection>;
  /** What a walk of the history comes to. */
  audit: Partial<Audit>;
  /** What the function's code understands, or why it can't be asked. */
  understands: readonly string[] | Error;
  /** How far this machine's clock is ahead of AWS's, as far as the connection knows. */
  machineAheadMs: () => number;
  /** Counts by user bucket; null: those of the model world's traffic. */
  userCounts: UserCounts['read'] | null;
}

export const digestOf = (version: string): string =>
  Buffer.from(version.padEnd(32, '.')).toString('hex').slice(0, 64);

const quick = `
strategies:
  canary: { steps: [10, 50], bake: 10s, tick: 1s, extend: 10s }
  shadow: { bake: 10s, tick: 1s, extend: 10s }
  blueGreen: { bake: 10s, tick: 1s, extend: 10s }
  watch: { tick: 1s }
judge: { warmUp: 0s, minimumBake: 5s, history: 1m }
settle: 1s
maxHold: 1m
approvalTimeout: 2m
provisionTimeout: 1m
keepPrevious: 1h
unreadableLimit: 20
region: eu-west-1
sagemaker:
  role: arn:aws:iam::123456789012:role/recommendation-model
  image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1
`;

export const projectConfig = `model: recommendation
defaultEnvironment: dev
acceptance: { auc: '>= 0.6' }
${quick}
environments:
  dev: { approvals: 0 }
  staging: { approvals: 1 }
  prod: { approvals: 0, protected: true }
`;

let sharing = 0;

/**
 * @param config mlreg.yaml; null: there is none
 * @param kept the store, where it is not to be in memory
 */
export function cliWorld(
  config: string | null = projectConfig,
  kept?: Store,
  /** The time as processes know it; the right one unless given. */
  known: (clock: VirtualClock) => Clock = (clock) => clock,
): CliWorld {
  let loading = 0;
  /** Time stands still while something really takes time: a signature is checked. */
  async function still<T>(act: () => Promise<T>): Promise<T> {
    loading++;
    try {
      return await act();
    } finally {
      loading--;
    }
  }
  /** Time stands still while a file is read or written. */
  const awaited = (store: Store): Store =>
    new Proxy(store, {
      get:
        (from, name: keyof Store) =>
        (...args: never[]) =>
          still(() => (from[name] as (...given: never[]) => Promise<unknown>).apply(from, args)),
    });
  const model = modelWorld(kept === undefined ? undefined : awaited(kept));
  const clock = virtualClock(model.ports.clock.now(), () => loading > 0);
  const files = new Map<string, string>(config === null ? [] : [['/project/mlreg.yaml', config]]);
  const artifacts = new Map<string, string>();
  const questions: string[] = [];
  const listeners = new Set<(signal: SignalName) => void>();
  const running = new Set<number>();
  const waiting: { holds: (entry: Entry) => boolean; act: () => void }[] = [];
  let pids = 100;
  // Worlds that share a store name their rollouts apart.
  let rollouts = kept === undefined ? 0 : 100 * ++sharing;
  let requests = 0;

  const written = (entries: readonly Entry[]): void => {
    for (const entry of entries) {
      const due = waiting.filter(({ holds }) => holds(entry));
      for (const one of due) {
        waiting.splice(waiting.indexOf(one), 1);
        one.act();
      }
    }
  };
  const append: Store['append'] = async (request) => {
    const outcome = await model.ports.store.append(request);
    if (outcome.kind === 'appended') written(outcome.entries);
    return outcome;
  };
  const store = new Proxy(model.ports.store, {
    get: (target, name: keyof Store) => (name === 'append' ? append : Reflect.get(target, name)),
  });
  const connection: Connection = {
    store,
    platform: model.ports.platform,
    metrics: model.ports.metrics,
    comparisons: model.ports.comparisons,
    userCounts: { read: async (query) => (world.userCounts ?? model.ports.userCounts!.read)(query) },
    routerCode: {
      understands: async () => {
        if (world.understands instanceof Error) throw world.understands;
        return world.understands;
      },
    },
    outbox: createOutbox({ store, channels: [], clock }),
    inventory: {
      publications: async () =>
        model.functionVersions().map((functionVersion) => {
          const variables = model.variablesOf(functionVersion);
          return { functionVersion, variables, codeSha256: 'code' };
        }),
      served: async (endpoint) => world.served.get(endpoint) ?? null,
      artifact: async (endpoint) => {
        const found = [...artifacts].find(([, digest]) => endpoint.includes(digest.slice(0, 8)));
        return found === undefined ? null : { uri: found[0], digest: found[1] };
      },
    },
    recovery: {
      look: () => world.recovery?.look() ?? Promise.resolve({ store, damage: null }),
      salvage: () => world.recovery?.salvage() ?? Promise.reject(new Error('nothing is damaged')),
    },
    history: () => world.history?.() ?? Promise.reject(new Error('this store keeps no records')),
    artifactCopies: () => Promise.resolve(world.artifactCopies),
    account: { examine: async () => world.account, preflight: async (subject) => world.preflight(subject) },
    artifacts: {
      resolve: (text) => (/^\w+:\/\//.test(text) ? text : `file:///project/${text}`),
      digest: async (uri) => {
        const digest = artifacts.get(uri);
        if (digest === undefined)
          throw new UserError('usage', `there is no artifact ${uri}`, { mend: 'check the URI' });
        return { digest, bytes: 4_096 };
      },
    },
    serverLogs: { read: (query) => world.serverLogs(query) },
    get smokeRequests() {
      return world.smokeRequests;
    },
    get controller() {
      return world.controller;
    },
    get controllerTrouble() {
      return world.controllerTrouble;
    },
    sightings: memorySightings(),
    pending: memoryPending(),
    waiting: memoryWaiting(),
    place: 'AWS eu-west-1',
    audit: () => Promise.resolve({ where: 'memory', records: 0, head: '', lost: 0, torn: 0, ...world.audit }),
    machineAheadMs: () => world.machineAheadMs(),
    jobTokens: {
      request: (env, audience) => still(() => world.jobTokens.request(env, audience)),
      verify: (token, expected, now) => still(() => world.jobTokens.verify(token, expected, now)),
    },
    identity: () => world.identity('ana'),
  };

  async function process<T>(
    typed: Typed,
    use: (machine: World) => Promise<T>,
  ): Promise<{ readonly result: T; readonly stdout: string; readonly stderr: string }> {
    const { as = 'ana', host = 'laptop', env = {}, terminal = false } = typed;
    const pid = ++pids;
    const answers = [...(typed.answers ?? [])];
    let stdout = '';
    let stderr = '';
    let isLoading = true;
    loading++;
    const loaded = (): void => {
      if (isLoading) loading--;
      isLoading = false;
    };
    const answered: World['ask'] = (question, signal) => {
      if (!terminal) return Promise.resolve(null);
      questions.push(question);
      world.whenAsked();
      const answer = answers.shift();
      if (answer !== undefined) return Promise.resolve(answer);
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(null)));
    };
    const machine: World = {
      version: '0.1.0',
      env,
      cwd: '/project',
      streams: {
        stdout: (text) => void (stdout += text),
        stderr: (text) => void (stderr += text),
        stdoutIsTerminal: terminal,
        stderrIsTerminal: terminal,
        columns: typed.columns ?? 100,
      },
      clock: known(clock),
      ids: {
        rolloutId: () => rolloutId(`r-${++rollouts}`),
        salt: () => 'salt',
        requestId: () => `q-${++requests}`,
      },
      actor: (command) => ({ name: as, host, pid, command }),
      isAlive: (actor) => (actor.host !== host ? 'unknown' : running.has(actor.pid) ? 'alive' : 'dead'),
      connect: async (config) => {
        loaded();
        return { ...connection, ...world.connectTo(config), identity: () => world.identity(as) };
      },
      backups: backupFiles,
      files: {
        read: (path) => {
          const text = files.get(path);
          if (text === undefined) throw new Error(`ENOENT ${path}`);
          return text;
        },
        packaged: (path) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8'),
        exists: (path) => files.has(path),
        create: (path, text) => void files.set(path, text),
        replace: (path, text) => void files.set(path, text),
        append: (path, text) => void files.set(path, (files.get(path) ?? '') + text),
      },
      onSignal: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      ask: answered,
      askKey: answered,
      servePages: async (options) => {
        world.pages = options;
        return { url: `http://127.0.0.1:${options.port}/`, close: () => Promise.resolve() };
      },
      local: {
        up: async () => ({
          controlUrl: 'http://127.0.0.1:4566',
          gatewayUrl: 'http://127.0.0.1:8080',
          pid: 7,
          alreadyRunning: false,
          ended: Promise.resolve(),
        }),
        access: async () => null,
        status: async () => null,
        down: async () => false,
        imageTrouble: async () => world.imageTrouble,
        load: () => Promise.reject(new Error('no load here')),
      },
      readStack: () => Promise.reject(new Error('no account here')),
    };
    running.add(pid);
    try {
      return { result: await use(machine), stdout, stderr };
    } finally {
      loaded();
      running.delete(pid);
    }
  }

  async function run(words: string, typed: Typed = {}): Promise<Ran> {
    const argv = words.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
    const { result: code, ...said } = await process(typed, (machine) => main(argv, machine));
    return { code, ...said };
  }

  const world: CliWorld = {
    model,
    clock,
    store: kept ?? openMemoryStore(model.place),
    files,
    questions,
    whenAsked: () => undefined,
    artifacts,
    run,
    embed: async (use, typed = {}) => (await process(typed, use)).result,
    ask: async (words, typed) => JSON.parse((await run(`${words} -o json`, typed)).stdout),
    when: (holds, act) => void waiting.push({ holds, act }),
    signal: (name) => {
      for (const listener of [...listeners]) listener(name);
    },
    async register(version, over = {}) {
      const uri = `s3://models/${version}.tar.gz`;
      const digest = digestOf(version);
      artifacts.set(uri, digest);
      const at = clock.now();
      const name = over.endpoint?.name;
      if (name !== undefined) model.endpoints.set(name, 'in-service');
      await (kept ?? openMemoryStore(model.place)).register({
        version: versionTag(version),
        status: 'candidate',
        artifact: { uri, digest },
        metrics: { auc: 0.67 },
        registeredAt: at,
        registeredBy: 'ana',
        statusAt: at,
        statusReason: 'registered',
        ...over,
      });
    },
    controller: null,
    controllerTrouble: null,
    serverLogs: async () => ({ lines: [], isCut: false }),
    served: new Map(),
    smokeRequests: 3,
    imageTrouble: null,
    pages: null,
    account: [],
    preflight: () => [],
    understands: ['buckets-1', 'generations-1'],
    userCounts: null,
    audit: {},
    recovery: null,
    history: null,
    artifactCopies: {
      copy: async (uri, to) => {
        const digest = artifacts.get(uri);
        if (digest === undefined) throw new UserError('usage', `there is no artifact at ${uri}`);
        writeFileSync(to, digest);
        return { digest, bytes: digest.length };
      },
      digest: async (path) => ({ digest: readFileSync(path, 'utf8'), bytes: 64 }),
    },
    connectTo: () => ({}),
    machineAheadMs: () => 0,
    identity: async (as) => ({
      account: '123456789012',
      arn: `arn:aws:iam::123456789012:user/${as}`,
    }),
    jobTokens: {
      request: () => Promise.resolve(null),
      verify: () => Promise.resolve({ kind: 'refused', why: 'its token is none that GitHub signs' }),
    },
  };
  return world;
}

/** What most tests begin with: v2.2.0 serves everybody, v2.3.0 is a candidate. */
export async function serving(
  config?: string,
  kept?: Store,
  known?: Parameters<typeof cliWorld>[2],
): Promise<CliWorld> {
  const world = cliWorld(config, kept, known);
  await world.register('v2.2.0', {
    status: 'champion',
    statusReason: 'promoted by canary',
    functionVersion: '7',
    endpoint: { name: 'recommendation-dev-v2-2-0-76322e32', generation: 1 },
  });
  await world.register('v2.3.0');
  return world;
}

export const bad = { errors: 0.3, latencyMs: 20 };

/** The first look at a bake at some share. */
export const baking =
  (share: number) =>
  (entry: Entry): boolean =>
    entry.kind === 'observed' && entry.observations.at(-1)?.plannedPercent === share;

export const began = (entry: Entry): boolean => entry.kind === 'started';
