import { onTheMinute } from './argo.ts';
import type { Peer } from './peer.ts';
import { rollingWindow } from './window.ts';

/** One metric's bounds. `threshold` is the older field: a lower bound of the success rate, else an upper one. */
export type FlaggerBounds =
  | { readonly min?: number; readonly max?: number }
  | { readonly threshold: number; readonly name?: string };

/** Inclusive bounds; no value fails, NaN passes, for both comparisons are false. */
export function passes(bounds: FlaggerBounds, value: number | null): boolean {
  if (value === null) return false;
  if ('threshold' in bounds) {
    return bounds.name === 'request-success-rate' ? !(value < bounds.threshold) : !(value > bounds.threshold);
  }
  const tooLow = bounds.min !== undefined && value < bounds.min;
  const tooHigh = bounds.max !== undefined && value > bounds.max;
  return !tooLow && !tooHigh;
}

/**
 * The loop's count of failed checks: `scheduler.go:432`. A pass never resets it, and it is looked at when the next
 * tick begins, so that the rollback comes one interval after the check that decided.
 */
export function createFlagger(threshold: number, failedChecks = 0) {
  let failed = failedChecks;
  return {
    /** True when this tick rolls back instead of checking. */
    tick(check: () => boolean): boolean {
      if (failed >= threshold) return true;
      if (!check()) failed++;
      return false;
    },
    failedChecks: () => failed,
  };
}

/** `threshold: 5` on the error rate of the last minute. */
export function flagger(
  name: string,
  options: { readonly errorRate: (true_: number) => number; readonly noTraffic: 'fails' | 'ignored' },
): Peer {
  return {
    name,
    start({ errorRate, tickMs }) {
      const bounds = { min: 1 - options.errorRate(errorRate) };
      const window = rollingWindow(Math.round(60_000 / tickMs));
      const loop = createFlagger(5);
      return {
        push(tick) {
          const sum = window(tick);
          if (!sum) return false;
          return loop.tick(() => {
            if (sum.n1 === 0) return options.noTraffic === 'ignored';
            return passes(bounds, 1 - sum.x1 / sum.n1);
          });
        },
      };
    },
  };
}

/** `threshold: 5` on the challenger's latency quantile of each minute. */
export function flaggerLatency(name: string, q: number, limitMs: number): Peer {
  return {
    name,
    start() {
      const loop = createFlagger(5);
      return {
        push(tick, minutes) {
          if (!onTheMinute(minutes, 1)) return false;
          const value = tick.latency?.(1, q) ?? null;
          return loop.tick(() => passes({ max: limitMs }, value));
        },
      };
    },
  };
}
