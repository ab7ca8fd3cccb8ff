import type { Actor } from '../../src/domain/journal.ts';
import type { Reading } from '../../src/domain/observation.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { instant, later, type RolloutId, rolloutId, versionTag } from '../../src/domain/units.ts';
import { UserError } from '../../src/domain/user-error.ts';
import { type Platform, PlatformError, type PlatformFailure } from '../../src/ports/platform.ts';
import type { Store } from '../../src/ports/store.ts';
import type { RolloutPorts } from '../../src/rollout/ports.ts';
import { memoryPlace, openMemoryStore } from '../../src/store/memory.ts';
import { type AwsModel, type Behaviour, createAws, endpointsOf } from './aws-model.ts';
import { draw } from './dice.ts';
import { drawFault, type Fault, type FaultKind, type Swarm, type Window } from './faults.ts';
import { type Safety, Violation, watchSafety } from './safety.ts';
import { createScheduler, type Process, type Scheduler, type Wake } from './scheduler.ts';

/** The store didn't answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

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

export const v21 = versionTag('v2.1.0');
export const v22 = versionTag('v2.2.0');
export const v23 = versionTag('v2.3.0');
export const v24 = versionTag('v2.4.0');
export const v25 = versionTag('v2.5.0');
export const endpointName = (version: string): string =>
  `recommendation-local-${version.replaceAll('.', '-')}`;

const start = 1_750_000_000_000;
const timeoutMs = 3_000;

export function createWorld(options: WorldOptions): SimWorld {
  const { seed } = options;
  const scheduler = createScheduler(seed);
  const now = (): number => start + scheduler.now();
  const place = memoryPlace();
  const store = openMemoryStore(place);
  const situations = new Map<string, number>();
  const faults: Fault[] = [];
  const trace: string[] = [];
  let violation: Violation | null = null;
  let healed = false;
  let hash = 0;
  let crashes = 0;
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
    versions: { 5: serving(v21), 6: serving(versionTag('v2.1.1')), 7: serving(v22) },
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

  const faultOf = (process: Process, nth: number, name: string): Fault | null => {
    if (healed) return null;
    const fault = drawFault(seed, options.swarm, process, nth, name);
    if (fault === null || !options.allows(fault.key)) return null;
    faults.push(fault);
    return fault;
  };
  const windowOf = (name: string): Window['kind'] | null => {
    if (healed) return null;
    const at = scheduler.now();
    for (const window of options.windows) {
      const fits = window.call === 'store' ? name.startsWith('store.') : window.call === name;
      if (fits && at >= window.from && at < window.to) return window.kind;
    }
    return null;
  };

  function call<T>(process: Process, name: string, effect: () => T | Promise<T>): Promise<T> {
    const nth = process.calls++;
    const fault = faultOf(process, nth, name);
    const luck = draw(seed, 41, process.index, nth);
    const slow = luck % 61 === 0 ? 1_500 : 30;
    const there = 1 + ((luck >>> 8) % slow);
    const back = 1 + ((luck >>> 16) % slow);
    hash = draw(hash, scheduler.now(), process.index, nth, name.length);
    write(
      process.name,
      () => `${nth} ${name}${fault === null ? '' : `   *** ${fault.kind} ${fault.ms || ''}`}`,
    );
    return scheduler.park<T>(process, (wake) => {
      const at = scheduler.now();
      const happen = (then: Wake<T>): void => {
        const kind = windowOf(name);
        if (kind !== null) {
          saw(kind === 'denied' ? 'permission lost' : 'store out of reach');
          return then({ error: failure(name, kind === 'denied' ? 'denied' : 'unknown') });
        }
        scheduler.settle(run(effect), (settled) => {
          if ('error' in settled && settled.error instanceof Violation) return fail(settled.error);
          then(settled);
        });
      };
      const reply: Wake<T> = (settled) => scheduler.at(scheduler.now() + back, () => wake(settled));
      const ignore: Wake<T> = () => undefined;
      const die = (): void => {
        crashes++;
        scheduler.kill(process);
      };
      const sendAfter = (ms: number, then: Wake<T>): void => scheduler.at(at + ms, () => happen(then));
      const refuse = (kind: PlatformFailure['kind'], ms: number): void =>
        scheduler.at(at + ms, () => wake({ error: failure(name, kind) }));
      const kind: FaultKind | undefined = fault?.kind;
      switch (kind) {
        case 'error-before':
          return refuse('unknown', there + back);
        case 'throttle':
          return refuse('throttled', there + back);
        case 'lost':
          saw(`reply lost: ${name === 'writeAlias' ? name : name.startsWith('store.') ? 'store' : 'other'}`);
          sendAfter(there, ignore);
          return refuse('unknown', timeoutMs);
        case 'late':
          sendAfter(Math.max(timeoutMs + 1, fault?.ms ?? 0), (settled) => {
            if (name !== 'writeAlias' || !('value' in settled)) return;
            saw(`late alias write: ${(settled.value as { kind: string }).kind}`);
          });
          return refuse('unknown', timeoutMs);
        case 'crash-before':
          return die();
        case 'crash-after':
          return sendAfter(there, die);
        case 'crash-late':
          die();
          return sendAfter(fault?.ms ?? 0, ignore);
        case 'pause-before':
          saw('paused process');
          process.pausedUntil = at + (fault?.ms ?? 0);
          return sendAfter(fault?.ms ?? 0, reply);
        case 'pause-after':
          return sendAfter(there, (settled) => {
            process.pausedUntil = scheduler.now() + (fault?.ms ?? 0);
            reply(settled);
          });
        case 'clock':
          saw((fault?.ms ?? 0) < 0 ? 'clock set back' : 'clock set forward');
          process.skewMs += fault?.ms ?? 0;
          return sendAfter(there, reply);
        case 'zeros':
        case 'half':
        case 'unreadable':
        case 'metrics-denied':
          saw(`metrics ${kind}`);
          return sendAfter(there, (settled) =>
            reply('value' in settled ? { value: spoil(kind, settled.value as Reading) as T } : settled),
          );
        case undefined:
          return sendAfter(there, reply);
      }
    });
  }

  function machine(process: Process, command: string): Machine {
    const localNow = () => instant(now() + process.skewMs);
    const sleepUntil = (at: number): Promise<void> => {
      const nth = process.calls++;
      const fault = faultOf(process, nth, 'sleep');
      if (fault?.kind === 'clock') {
        saw(fault.ms < 0 ? 'clock set back' : 'clock set forward');
      }
      return scheduler.park<undefined>(process, (wake) => {
        if (fault?.kind.startsWith('crash') === true) {
          crashes++;
          return scheduler.kill(process);
        }
        const extra = fault?.kind.startsWith('pause') === true ? fault.ms : 0;
        const ms = Math.max(1, at - localNow()) + extra;
        // Timers run on a monotonic clock, whatever is done to the wall's.
        if (fault?.kind === 'clock') process.skewMs += fault.ms;
        scheduler.at(scheduler.now() + ms, () => wake({ value: undefined }));
      });
    };
    const on = <T>(name: string, effect: () => T | Promise<T>): Promise<T> => call(process, name, effect);
    const plain: Platform = {
      readAlias: () => on('readAlias', () => aws.alias()),
      writeAlias: (_alias, wanted) => on('writeAlias', () => aws.updateAlias(wanted)),
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
    faults,
    trace,
    saw,
    fail,
    machine,
    violation: () => violation,
    hash: () => hash,
    crashes: () => crashes,
    foreignEdits: () => edits,
    heal: () => {
      healed = true;
    },
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

const run = async <T>(effect: () => T | Promise<T>): Promise<T> => effect();

const isExpected = (error: unknown): boolean =>
  error instanceof NoAnswer || error instanceof PlatformError || error instanceof UserError;

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 5).join(' | ') : String(error);

function failure(name: string, kind: PlatformFailure['kind']): Error {
  if (name.startsWith('store.')) return new NoAnswer(`${name}: no answer`);
  if (name === 'notify' || name === 'metrics.read')
    return new PlatformError({ kind: 'throttled', message: `${name} failed` });
  const message = `${name}: ${kind}`;
  return new PlatformError(kind === 'denied' ? { kind, action: name, message } : { kind, message });
}

function spoil(kind: FaultKind, reading: Reading): Reading {
  if (kind === 'unreadable' || kind === 'metrics-denied')
    return { kind: 'unreadable', why: 'GetMetricData failed', denied: kind === 'metrics-denied' };
  if (reading.kind === 'unreadable') return reading;
  const part = kind === 'half' ? 0.5 : 0;
  const spoilt = <
    A extends Reading extends never ? never : (typeof reading.observations)[number]['champion'],
  >(
    arm: A,
  ): A =>
    arm === null
      ? arm
      : {
          ...arm,
          requests: Math.floor(arm.requests * part),
          errors: Math.floor(arm.errors * part),
          endpointErrors: Math.floor((arm.endpointErrors ?? 0) * part),
          ...(arm.latency === undefined
            ? {}
            : {
                latency: {
                  ...arm.latency,
                  count: arm.latency.count.map((count) => Math.floor(count * part)),
                },
              }),
        };
  return {
    kind: 'read',
    observations: reading.observations.map((tick) => ({
      ...tick,
      champion: spoilt(tick.champion),
      challenger: spoilt(tick.challenger),
    })),
  };
}

export async function seedRegistry(world: SimWorld): Promise<void> {
  const record = {
    artifact: { uri: 'file:///a', digest: 'aa' },
    metrics: {},
    registeredAt: instant(0),
    registeredBy: 'ana',
    statusReason: '',
    statusAt: instant(start - 1_000),
  };
  const known = { [v21]: ['archived', '5'], [v22]: ['champion', '7'] } as const;
  for (const version of [v21, v22] as const) {
    const [status, functionVersion] = known[version as keyof typeof known] ?? ['archived', '5'];
    await world.store.register({
      ...record,
      version,
      status,
      functionVersion,
      endpoint: { name: endpointName(version), generation: 1 },
    });
  }
  for (const version of [v23, v24, v25])
    await world.store.register({ ...record, version, status: 'candidate' });
}
