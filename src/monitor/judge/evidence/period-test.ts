import { average, type Evidence } from './evidence.ts';
import { fewestWithHistory, fewestWithoutHistory, lookPValue } from './look.ts';
import { createTProcess } from './t-process.ts';

/** A latency of one arm over one period: a percentile or the average, in milliseconds. */
export interface PeriodStatistic {
  readonly n: number;
  readonly ms: number;
}

export interface PeriodTest extends Evidence {
  /** One period, or what was pooled; no value where an arm has fewer than 20 requests. */
  update(champion: PeriodStatistic, challenger: PeriodStatistic, stepChange?: boolean): void;
  readonly lookP: () => number;
}

export const fewestPeriodRequests = 20;
const none = { sumOfSquares: 0, degrees: 0 } as const;
const weights = [2 / 3, 1 / 3] as const;

/**
 * Is the challenger more than (1 + slower) times as slow, where only a statistic per period is known?
 *
 *     z = (log q1 - log q0 - log(1 + m)) / sqrt(1/n1 + 1/n0)
 *     E = 2/3 t-process(V0 = 12.5 v0, nu0 = 10, z clipped to 5 sqrt(v0)) + 1/3 t-process(V0 = 0)
 *
 * v0 = mean z^2 of the champion's consecutive history periods; without it the second process alone.
 * Source: section 4.3 of the method.
 */
export function createPeriodTest(options: {
  readonly slower: number;
  readonly v0: number | null;
}): PeriodTest {
  const { v0 } = options;
  const known = v0 === null ? null : createTProcess({ sumOfSquares: 12.5 * v0, degrees: 10 });
  const free = createTProcess(none);
  return {
    update(champion, challenger, stepChange = false) {
      const z = periodDiscrepancy(champion, challenger, options.slower);
      free.update(z, stepChange);
      if (!known || v0 === null) return;
      const clip = 5 * Math.sqrt(v0);
      known.update(z === null ? null : Math.max(-clip, Math.min(clip, z)), stepChange);
    },
    ...(known ? average(weights, [known, free]) : { atMost: free.atMost, logE: free.logE }),
    lookP() {
      if (!known || v0 === null) return lookPValue(free.values(), none, fewestWithoutHistory);
      return lookPValue(known.values(), { sumOfSquares: 16.5 * v0, degrees: 15 }, fewestWithHistory);
    },
  };
}

/** v0: the mean squared discrepancy of consecutive periods of the champion; null for fewer than 8 pairs. */
export function periodNoise(history: readonly PeriodStatistic[]): number | null {
  let sum = 0;
  let pairs = 0;
  for (let i = 1; i < history.length; i++) {
    const z = periodDiscrepancy(history[i - 1]!, history[i]!, 0);
    if (z === null) continue;
    sum += z * z;
    pairs++;
  }
  return pairs >= 8 && sum > 0 ? sum / pairs : null;
}

function periodDiscrepancy(before: PeriodStatistic, after: PeriodStatistic, slower: number): number | null {
  const enough = Math.min(before.n, after.n) >= fewestPeriodRequests && before.ms > 0 && after.ms > 0;
  if (!enough) return null;
  return (
    (Math.log(after.ms) - Math.log(before.ms) - Math.log1p(slower)) / Math.sqrt(1 / after.n + 1 / before.n)
  );
}
