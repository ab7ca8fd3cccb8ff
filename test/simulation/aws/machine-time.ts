import { type AwsTime, createAwsTime } from '../../../src/aws/aws-time.ts';
import { draw } from '../dice.ts';
import type { ProcessTime } from '../level.ts';
import type { Process, Scheduler } from '../scheduler.ts';

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

/** An answer that takes longer tells little. */
const quickMs = 4_000;
/** So long, and so many quick answers, and AWS's time is known. */
const settledMs = 1_500;
const settledAnswers = 3;

/**
 * AWS's time as each process knows it: its machine's clock is wrong by `skewMs`, and its monotonic one stands still while
 * the machine sleeps.
 * @param now true time, which is AWS's
 */
export function machineTimes(
  scheduler: Scheduler,
  now: () => number,
): (process: Process) => AwsTime & ProcessTime {
  const known = new WeakMap<Process, AwsTime & ProcessTime>();
  return (process) => {
    const found = known.get(process) ?? timeOf(process, scheduler, now);
    known.set(process, found);
    return found;
  };
}

function timeOf(process: Process, scheduler: Scheduler, now: () => number): AwsTime & ProcessTime {
  const time = createAwsTime({
    wall: () => now() + process.skewMs,
    monotonic: () => scheduler.now() - process.sleptMs,
  });
  let { sleptMs } = process;
  let quick: number[] = [];
  const forget = (): void => {
    if (sleptMs === process.sleptMs) return;
    ({ sleptMs } = process);
    quick = [];
  };
  return {
    ...time,
    heard(answer) {
      // It may have been on its way while the machine slept.
      const isOld = sleptMs !== process.sleptMs;
      forget();
      if (!isOld && answer.date !== undefined && answer.receivedAt - answer.sentAt <= quickMs)
        quick.push(scheduler.now());
      time.heard(answer);
    },
    isSettled() {
      forget();
      const [first = Infinity] = quick;
      return quick.length >= settledAnswers && (quick.at(-1) ?? 0) - first >= settledMs;
    },
  };
}
