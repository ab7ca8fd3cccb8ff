import { draw } from '../dice.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * The SDK takes two things of the machine that matter: timers, between its tries, and luck, for how long they are. Both
 * come from the scheduler until the function that this returns is called. (Its clock and its request ids only go into
 * headers that nobody reads.)
 */
export function takeTime(scheduler: Scheduler, seed: number): () => void {
  const { setTimeout: timer } = globalThis;
  const { random } = Math;
  let thrown = 0;
  Math.random = () => draw(seed, 95, ++thrown) / 2 ** 32;
  globalThis.setTimeout = ((run: () => void, ms = 0) => {
    const process = scheduler.current();
    if (process === null) return timer(run, ms);
    void scheduler
      .park<undefined>(process, (wake) =>
        scheduler.at(scheduler.now() + ms, () => wake({ value: undefined })),
      )
      .then(run);
    return undefined;
  }) as typeof globalThis.setTimeout;
  return () => {
    globalThis.setTimeout = timer;
    Math.random = random;
  };
}
