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
import { draw } from './dice.ts';
import type { Fault } from './faults.ts';
import { type Safety, Violation, watchSafety } from './safety.ts';
import { createScheduler, type Process, type Scheduler } from './scheduler.ts';
import type { Story } from './story.ts';
import { endpointName, epoch, v21, v22 } from './versions.ts';

/** Another way to do it, put between the engine and the world. `overwrite` is a write without a RevisionId. */
export interface Design {
  readonly platform?: (platform: Platform, overwrite: Platform['writeAlias']) => Platform;
  readonly store?: (store: Store) => Store;
}

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
  saw(situation: string): void;
  fail(violation: Violation): void;
  trace: string[];
  hash(): number;
  crashes(): number;
  foreignEdits(): number;
  meddle(target: AliasTarget): void;
  pushCode(): void;
}

export interface WorldOptions {
  readonly story: Story;
  readonly allows: (key: string) => boolean;
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly design: Design | undefined;
  readonly tracing: boolean;
}

export function createWorld(options: WorldOptions): SimWorld {
  const { story } = options;
  const { seed } = story;
  const scheduler = createScheduler(seed);
  const now = (): number => epoch + scheduler.now();
  const place = memoryPlace();
  const store = openMemoryStore(place);
  const situations = new Map<string, number>();
  const trace: string[] = [];
  let violation: Violation | null = null;
  let edits = 0;
  let healed = false;
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
    behaviour: options.behaviour,
    story,
    onWrite: (written, before) => {
      write('  alias', () => JSON.stringify({ ...written.target, stamp: written.stamp }));
      safety.written(written, before);
    },
  });

  const caller = createCaller({
    story,
    allows: options.allows,
    scheduler,
    saw,
    fail,
    write,
  });

  /** Machines don't agree on the time. */
  const skewOf = ({ index }: Process): number =>
    story.skewed && !healed ? (draw(seed, 91, index) % 60_000) - 30_000 : 0;

  function machine(process: Process, command: string): Machine {
    const localNow = () => instant(now() + process.skewMs);
    const sleepUntil = (at: number): Promise<void> => caller.sleep(process, at - localNow());
    const on = <T>(name: string, effect: () => T | Promise<T>, stale?: () => T | Promise<T>): Promise<T> =>
      caller.call(process, name, effect, stale);
    const notYet = (message: string) => (): never => {
      throw new PlatformError({ kind: 'missing', message });
    };
    const plain: Platform = {
      readAlias: () => on('readAlias', aws.alias, aws.aliasBefore),
      writeAlias: (_alias, wanted) => on('writeAlias', () => aws.updateAlias(wanted)),
      aliases: () => Promise.reject(new Error('a rollout lists nothing')),
      swapProblems: () => Promise.reject(new Error('a rollout checks nothing')),
      readStage: () => Promise.reject(new Error('no plan here swaps a stage')),
      writeStage: () => Promise.reject(new Error('no plan here swaps a stage')),
      ensureEndpoint: ({ endpoint }) =>
        on(
          'ensureEndpoint',
          () => aws.ensureEndpoint(endpoint),
          () => ({ kind: 'creating' }),
        ),
      endpoint: (name) => on('endpoint', () => aws.endpoint(name)),
      deleteEndpoint: () => Promise.reject(new Error('a rollout deletes nothing')),
      smoke: () => on('smoke', () => ({ passed: true, requests: 3 })),
      codeSha256: () => on('codeSha256', aws.codeSha256),
      variables: (version) =>
        on('variables', () => aws.variables(version), notYet(`no version ${version} yet`)),
      publish: (wanted) => on('publish', () => aws.publish(wanted)),
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
    const scheduled = Object.fromEntries(
      Object.entries(tapped).map(([name, method]: [string, (...given: never[]) => Promise<unknown>]) => [
        name,
        (...given: never[]) => on(`store.${name}`, () => method(...given)),
      ]),
    ) as unknown as Store;
    const ports: RolloutPorts = {
      platform:
        options.design?.platform?.(plain, (_alias, wanted) =>
          on('writeAlias', () => aws.overwriteAlias(wanted)),
        ) ?? plain,
      store: options.design?.store?.(scheduled) ?? scheduled,
      metrics: {
        read: (query) => on('metrics.read', () => ({ kind: 'read', observations: aws.observe(query) })),
      },
      comparisons: { differences: () => on('differences', () => ({ found: [], complete: true })) },
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
    heal: () => {
      healed = true;
      caller.heal();
    },
    killAll: () => living.forEach((process) => scheduler.kill(process)),
    meddle: (target) => {
      edits++;
      write('somebody', () => `moves the alias by hand: ${JSON.stringify(target)}`);
      aws.meddle(target);
    },
    pushCode: () => {
      saw('code pushed');
      write('somebody', () => 'deploys other code into $LATEST');
      aws.pushCode();
    },
    spawn: (name, command, body) =>
      scheduler.spawn(name, async (process) => {
        living.push(process);
        process.skewMs = skewOf(process);
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
  error instanceof Error
    ? (error.stack ?? error.message)
        .split('\n')
        .slice(0, 5)
        .map((line) => line.trim().replace(/ \(.*\)$/, ''))
        .join(' | ')
    : String(error);
