import type { LocalClock } from '../seams.ts';

/** How long to wait before something that fails is tried again, by key. */
export interface BackOff {
  /** Milliseconds until the next try; 0 where nothing failed of late. */
  wait(key: string): number;
  failed(key: string): void;
  /** Failures in a row, each sooner than a well minute after the one before. */
  failures(key: string): number;
}

/** Doubles from `firstMs` up to `atMostMs`; a minute without a failure forgets. */
export function createBackOff(clock: LocalClock, firstMs: number, atMostMs: number): BackOff {
  const known = new Map<string, { failures: number; notBefore: number }>();
  const recent = (key: string): { failures: number; notBefore: number } | undefined => {
    const found = known.get(key);
    if (found && clock.now() > found.notBefore + wellMs) known.delete(key);
    return known.get(key);
  };
  return {
    wait: (key) => Math.max(0, (recent(key)?.notBefore ?? 0) - clock.now()),
    failed(key) {
      const failures = (recent(key)?.failures ?? 0) + 1;
      const wait = Math.min(firstMs * 2 ** (failures - 1), atMostMs);
      known.set(key, { failures, notBefore: clock.now() + wait });
    },
    failures: (key) => recent(key)?.failures ?? 0,
  };
}

const wellMs = 60_000;
