import type { LocalClock } from '../../seams.ts';

/** How many environments an endpoint has, and what became of them. */
export interface EndpointCounts {
  readonly environments: number;
  /** Environments that serve a request, or are being started for one. */
  readonly busy: number;
  /** Environments ever started for a request that found none idle. */
  readonly coldStarts: number;
  readonly throttled: number;
}

/**
 * The environments of a serverless endpoint. Each serves one request at a time. A request that finds none idle has one
 * started and waits for it; the one used last is reused first; one that was idle for too long is gone.
 *
 * An environment is a place in front of ONE model server process: a process for each would need more memory and CPU time
 * than this machine has. A cold start is simulated, and takes as long as that process took to start.
 */
export interface Environments {
  /** Resolves when the environment is ready; undefined: at once. */
  take(): Promise<void> | undefined;
  /** The environment is idle from now on. */
  release(): void;
  throttle(): void;
  counts(): EndpointCounts;
}

export interface EnvironmentOptions {
  readonly clock: LocalClock;
  /** Milliseconds from a request to a started environment that serves it. */
  readonly coldStartMs: () => number;
  /** An environment idle for so long is gone. */
  readonly idleMs: () => number;
  /** Environments that are never gone (ProvisionedConcurrency). */
  readonly provisioned: number;
}

/** The process that has just answered its first ping is an environment as well: one at least is idle. */
export function createEnvironments(options: EnvironmentOptions): Environments {
  const { clock, provisioned } = options;
  /** Since when each idle environment has been so, the longest first. */
  const idle: number[] = Array.from({ length: Math.max(1, provisioned) }, () => clock.now());
  let busy = 0;
  let coldStarts = 0;
  let throttled = 0;
  const expire = (): void => {
    const before = clock.now() - options.idleMs();
    while ((idle[0] ?? Number.POSITIVE_INFINITY) <= before && idle.length + busy > provisioned) idle.shift();
  };
  return {
    take() {
      expire();
      busy++;
      if (idle.pop() !== undefined) return undefined;
      coldStarts++;
      const startMs = options.coldStartMs();
      if (startMs <= 0) return undefined;
      return new Promise((resolve) => void clock.at(clock.now() + startMs, resolve));
    },
    release() {
      busy--;
      idle.push(clock.now());
    },
    throttle: () => void throttled++,
    counts() {
      expire();
      return { environments: idle.length + busy, busy, coldStarts, throttled };
    },
  };
}
