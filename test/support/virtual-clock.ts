import { type Instant, instant, later } from '../../src/domain/units.ts';
import type { Clock } from '../../src/ports/index.ts';

export interface VirtualClock extends Clock {
  advance(ms: number): void;
}

/**
 * Time moves only when everybody sleeps: to the earliest sleeper's hour, once all that could run has run. Several
 * commands may so share one clock, each at its own pace.
 * @param isHeld while it says so time stands still
 */
export function virtualClock(start: number, isHeld: () => boolean = () => false): VirtualClock {
  let now = instant(start);
  let isDue = false;
  const sleepers: { readonly at: Instant; readonly wake: () => void }[] = [];

  const schedule = (): void => {
    if (isDue || sleepers.length === 0) return;
    isDue = true;
    setImmediate(step);
  };
  const step = (): void => {
    isDue = false;
    // The last sleeper may have left since.
    if (!isHeld() && sleepers.length > 0) {
      const first = Math.min(...sleepers.map(({ at }) => at));
      const index = sleepers.findIndex(({ at }) => at === first);
      const [next] = sleepers.splice(index, 1);
      now = instant(Math.max(now, first));
      next?.wake();
    }
    schedule();
  };

  return {
    now: () => now,
    advance: (ms) => {
      now = later(now, ms);
    },
    sleepUntil: (at, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || at <= now) return resolve();
        const wake = (): void => {
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        const sleeper = { at, wake };
        const leave = (): void => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          wake();
        };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', leave);
        schedule();
      }),
  };
}
