import type { SignalName } from '../host/world.ts';
import type { Context } from './context.ts';

export interface Signals {
  next(): Promise<SignalName>;
  stop(): void;
}

/** Signals as a queue of promises; one that comes while nobody waits is not lost. */
export function listen(context: Context): Signals {
  const arrived: SignalName[] = [];
  const waiting: ((signal: SignalName) => void)[] = [];
  const stop = context.world.onSignal((signal) => {
    if (waiting.length === 0) arrived.push(signal);
    // All who wait race for the same signal.
    for (const resolve of waiting.splice(0)) resolve(signal);
  });
  return {
    next: () => {
      const signal = arrived.shift();
      return signal === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(signal);
    },
    stop,
  };
}
