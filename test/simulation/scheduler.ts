import { draw } from './dice.ts';

/** A program under the scheduler. It runs only between two of its calls; a killed one never hears an answer again. */
export interface Process {
  readonly name: string;
  readonly index: number;
  alive: boolean;
  done: boolean;
  /** Asleep (a closed laptop, a frozen Lambda) until then; answers wait. */
  pausedUntil: number;
  /** Its clock's lead over true time, ms. */
  skewMs: number;
  /** How long its machine has slept: its monotonic clock stood still meanwhile. */
  sleptMs: number;
  /** Calls made so far. */
  calls: number;
  /** Calls under way: more than one where it asks several at once. */
  waiting: number;
}

export type Wake<T> = (settle: { readonly value: T } | { readonly error: unknown }) => void;

export interface Scheduler {
  /** True time, ms. */
  now(): number;
  at(time: number, run: () => void): void;
  /** Whoever runs now, or ran last. */
  current(): Process | null;
  spawn(name: string, body: (process: Process) => Promise<void>): Process;
  kill(process: Process): void;
  /** Takes the calling process off the stage until `begin`'s wake is called, and the process is neither dead nor asleep. */
  park<T>(process: Process, begin: (wake: Wake<T>) => void): Promise<T>;
  /** The world's own short work: no event happens before it is done. */
  settle<T>(
    work: Promise<T>,
    then: (settled: { readonly value: T } | { readonly error: unknown }) => void,
  ): void;
  /** Plays events until there are none, or time or number are up. */
  run(until: number, mostEvents: number): Promise<'quiet' | 'late' | 'endless'>;
  readonly events: () => number;
  /** No event happens after this one. */
  stop(): void;
}

/** More turns of the microtask queue than any program takes between two calls. */
const mostTurns = 200_000;
/** More than one answer sets off before the next call. */
const turnsOfOne = 1_000;

/**
 * A discrete-event loop over real async code. Each call parks its process on a heap of events (time, then a tie-break by
 * seed); while any program runs no event happens, so a seed's schedule is one and the same each time.
 */
export function createScheduler(seed: number): Scheduler {
  const heap = createHeap();
  let time = 0;
  let running = 0;
  let scheduled = 0;
  let played = 0;
  let stopped = false;
  let current: Process | null = null;
  /** One of several calls of a process was answered: it may go on, and nobody counts that. */
  let isPartlyAwake = false;

  const at = (when: number, run: () => void): void => {
    scheduled++;
    heap.push({ at: Math.max(time, when), tie: draw(seed, 77, scheduled), order: scheduled, run });
  };
  const scheduler: Scheduler = {
    now: () => time,
    at,
    events: () => played,
    current: () => current,
    stop: () => {
      stopped = true;
    },
    spawn(name, body) {
      const process: Process = {
        name,
        index: numberOf(name),
        alive: true,
        done: false,
        pausedUntil: 0,
        skewMs: 0,
        sleptMs: 0,
        calls: 0,
        waiting: 0,
      };
      running++;
      current = process;
      const finish = (): void => {
        process.done = true;
        if (process.waiting === 0) running--;
      };
      body(process).then(finish, finish);
      return process;
    },
    kill: (process) => {
      process.alive = false;
    },
    park: <T>(process: Process, begin: (wake: Wake<T>) => void) =>
      new Promise<T>((resolve, reject) => {
        // However many calls are under way, the process left the stage once: else one that dies among them stops the world.
        if (process.waiting++ === 0) running--;
        const wake: Wake<T> = (settled) => {
          if (!process.alive) return;
          if (time < process.pausedUntil) return at(process.pausedUntil, () => wake(settled));
          if (--process.waiting === 0 && !process.done) running++;
          else isPartlyAwake = true;
          current = process;
          if ('value' in settled) resolve(settled.value);
          else reject(settled.error as Error);
        };
        begin(wake);
      }),
    settle(work, then) {
      running++;
      work.then(
        (value) => {
          running--;
          then({ value });
        },
        (error: unknown) => {
          running--;
          then({ error });
        },
      );
    },
    async run(until, mostEvents) {
      const last = played + mostEvents;
      for (;;) {
        for (let turns = 0; running > 0; turns++) {
          if (turns > mostTurns) throw new Error('a program runs on and on without a call');
          await null;
        }
        if (isPartlyAwake) {
          isPartlyAwake = false;
          // By turns and not by real time: else a busy machine plays another schedule.
          for (let turns = 0; turns < turnsOfOne; turns++) await null;
          continue;
        }
        const next = heap.peek();
        if (next === undefined || stopped) return 'quiet';
        if (next.at > until) {
          time = Math.max(time, until);
          return 'late';
        }
        if (played >= last) return 'endless';
        heap.pop();
        played++;
        time = next.at;
        next.run();
      }
    },
  };
  return scheduler;
}

/** From its name alone, so that leaving one process out moves nobody else's luck. */
const numberOf = (name: string): number => draw(...[...name].map((letter) => letter.charCodeAt(0)));

interface Event {
  readonly at: number;
  readonly tie: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Event, b: Event): boolean =>
  a.at !== b.at ? a.at < b.at : a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;

function createHeap() {
  const items: Event[] = [];
  const swap = (i: number, j: number): void => {
    const kept = items[i]!;
    items[i] = items[j]!;
    items[j] = kept;
  };
  return {
    peek: (): Event | undefined => items[0],
    push(event: Event): void {
      items.push(event);
      let child = items.length - 1;
      while (child > 0) {
        const parent = (child - 1) >> 1;
        if (!before(items[child]!, items[parent]!)) break;
        swap(child, parent);
        child = parent;
      }
    },
    pop(): void {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      for (let parent = 0; ; ) {
        const left = 2 * parent + 1;
        const right = left + 1;
        let least = parent;
        if (left < items.length && before(items[left]!, items[least]!)) least = left;
        if (right < items.length && before(items[right]!, items[least]!)) least = right;
        if (least === parent) return;
        swap(parent, least);
        parent = least;
      }
    },
  };
}
