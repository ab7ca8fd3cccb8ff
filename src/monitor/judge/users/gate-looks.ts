const growth = 1.25;
const minuteMs = 60_000;

/** When the gate is asked about a finding that is due: at once, then in the whole minutes 1.25 times the last one on. */
export interface GateLooks {
  /** Whether a tick that ends so long after the first segment began is a look. */
  isLook(elapsedMs: number): boolean;
  /** It was one, whatever for. */
  taken(elapsedMs: number): void;
  /** Looks so far: the number of the last one, from 1. */
  count(): number;
}

export function createGateLooks(): GateLooks {
  let lastMinute: number | null = null;
  let count = 0;
  return {
    isLook: (elapsedMs) =>
      lastMinute === null || Math.floor(elapsedMs / minuteMs) >= Math.max(1, growth * lastMinute),
    taken(elapsedMs) {
      lastMinute = elapsedMs / minuteMs;
      count++;
    },
    count: () => count,
  };
}
