import type { Actor } from '../../src/domain/journal.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { instant, later, rolloutId } from '../../src/domain/units.ts';
import { UserError } from '../../src/domain/user-error.ts';
import { type Platform, PlatformError } from '../../src/ports/platform.ts';
import type { Store } from '../../src/ports/store.ts';
import type { RolloutPorts } from '../../src/rollout/ports.ts';
import { memoryPlace, openMemoryStore } from '../../src/store/memory.ts';
import { type AwsModel, type Behaviour, createAws, endpointsOf } from './aws-model.ts';
import { createCaller, NoAnswer } from './calls.ts';
import type { Fault, Swarm, Window } from './faults.ts';
import { type Safety, Violation, watchSafety } from './safety.ts';
import { createScheduler, type Process, type Scheduler } from './scheduler.ts';
import { endpointName, epoch, v21, v22 } from './versions.ts';

/** Another way to guard the alias, put between the engine and AWS. `overwrite` is a write without a RevisionId. */
export type Design = (platform: Platform, overwrite: Platform['writeAlias']) => Platform;

export interface Machine {
  readonly process: Process;
  readonly ports: RolloutPorts;
  readonly actor: Actor;
  sleep(ms: number): Promise<void>;
}

export interface SimWorld {
  readonly scheduler: Scheduler;
  readonly aws: AwsModel;
  readonly store: Store;
  readonly safety: Safety;
  readonly situations: Map<string, number>;
  readonly faults: Fault[];
  violation(): Violation | null;
  machine(process: Process, command: string): Machine;
  spawn(name: string, command: string, body: (machine: Machine) => Promise<void>): Process;
  /** From now on everything works; processes that live go on. */
  heal(): void;
  killAll(): void;
  readonly requestsPerTick: number;
  readonly endpointsWork: boolean;
  saw(situation: string): void;
  fail(violation: Violation): void;
  trace: string[];
  hash(): number;
  crashes(): number;
  foreignEdits(): number;
  meddle(target: AliasTarget): void;
}

export interface WorldOptions {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly windows: readonly Window[];
  readonly allows: (key: string) => boolean;
  readonly endpointFate: { readonly kind: 'ready' | 'never' | 'failed'; readonly afterMs: number };
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly requestsPerTick: number;
  readonly design: Design | undefined;
  readonly tracing: boolean;
}

