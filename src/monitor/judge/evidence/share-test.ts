import { average, type Evidence, noEvidence } from './evidence.ts';
import { betSizes, capFor } from './grids.ts';
import { createDiscrepancies } from './discrepancies.ts';
import { fewestWithHistory, fewestWithoutHistory, lookPValue } from './look.ts';
import { expectedShare, tolerance } from './margin.ts';
import { createMixture } from './mixture.ts';
import { createTProcess } from './t-process.ts';

export interface ShareOptions {
  /** Probability of a false rollback for the whole rollout: sets the cap of one tick. */
  readonly alpha: number;
  /** The null: p1 <= ratio p0 + difference. */
  readonly ratio: number;
  readonly difference: number;
  /** From the champion's history; null where there is none to learn it from. */
  readonly phi: number | null;
  /** The champion's bad requests and requests before the rollout. */
  readonly bad: number;
  readonly requests: number;
}

/** Requests and bad ones by arm in one tick; bad ones may be fractional. */
export interface PairCounts {
  readonly n0: number;
  readonly x0: number;
  readonly n1: number;
  readonly x1: number;
}

export interface ShareTest extends Evidence {
  update(tick: PairCounts, stepChange?: boolean): void;
  /** Champion's requests of a tick without comparison: they only sharpen the margin. */
  learn(bad: number, requests: number): void;
  parts(): {
    readonly bet: number;
    readonly free: number;
    readonly history: number | null;
    readonly zFree: number | null;
    readonly zHistory: number | null;
  };
  /** p-value of a planned look at this moment. */
  readonly lookP: () => number;
}

const needFree = 20;
const perPhi = { need: 5, baseline: 12.5, lookBaseline: 16.5, clip: 5 } as const;
const degrees = { baseline: 10, lookBaseline: 15 } as const;
const none = { sumOfSquares: 0, degrees: 0 } as const;
const withHistory = [0.4, 0.4, 0.2] as const;
const withoutHistory = [0.6, 0, 0.4] as const;

/**
 * Is a share of bad requests higher in the challenger than allowed? Null: p1 <= ratio p0 + difference in every tick,
 * whatever p0 and p1 do over time.
 *
 *     E = 0.4 E_bet + 0.4 E_hist + 0.2 E_free        (no history: 0.6 E_bet + 0.4 E_free)
 *
 * E_bet stakes on the challenger's share of a tick's bad requests, log(1 + f(S/theta - 1)), and is exact under any
 * clustering inside a tick. E_hist and E_free are t-processes over pooled discrepancies. The observed split counts,
 * not the planned one; a tick with an empty arm or nothing bad is no evidence.
 * Source: section 3 of the method.
 */
export function createShareTest(options: ShareOptions): ShareTest {
  const { phi } = options;
  const bet = createMixture(betSizes.length, capFor(options.alpha));
  const free = createTProcess(none);
  const freeZ = createDiscrepancies(needFree);
  const history = phi === null ? null : historyTest(phi);
  const { atMost, logE } = average(history ? withHistory : withoutHistory, [
    bet,
    history?.process ?? noEvidence,
    free,
  ]);
  /** In an object, where a number that changes needs no new place in memory. */
  const seen = { bad: options.bad, requests: options.requests };
  const z: { free: number | null; history: number | null } = { free: null, history: null };

  function update({ n0, x0, n1, x1 }: PairCounts, stepChange = false): void {
    const n = n0 + n1;
    const x = x0 + x1;
    const w = n > 0 ? n1 / n : 0;
    const theta = expectedShare(w, tolerance(options.ratio, options.difference, seen.bad, seen.requests));
    const informative = x > 0 && theta > 0 && theta < 1;
    const surprise = informative ? x1 / x / theta - 1 : 0;
    bet.bet(betSizes, surprise, stepChange);
    z.free = informative ? freeZ.push(x1, x, n, theta) : null;
    free.update(z.free, stepChange);
    if (history) {
      z.history = informative ? history.z.push(x1, x, n, theta) : null;
      history.process.update(z.history, stepChange);
    }
    learn(x0, n0);
  }

  function learn(x0: number, n0: number): void {
    seen.bad += x0;
    seen.requests += n0;
  }

  function lookP(): number {
    if (phi === null || !history) return lookPValue(free.values(), none, fewestWithoutHistory);
    const baseline = { sumOfSquares: perPhi.lookBaseline * phi, degrees: degrees.lookBaseline };
    return lookPValue(history.process.values(), baseline, fewestWithHistory);
  }

  const parts = () => ({
    bet: bet.logE(),
    free: free.logE(),
    history: history ? history.process.logE() : null,
    zFree: z.free,
    zHistory: z.history,
  });
  return { update, learn, atMost, logE, parts, lookP };
}

function historyTest(phi: number) {
  return {
    z: createDiscrepancies(perPhi.need * phi, perPhi.clip * Math.sqrt(phi)),
    process: createTProcess({ sumOfSquares: perPhi.baseline * phi, degrees: degrees.baseline }),
  };
}
