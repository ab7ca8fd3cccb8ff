import type { Evidence } from './evidence.ts';

/** What is known before the first value: `sumOfSquares` of `degrees` earlier ones. */
export interface Baseline {
  readonly sumOfSquares: number;
  readonly degrees: number;
}

export interface TProcess extends Evidence {
  /** One tick; null where it brought no value. */
  update(z: number | null, stepChange?: boolean): void;
  /** Since the start of the rollout. */
  readonly values: () => { readonly n: number; readonly sum: number; readonly squares: number };
}

const c2 = 0.1;
const every = 10;
const firstShare = 0.5;
const laterShare = 1 / 8;
const stepShare = 1 / 4;
const leastReserve = 1e-4;
/** Far from deciding: a bound need not be any better. */
const logSmall = 3;
const small = Math.exp(logSmall);
/** More than there is reserve for. */
const mostCopies = 128;

/**
 * Sequential t-test of "the values' mean is at most 0", with late starts: an average over copies begun at the first
 * tick, every 10 ticks and at each change of the share, of
 *
 *     M = 1[S > 0] sqrt(c2/(n + c2)) (1 - S^2/((n + c2) V))^(-(n + nu)/2),   c2 = 0.1, M = 1 while n = 0
 *
 * n, S: the copy's values and their sum; V, nu: baseline plus all squares so far. Exact for Gaussian values of any
 * variance; the indicator is a lower bound of the one-sided version, so E is on the safe side.
 *
 * A copy needs only n and S at its start: totals less those. A tick costs O(1), and `logE` at most some 64 copies.
 * Source: section 3.3 of the method; the right-Haar mixture of Wang and Ramdas, arXiv 2310.03722.
 */
export function createTProcess(baseline: Baseline): TProcess {
  /** Of each copy: the totals when it began, and its weight. */
  const nBefore = new Float64Array(mostCopies);
  const sumBefore = new Float64Array(mostCopies);
  const logWeight = new Float64Array(mostCopies);
  const now = { copies: 0, reserve: 1, ticks: 0, n: 0, sum: 0, squares: 0, steepest: 0 };

  function update(z: number | null, stepChange = false): void {
    const share =
      now.ticks === 0 ? firstShare : stepChange ? stepShare : now.ticks % every === 0 ? laterShare : 0;
    if (share > 0 && now.reserve >= leastReserve) begin(now.reserve * share);
    now.ticks++;
    if (z === null) return;
    now.n++;
    now.sum += z;
    now.squares += z * z;
    // (S + z)^2/(m + 1) <= S^2/m + z^2: of every copy, and of those that begin here.
    now.steepest += z * z;
  }

  function begin(weight: number): void {
    nBefore[now.copies] = now.n;
    sumBefore[now.copies] = now.sum;
    logWeight[now.copies] = Math.log(weight);
    now.copies++;
    now.reserve -= weight;
  }

  function logE(): number {
    const v = baseline.sumOfSquares + now.squares;
    const half = (now.n + baseline.degrees) / 2;
    let high = Math.log(now.reserve);
    let total = 1;
    for (let i = 0; i < now.copies; i++) {
      const own = now.n - nBefore[i]!;
      const s = now.sum - sumBefore[i]!;
      if (own > 0 && !(s > 0)) continue;
      const shrunk = own + c2;
      const logM = own === 0 ? 0 : 0.5 * Math.log(c2 / shrunk) - half * Math.log1p(-(s * s) / (shrunk * v));
      const log = logWeight[i]! + logM;
      if (log <= high) total += Math.exp(log - high);
      else {
        total = total * Math.exp(high - log) + 1;
        high = log;
      }
    }
    return high + Math.log(total);
  }

  /** No copy has more than the one whose S^2/(n + c2) is largest would have without the square root. */
  function atMost(): number {
    if (isSmall()) return small;
    now.steepest = steepest();
    if (isSmall()) return small;
    const v = baseline.sumOfSquares + now.squares;
    return Math.exp((-(now.n + baseline.degrees) / 2) * Math.log1p(-now.steepest / v));
  }

  /** By -log(1 - r) <= r/(1 - r), without a logarithm. */
  function isSmall(): boolean {
    const v = baseline.sumOfSquares + now.squares;
    return ((now.n + baseline.degrees) / 2) * now.steepest <= logSmall * (v - now.steepest);
  }

  function steepest(): number {
    let square = 0;
    let shrunk = 1;
    for (let i = 0; i < now.copies; i++) {
      const s = now.sum - sumBefore[i]!;
      if (!(s > 0)) continue;
      const here = now.n - nBefore[i]! + c2;
      if (s * s * shrunk <= square * here) continue;
      square = s * s;
      shrunk = here;
    }
    return square / shrunk;
  }

  return { update, atMost, logE, values: () => ({ n: now.n, sum: now.sum, squares: now.squares }) };
}
