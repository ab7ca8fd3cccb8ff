import type { FunctionRuntime, FunctionSnapshot, LocalClock } from '../seams.ts';
import { sameToRun, variablesOf } from './function-variables.ts';
import { failureOf, runHandler } from './handler-run.ts';
import { type HandlerModule, loadHandler, type ModulesInstead } from './handler-module.ts';

export interface EnvironmentSettings {
  /** What a new environment costs before its first request, milliseconds. */
  readonly coldStartMs: number;
  /** An environment idle for so long is dropped. AWS doesn't say; minutes are seen. */
  readonly idleMs: number;
  /** Environments of one function at a time, all versions together. AWS: the account's concurrency. */
  readonly environmentsPerFunction: number;
  /** Environments started at the same time, of all functions: they share one thread, and more would only be slower. */
  readonly startsAtOnce: number;
}

export interface VersionCounts {
  readonly functionName: string;
  readonly version: string;
  /** Environments there are now, busy or idle. */
  readonly environments: number;
  readonly busy: number;
  /** Environments ever started. */
  readonly coldStarts: number;
  readonly invocations: number;
}

export interface CountingFunctionRuntime extends FunctionRuntime {
  counts(): readonly VersionCounts[];
}

/**
 * Runs Lambda versions in this process. Each environment takes one request at a time and keeps its module's state;
 * the one used last is reused first. A request that finds none idle has one started, and takes whichever is free first.
 * What a handler leaves running after its answer goes on here, whereas Lambda freezes it.
 */
