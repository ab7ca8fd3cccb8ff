import { normalUpperQuantile } from '../../../src/monitor/judge/math/normal.ts';

export interface ShiftInterval {
  readonly low: number;
  readonly high: number;
  /** Hodges and Lehmann's estimate of how much x lies above y. */
  readonly estimate: number;
}

/** Kayenta's absolute tolerance: shifts below it are lost. */
const tolerance = 1e-4;
const mostIterations = 1000;

/**
 * Confidence interval of the shift between two samples by the rank sum test, as Kayenta's MannWhitney.scala has it:
 * normal approximation with continuity correction, the bounds found by Brent's method.
 *
 * Throws where all of both samples is one value.
 */
export function mannWhitney(x: readonly number[], y: readonly number[], confidence: number): ShiftInterval {
  const [least, most] = [Math.min(...x) - Math.max(...y), Math.max(...x) - Math.min(...y)];
  const z = -normalUpperQuantile((1 - confidence) / 2);
  const difference = rankDifference(x, y);
  const bound = (quantile: number): number => {
    const f = (shift: number): number => difference(shift, quantile);
    const [atLeast, atMost] = [f(least), f(most)];
    if (atLeast <= 0) return least;
    if (atMost >= 0) return most;
    return root(f, least, most, atLeast, atMost);
  };
  return { low: bound(-z), high: bound(z), estimate: bound(0) };
}

/** (W - mean)/sd of the rank sum of x - shift among y, less `quantile`. Falls as the shift grows. */
export function rankDifference(
  x: readonly number[],
  y: readonly number[],
): (shift: number, quantile: number) => number {
  const [n, m] = [x.length, y.length];
  const values = new Float64Array(n + m);
  const sortedX = Float64Array.from(x).sort();
  const sortedY = Float64Array.from(y).sort();
  return (shift, quantile) => {
    const { rankSum, ties } = ranks(sortedX, sortedY, shift, values);
    const w = rankSum - (n * (n + 1)) / 2;
    const off = w - (n * m) / 2;
    const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
    if (!(variance > 0)) throw new RangeError('Mann-Whitney: all values are tied');
    return (off - Math.sign(off) * 0.5) / Math.sqrt(variance) - quantile;
  };
}

/** Rank sum of x - shift with average ranks, and the sum of t^3 - t over the groups of ties. Both sides are sorted. */
function ranks(
  x: Float64Array,
  y: Float64Array,
  shift: number,
  shifted: Float64Array,
): { readonly rankSum: number; readonly ties: number } {
  for (let i = 0; i < x.length; i++) shifted[i] = x[i]! - shift;
  let [i, j, rankSum, ties] = [0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(i < x.length ? shifted[i]! : Infinity, j < y.length ? y[j]! : Infinity);
    const before = i + j;
    const first = i;
    while (i < x.length && shifted[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    const t = i + j - before;
    rankSum += (i - first) * (before + (t + 1) / 2);
    ties += t * t * t - t;
  }
  return { rankSum, ties };
}

/** Brent's root finder of 1973 in the form that R calls zeroin; f(a) and f(b) differ in sign. */
function root(f: (at: number) => number, from: number, to: number, atFrom: number, atTo: number): number {
  let [a, b, c] = [from, to, from];
  let [fa, fb, fc] = [atFrom, atTo, atFrom];
  for (let left = mostIterations + 1; left > 0; left--) {
    const previous = b - a;
    if (Math.abs(fc) < Math.abs(fb)) {
      [a, b, c] = [b, c, b];
      [fa, fb, fc] = [fb, fc, fb];
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2;
    let step = (c - b) / 2;
    if (Math.abs(step) <= least || fb === 0) return b;
    if (Math.abs(previous) >= least && Math.abs(fa) > Math.abs(fb)) {
      const { p, q } = interpolated(a, b, c, fa, fb, fc);
      const inside = p < 0.75 * (c - b) * q - Math.abs(least * q) / 2;
      if (inside && p < Math.abs((previous * q) / 2)) step = p / q;
    }
    if (Math.abs(step) < least) step = step > 0 ? least : -least;
    [a, fa] = [b, fb];
    b += step;
    fb = f(b);
    if ((fb > 0 && fc > 0) || (fb < 0 && fc < 0)) [c, fc] = [a, fa];
  }
  return b;
}

/** The step p/q, p >= 0: by a line through two points, or an inverse parabola through three. */
function interpolated(a: number, b: number, c: number, fa: number, fb: number, fc: number) {
  const width = c - b;
  let p: number;
  let q: number;
  if (a === c) {
    const t = fb / fa;
    p = width * t;
    q = 1 - t;
  } else {
    const r = fa / fc;
    const s = fb / fc;
    const t = fb / fa;
    p = t * (width * r * (r - s) - (b - a) * (s - 1));
    q = (r - 1) * (s - 1) * (t - 1);
  }
  return p > 0 ? { p, q: -q } : { p: -p, q };
}
