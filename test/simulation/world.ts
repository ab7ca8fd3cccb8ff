import type { Actor } from '../../src/domain/journal.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { armOf } from '../../src/domain/arm.ts';
import type { ServingSettings } from '../../src/domain/serving.ts';
import { instant, later, rolloutId, versionTag } from '../../src/domain/units.ts';
import { UserError } from '../../src/domain/user-error.ts';
import type { Clock } from '../../src/ports/index.ts';
import { type Platform, PlatformError } from '../../src/ports/platform.ts';
import type { Store } from '../../src/ports/store.ts';
import type { RolloutPorts } from '../../src/runner/ports.ts';
import { type Behaviour, endpointsOf } from './aws-model.ts';
import { createCaller, NoAnswer } from './calls.ts';
import { draw } from './dice.ts';
import { engineLevel } from './engine-level.ts';
import type { Struck } from './faults.ts';
import type { BuildLevel, Design, Level, Truth } from './level.ts';
import { type Safety, Violation, watchSafety } from './safety.ts';
import { createScheduler, type Process, type Scheduler } from './scheduler.ts';
import { isLost, type Story } from './story.ts';
import { epoch, v23 } from './versions.ts';

export interface Machine {
  /** What its mlreg.yaml said of serving when its command began. */
  readonly serving: ServingSettings;
  readonly process: Process;
  readonly ports: RolloutPorts;
  readonly actor: Actor;
  sleep(ms: number): Promise<void>;
}

export interface SimWorld {
  readonly scheduler: Scheduler;
  readonly aws: Truth;
  readonly store: Store;
  readonly safety: Safety;
  readonly situations: Map<string, number>;
  readonly faults: Struck[];
  readonly design: Design | undefined;
  /** Nobody suffers: a rollback of a person's waits until the version is warm. */
  readonly calm: boolean;
  /** API keys were revoked since what served before was published. */
  readonly revoked: boolean;
  readonly level: Pick<
    Level,
    'copyStore' | 'loseStore' | 'keepStore' | 'importStore' | 'publications' | 'wipe'
  >;
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
  /** How long v2.3.0 has had users, ms: the longest time so far, and the one that has not ended. */
  exposure(): { readonly longestMs: number; readonly presentMs: number };
  meddle(target: AliasTarget): void;
  pushCode(): void;
  /** Somebody changes a setting of $LATEST. */
  changeLatest(): void;
  /** Somebody edits `sagemaker` in mlreg.yaml. */
  configure(): void;
  /** Reads all of history once more. */
  audit(): Promise<void>;
  /** Nothing happens in it any more. */
  end(): void;
}

/** From a rollback's look at AWS to its first entry, with slow answers. */
const planMs = 10_000;

export interface WorldOptions {
  readonly story: Story;
  readonly allows: (key: string) => boolean;
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly design: Design | undefined;
  readonly tracing: boolean;
  readonly level?: BuildLevel | undefined;
}