export function createFunctionRuntime(options: {
  readonly clock: LocalClock;
  readonly region: string;
  /** Variables each environment gets beside the version's own: endpoint URL and credentials of the control plane. */
  readonly platformVariables: () => Readonly<Record<string, string>>;
  readonly modules?: ModulesInstead;
  readonly settings?: Partial<EnvironmentSettings>;
}): CountingFunctionRuntime {
  const { clock } = options;
  const settings: EnvironmentSettings = {
    coldStartMs: 120,
    idleMs: 300_000,
    environmentsPerFunction: 1000,
    startsAtOnce: 4,
    ...options.settings,
  };
  const pools = new Map<string, Pool>();
  /** Whose environment is to be started next: one entry an environment. */
  const toStart: Pool[] = [];
  let starting = 0;
  let isOverloaded = false;
  let cancelLook: (() => void) | undefined;
  let cancelSweep: (() => void) | undefined;

  const start = async (pool: Pool): Promise<void> => {
    starting++;
    pool.coldStarts++;
    const environment: Environment = { logs: [], idleSince: 0, module: undefined };
    try {
      const variables = variablesOf(pool.version, options.region, options.platformVariables());
      const print = (line: string): void => void environment.logs.push(line);
      environment.module = loadHandler(pool.version, variables, print, options.modules);
    } catch (error) {
      environment.broken = failureOf(error);
    }
    const due = clock.now() + settings.coldStartMs;
    if (settings.coldStartMs > 0) await new Promise<void>((done) => void clock.at(due, done));
    isOverloaded = clock.now() - due > overloadMs;
    starting--;
    offer(pool, environment, 'started');
    startMore();
  };

  const startMore = (): void => {
    while (starting < settings.startsAtOnce) {
      const next = nextToStart();
      if (!next) break;
      void start(next);
    }
    if (isOverloaded && toStart.length > 0) lookAgain();
  };

  /** While there is more to do than one thread can, only a version that has none gets an environment. */
  const nextToStart = (): Pool | undefined => {
    if (!isOverloaded) return toStart.shift();
    const hasNone = (pool: Pool): boolean =>
      pool.environments === toStart.filter((other) => other === pool).length;
    const at = toStart.findIndex(hasNone);
    return at === -1 ? undefined : toStart.splice(at, 1)[0];
  };

  const lookAgain = (): void => {
    const due = clock.now() + overloadMs;
    cancelLook ??= clock.at(due, () => {
      cancelLook = undefined;
      isOverloaded = clock.now() - due > overloadMs;
      startMore();
    });
  };

  /** To the request that waits longest, else to rest. */
  const offer = (pool: Pool, environment: Environment, from: 'started' | 'used'): void => {
    const waiting = pool.waiting.shift();
    if (waiting) {
      // Served without the environment that was to be started for it.
      if (from === 'used') startOneLess(pool);
      waiting(environment, from === 'started');
      return;
    }
    if (pool.stopped) {
      pool.environments--;
      return;
    }
    environment.idleSince = clock.now();
    pool.idle.push(environment);
    cancelSweep ??= clock.at(environment.idleSince + settings.idleMs, sweep);
  };

  const startOneLess = (pool: Pool): void => {
    const last = toStart.lastIndexOf(pool);
    if (last === -1) return;
    toStart.splice(last, 1);
    pool.environments--;
  };

  const wait = (pool: Pool): Promise<Taken> =>
    new Promise((resolve) => {
      pool.environments++;
      pool.waiting.push((environment, coldStart) => resolve({ environment, coldStart }));
      toStart.push(pool);
      startMore();
    });

  const release = (pool: Pool, environment: Environment, dead: boolean): void => {
    pool.busy--;
    if (dead) {
      pool.environments--;
      startMore();
    } else offer(pool, environment, 'used');
  };

  const sweep = (): void => {
    cancelSweep = undefined;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const pool of pools.values()) {
      // The stack's bottom has been idle longest.
      const kept = pool.idle.findIndex((environment) => environment.idleSince + settings.idleMs > now);
      const dropped = kept === -1 ? pool.idle.length : kept;
      pool.idle.splice(0, dropped);
      pool.environments -= dropped;
      const oldest = pool.idle[0];
      if (oldest) next = Math.min(next, oldest.idleSince + settings.idleMs);
    }
    if (next !== Number.POSITIVE_INFINITY) cancelSweep = clock.at(next, sweep);
  };

  const poolOf = (version: FunctionSnapshot): Pool => {
    const key = `${version.functionName}:${version.version}`;
    const known = pools.get(key);
    if (known && (known.version === version || sameToRun(known.version, version))) return known;
    // $LATEST changes under its name: environments of the older code take no more requests.
    if (known) retire(known);
    const { coldStarts, invocations } = known ?? { coldStarts: 0, invocations: 0 };
    const pool: Pool = {
      version,
      idle: [],
      waiting: [],
      busy: 0,
      environments: 0,
      coldStarts,
      invocations,
      stopped: false,
    };
    pools.set(key, pool);
    return pool;
  };

  /** Room for one more environment, if need be in place of the one idle longest. @returns false where all are busy */
  const makeRoom = (functionName: string): boolean => {
    const own = [...pools.values()].filter((pool) => pool.version.functionName === functionName);
    const total = own.reduce((sum, pool) => sum + pool.environments, 0);
    if (total < settings.environmentsPerFunction) return true;
    const idle = own.filter((pool) => pool.idle.length > 0);
    const oldest = idle.sort((a, b) => (a.idle[0]?.idleSince ?? 0) - (b.idle[0]?.idleSince ?? 0))[0];
    if (!oldest) return false;
    oldest.idle.shift();
    oldest.environments--;
    return true;
  };

  return {
    async invoke(version, invocation) {
      const pool = poolOf(version);
      const warm = pool.idle.pop();
      if (!warm && !makeRoom(version.functionName)) throw new TooManyEnvironments(version.functionName);
      pool.invocations++;
      const { environment, coldStart } = warm ? { environment: warm, coldStart: false } : await wait(pool);
      pool.busy++;
      const outcome = environment.module
        ? await runHandler(clock, environment.module, version, invocation)
        : { payload: environment.broken ?? 'null', failed: true, dead: true };
      const logs = environment.logs;
      environment.logs = [];
      release(pool, environment, outcome.dead);
      return outcome.failed
        ? { payload: outcome.payload, functionError: 'Unhandled', coldStart, logs }
        : { payload: outcome.payload, coldStart, logs };
    },
    async stop(version) {
      for (const [key, pool] of pools) {
        if (
          version &&
          !(pool.version.functionName === version.functionName && pool.version.version === version.version)
        )
          continue;
        retire(pool);
        pools.delete(key);
      }
      if (pools.size === 0) {
        cancelSweep?.();
        cancelSweep = undefined;
      }
    },
    counts: () =>
      [...pools.values()].map(({ version, environments, busy, coldStarts, invocations }) => ({
        functionName: version.functionName,
        version: version.version,
        environments,
        busy,
        coldStarts,
        invocations,
      })),
  };
}

/** Timers so late mean more work than the one thread can do: another environment would only add to it. */
const overloadMs = 50;

/** More environments of one function than there may be. The control plane limits concurrency first, so this is a last wall. */
class TooManyEnvironments extends Error {
  override readonly name = 'TooManyRequestsException';
  constructor(functionName: string) {
    super(`Rate Exceeded: ${functionName} has as many execution environments as it may have`);
  }
}

interface Environment {
  module: HandlerModule | undefined;
  /** What kept the module from loading. */
  broken?: string;
  logs: string[];
  idleSince: number;
}

interface Taken {
  readonly environment: Environment;
  readonly coldStart: boolean;
}

interface Pool {
  readonly version: FunctionSnapshot;
  readonly idle: Environment[];
  /** Requests without an environment, oldest first. Never more than are being started or are to be. */
  readonly waiting: ((environment: Environment, coldStart: boolean) => void)[];
  busy: number;
  /** Started, being started, or to be. */
  environments: number;
  coldStarts: number;
  invocations: number;
  stopped: boolean;
}

function retire(pool: Pool): void {
  pool.stopped = true;
  pool.environments -= pool.idle.length;
  pool.idle.length = 0;
}
