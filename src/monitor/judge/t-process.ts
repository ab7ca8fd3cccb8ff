/** What is known before the first value: `sumOfSquares` of `degrees` earlier ones. */
export interface Baseline {
  readonly sumOfSquares: number;
  readonly degrees: number;
}

export interface TProcess {
  /** One tick; null where it brought no value. */
  update(z: number | null, stepChange?: boolean): void;
  readonly logE: () => number;
  /** Since the start of the rollout. */
  readonly values: () => { readonly n: number; readonly sum: number; readonly squares: number };
}

interface Copy {
  readonly weight: number;
  readonly nBefore: number;
  readonly sumBefore: number;
}

const c2 = 0.1;
const every = 10;
const firstShare = 0.5;
const laterShare = 1 / 8;
const stepShare = 1 / 4;
const leastReserve = 1e-4;

/**
 * Sequential t-test of "the values' mean is at most 0", with late starts: an average over copies begun at the first
 * tick, every 10 ticks and at each change of the share, of
 *
 *     M = 1[S > 0] sqrt(c2/(n + c2)) (1 - S^2/((n + c2) V))^(-(n + nu)/2),   c2 = 0.1, M = 1 while n = 0
 *
 * n, S: the copy's values and their sum; V, nu: baseline plus all squares so far. Exact for Gaussian values of any
 * variance; the indicator is a lower bound of the one-sided version, so E is on the safe side.
 *
 * A copy needs only n and S at its start: totals less those. A tick costs O(1), and `logE` at most 64 copies.
 * Source: section 3.3 of the method; the right-Haar mixture of Wang and Ramdas, arXiv 2310.03722.
 */
export function createTProcess(baseline: Baseline): TProcess {
  const copies: Copy[] = [];
  let reserve = 1;
  let ticks = 0;
  let n = 0;
  let sum = 0;
  let squares = 0;
  let cached: number | undefined;

  function update(z: number | null, stepChange = false): void {
    const share = ticks === 0 ? firstShare : stepChange ? stepShare : ticks % every === 0 ? laterShare : 0;
    if (share > 0 && reserve >= leastReserve) {
      copies.push({ weight: reserve * share, nBefore: n, sumBefore: sum });
      reserve -= reserve * share;
      cached = undefined;
    }
    ticks++;
    if (z === null) return;
    n++;
    sum += z;
    squares += z * z;
    cached = undefined;
  }

  function logE(): number {
    cached ??= evaluate();
    return cached;
  }

  function evaluate(): number {
    const v = baseline.sumOfSquares + squares;
    const half = (n + baseline.degrees) / 2;
    const logs: number[] = [Math.log(reserve)];
    for (const copy of copies) {
      const own = n - copy.nBefore;
      const s = sum - copy.sumBefore;
      if (own === 0) logs.push(Math.log(copy.weight));
      else if (s > 0) {
        const shrunk = own + c2;
        const logM = 0.5 * Math.log(c2 / shrunk) - half * Math.log1p(-(s * s) / (shrunk * v));
        logs.push(Math.log(copy.weight) + logM);
      }
    }
    return logSum(logs);
  }

  return { update, logE, values: () => ({ n, sum, squares }) };
}

function logSum(logs: readonly number[]): number {
  let high = -Infinity;
  for (const l of logs) high = Math.max(high, l);
  let total = 0;
  for (const l of logs) total += Math.exp(l - high);
  return high + Math.log(total);
}
