import type { LocalClock } from './seams.ts';

/** The machine's clock, with fractions of milliseconds: a model may answer in less than one. */
export const systemClock: LocalClock = {
  now,
  at(at, run) {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const rest = at - now();
      // A timer may fire a moment early, and takes at most 2^31 - 1 ms.
      timer = setTimeout(() => (now() >= at ? run() : wait()), Math.min(Math.max(rest, 0), 2 ** 31 - 1));
    };
    wait();
    return () => clearTimeout(timer);
  },
};

let origin = performance.timeOrigin;

/** The steady clock gives the fractions; where the wall clock has left it (set anew, or the machine slept), it follows. */
function now(): number {
  const steady = performance.now();
  const wall = Date.now();
  if (Math.abs(wall - origin - steady) > 20) origin = wall - steady;
  return origin + steady;
}