export async function createWorld(options: WorldOptions): Promise<SimWorld> {
  const { story } = options;
  const { seed } = story;
  const scheduler = createScheduler(seed);
  const now = (): number => epoch + scheduler.now();
  const situations = new Map<string, number>();
  const trace: string[] = [];
  let violation: Violation | null = null;
  let edits = 0;
  let exposedSince: number | null = null;
  let longestMs = 0;
  const presentMs = (): number => (exposedSince === null ? 0 : scheduler.now() - exposedSince);
  /** After whatever may have moved users. */
  const measure = (): void => {
    const isExposed = Object.entries(usersOf(aws)).some(
      ([tag, share]) => share > 0 && armOf(versionTag(tag)).version === v23,
    );
    if (isExposed) exposedSince ??= scheduler.now();
    else {
      longestMs = Math.max(longestMs, presentMs());
      exposedSince = null;
    }
  };
  let healed = false;
  let memoryMb = 2048;
  const configured = (): ServingSettings => ({ ...settings, memoryMb });
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
    registry: () => level.registry(),
    aliases: () => (aws.stage === undefined ? [aws.alias()] : [aws.alias(), aws.alias('green')]),
    users: () => usersOf(aws),
    namedBy: (version) => endpointsOf(aws.variables(version)),
    isFirst: story.first === true,
    servedBefore: story.first === true ? ['7'] : ['5', '7'],
    looksMayLag: options.level !== undefined,
    differences: (functionVersion, serving) => aws.differences(functionVersion, serving),
    memoryOf: (endpoint) => aws.memoryOf(endpoint),
    wasThere: ({ functionVersion, endpoint }) =>
      aws.isInServiceSince(endpoint, scheduler.now() - planMs) && !isLost(story, functionVersion),
    saw,
  });
  const caller = createCaller({
    story,
    allows: options.allows,
    scheduler,
    saw,
    fail,
    write,
  });
  const level: Level = await (options.level ?? engineLevel)({
    story,
    behaviour: options.behaviour,
    design: options.design,
    scheduler,
    caller,
    now,
    configured,
    onWrite: (written, before, alias = 'live') => {
      write(alias === 'live' ? '  alias' : '  green', () =>
        JSON.stringify({ ...written.target, stamp: written.stamp }),
      );
      safety.written(written, before, alias);
      measure();
    },
    onSwap: (written, before) => {
      write('  stage', () => JSON.stringify(written));
      safety.swapped(written, before);
      measure();
    },
    onDeleteVersion: (functionVersion) => {
      write('  deleted', () => `Lambda version ${functionVersion}`);
      safety.deletedVersion(functionVersion);
    },
    onDelete: (endpoint) => {
      write('  deleted', () => endpoint);
      safety.deleted(endpoint);
    },
    onEntries: safety.appended,
  });
  const { aws, store } = level;

  /** Machines don't agree on the time. */
  const skewOf = ({ index }: Process): number =>
    story.skewed && !healed
      ? ((draw(seed, 91, index) % 60_000) - 30_000) * (story.farClocks === true ? 2_880 : 1)
      : 0;

  function machine(process: Process, command: string): Machine {
    const time = level.timeOf?.(process);
    const localNow = () => {
      if (time === undefined) return instant(now() + process.skewMs);
      const known = time.now();
      const off = known - now();
      if (time.isSettled() && Math.abs(off) > mostOffMs)
        fail(new Violation('I20 times are those of AWS', `${process.name} is off by ${off} ms`));
      return instant(known);
    };
    const clock: Clock = {
      now: localNow,
      sleepUntil: (at) => caller.sleep(process, at - localNow()),
    };
    const serving = configured();
    const connected = level.connect(process, clock, serving);
    const ports: RolloutPorts = {
      ...connected,
      platform: inTurn(connected.platform),
      notifier: { send: () => caller.call(process, 'notify', () => undefined) },
      clock,
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
      serving,
      process,
      ports,
      actor: { name: process.name, host: 'here', pid: 1, command },
      sleep: (ms) => clock.sleepUntil(later(localNow(), ms)),
    };
  }

  return {
    scheduler,
    aws,
    store,
    safety,
    situations,
    faults: caller.faults,
    design: options.design,
    calm: story.calm === true,
    revoked: story.revoked === true,
    level,
    trace,
    saw,
    fail,
    machine,
    end: level.end,
    audit: async () => {
      const problem = await level.audit();
      if (problem !== null) fail(new Violation('I13 audit complete', problem));
    },
    violation: () => violation,
    hash: caller.hash,
    crashes: caller.crashes,
    foreignEdits: () => edits,
    exposure: () => ({ longestMs: Math.max(longestMs, presentMs()), presentMs: presentMs() }),
    heal: () => {
      healed = true;
      caller.heal();
    },
    killAll: () => living.forEach((process) => scheduler.kill(process)),
    meddle: (target) => {
      edits++;
      write('somebody', () => `moves the alias by hand: ${JSON.stringify(target)}`);
      level.meddle(target);
      measure();
    },
    configure: () => {
      memoryMb = memoryMb === 2048 ? 4096 : 2048;
      saw('settings changed');
      write('somebody', () => `changes the memory of endpoints to ${memoryMb} MB`);
    },
    changeLatest: () => {
      saw('$LATEST changed');
      write('somebody', () => 'changes the timeout of $LATEST');
      level.changeLatest();
    },
    pushCode: () => {
      saw('code pushed');
      write('somebody', () => 'deploys other code into $LATEST');
      level.pushCode();
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

/** Half of a slow answer, the second that a Date header names, and 5 s of standing still. */
const mostOffMs = 7_500;

const settings: Omit<ServingSettings, 'memoryMb'> = {
  roleArn: 'arn:aws:iam::000000000000:role/models',
  image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
  maxConcurrency: 10,
  variables: [],
};
/** The scheduler knows of one call of a process at a time: what is asked at once is asked one after the other. */
function inTurn(platform: Platform): Platform {
  let last: Promise<unknown> = Promise.resolve();
  return new Proxy(platform, {
    get(from, name) {
      const method: unknown = Reflect.get(from, name);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) => {
        const next = last.then(() => method.apply(from, given) as unknown);
        last = next.catch(() => undefined);
        return next;
      };
    },
  });
}

/** What users get: the stage names the alias. */
export function usersOf(aws: Truth): Readonly<Record<string, number>> {
  const name = aws.stage?.().alias === 'green' ? 'green' : 'live';
  return aws.shares(aws.alias(name).target);
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