export function createWorld(options: WorldOptions): SimWorld {
  const { seed } = options;
  const scheduler = createScheduler(seed);
  const now = (): number => epoch + scheduler.now();
  const place = memoryPlace();
  const store = openMemoryStore(place);
  const situations = new Map<string, number>();
  const trace: string[] = [];
  let violation: Violation | null = null;
  let edits = 0;
  let ids = 0;
  const living: Process[] = [];

  const saw = (situation: string): void =>
    void situations.set(situation, (situations.get(situation) ?? 0) + 1);
  const fail = (found: Violation): void => {
    violation ??= found;
    scheduler.stop();
  };
  const write = (who: string, what: () => string): void => {
    if (options.tracing)
      trace.push(`${(scheduler.now() / 1_000).toFixed(3).padStart(9)} ${who.padEnd(12)} ${what()}`);
  };
  const safety: Safety = watchSafety({
    shares: (target) => aws.shares(target),
    endpointsOf: (target) =>
      [target.functionVersion, ...Object.keys(target.weights)]
        .flatMap((version) => endpointsOf(aws.variables(version)))
        .map((name) => ({ name, state: aws.endpoint(name).kind })),
    registry: () => [...place.state.versions.values()],
    saw,
  });
  const serving = (version: string) => ({
    MODEL_VERSION: version,
    SAGEMAKER_ENDPOINT: endpointName(version),
  });
  const aws = createAws({
    now,
    versions: { 5: serving(v21), 6: serving('v2.1.1'), 7: serving(v22) },
    serves: '7',
    endpoints: [endpointName(v21), endpointName('v2.1.1'), endpointName(v22)],
    endpointFate: options.endpointFate,
    behaviour: options.behaviour,
    requestsPerTick: options.requestsPerTick,
    onWrite: (written, before) => {
      write('  alias', () => JSON.stringify({ ...written.target, stamp: written.stamp }));
      safety.written(written, before);
    },
  });

  const caller = createCaller({
    seed,
    swarm: options.swarm,
    windows: options.windows,
    allows: options.allows,
    scheduler,
    saw,
    fail,
    write,
  });

  function machine(process: Process, command: string): Machine {
    const localNow = () => instant(now() + process.skewMs);
    const sleepUntil = (at: number): Promise<void> => caller.sleep(process, at - localNow());
    const on = <T>(name: string, effect: () => T | Promise<T>): Promise<T> =>
      caller.call(process, name, effect);
    const plain: Platform = {
      readAlias: () => on('readAlias', () => aws.alias()),
      writeAlias: (_alias, wanted) => on('writeAlias', () => aws.updateAlias(wanted)),
      aliases: () => Promise.reject(new Error('a rollout lists nothing')),
      swapProblems: () => Promise.reject(new Error('a rollout checks nothing')),
      readStage: () => Promise.reject(new Error('no plan here swaps a stage')),
      writeStage: () => Promise.reject(new Error('no plan here swaps a stage')),
      ensureEndpoint: ({ endpoint }) => on('ensureEndpoint', () => aws.ensureEndpoint(endpoint)),
      endpoint: (name) => on('endpoint', () => aws.endpoint(name)),
      deleteEndpoint: () => Promise.reject(new Error('a rollout deletes nothing')),
      smoke: () => on('smoke', () => ({ passed: true, requests: 3 })),
      codeSha256: () => on('codeSha256', () => 'code'),
      variables: (version) => on('variables', () => aws.variables(version)),
      publish: ({ variables }) => on('publish', () => aws.publish(variables)),
      warm: () => on('warm', () => 1),
      concurrency: () => on('concurrency', () => 1),
    };
    const tapped: Store = {
      ...store,
      append: async (request) => {
        const outcome = await store.append(request);
        if (outcome.kind === 'appended') safety.appended(request.rollout, outcome.entries);
        return outcome;
      },
    };
    const ports: RolloutPorts = {
      platform:
        options.design?.(plain, (_alias, wanted) => on('writeAlias', () => aws.overwriteAlias(wanted))) ??
        plain,
      store: new Proxy(tapped, {
        get:
          (target, name: keyof Store) =>
          (...args: never[]) =>
            on(`store.${name}`, () => (target[name] as (...given: never[]) => Promise<unknown>)(...args)),
      }),
      metrics: {
        read: (query) => on('metrics.read', () => ({ kind: 'read', observations: aws.observe(query) })),
      },
      notifier: { send: () => on('notify', () => undefined) },
      clock: { now: localNow, sleepUntil },
      ids: {
        rolloutId: () => rolloutId(`r-${++ids}`),
        salt: () => `salt${ids}`,
        requestId: () => `q-${++ids}`,
      },
      onEntry: (entry) =>
        write(process.name, () => {
          const { kind, seq, token, at: _at, ...rest } = entry;
          return `        ${token}/${seq} ${kind} ${kind === 'started' ? '' : JSON.stringify(rest).slice(0, 180)}`;
        }),
    };
    return {
      process,
      ports,
      actor: { name: process.name, host: 'here', pid: 1, command },
      sleep: (ms) => sleepUntil(later(localNow(), ms)),
    };
  }

  return {
    scheduler,
    aws,
    store,
    safety,
    situations,
    faults: caller.faults,
    trace,
    saw,
    fail,
    machine,
    violation: () => violation,
    hash: caller.hash,
    crashes: caller.crashes,
    foreignEdits: () => edits,
    heal: caller.heal,
    killAll: () => living.forEach((process) => scheduler.kill(process)),
    requestsPerTick: options.requestsPerTick,
    endpointsWork: options.endpointFate.kind === 'ready',
    meddle: (target) => {
      edits++;
      write('somebody', () => `moves the alias by hand: ${JSON.stringify(target)}`);
      aws.meddle(target);
    },
    spawn: (name, command, body) =>
      scheduler.spawn(name, async (process) => {
        living.push(process);
        write(name, () => `--- mlreg ${command}`);
        try {
          await body(machine(process, command));
          write(name, () => '--- ends');
        } catch (error) {
          write(name, () => `--- ends with ${String(error)}`);
          if (!isExpected(error)) fail(new Violation('no surprise', describe(error)));
        }
      }),
  };
}

const isExpected = (error: unknown): boolean =>
  error instanceof NoAnswer || error instanceof PlatformError || error instanceof UserError;

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 5).join(' | ') : String(error);
