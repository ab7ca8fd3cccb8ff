import { logBeta } from './log-beta.ts';

const tiny = 1e-300;
const enough = 1e-16;
/** The fraction needs about the square root of the larger parameter: this is good beyond counts of 1e9. */
const mostTerms = 300_000;

/**
 * Regularised incomplete beta function I_x(a, b), 0 <= x <= 1, a, b > 0: a probability.
 *
 * Continued fraction (Abramowitz and Stegun 26.5.8) by Lentz's method, on the side where it converges quickly.
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0)) throw new RangeError(`incompleteBeta: a = ${a}, b = ${b} must be above 0`);
  if (!(x >= 0 && x <= 1)) throw new RangeError(`incompleteBeta: x = ${x} is not between 0 and 1`);
  if (x === 0 || x === 1) return x;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  if (x < (a + 1) / (a + b + 2)) return (front * fraction(a, b, x)) / a;
  return 1 - (front * fraction(b, a, 1 - x)) / b;
}

function fraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= mostTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = d * c;
    value *= change;
    if (Math.abs(change - 1) <= enough) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
