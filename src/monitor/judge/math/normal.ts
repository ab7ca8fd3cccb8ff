/**
 * P(Z > z) for a standard normal Z.
 *
 * Near 0 the power series of the error function, in the tails the continued fraction of Mills' ratio
 * (Abramowitz and Stegun 26.2.11 and 26.2.14): relative error below 1e-12 from -8 to 30.
 */
export function normalTail(z: number): number {
  if (Number.isNaN(z)) throw new RangeError('normalTail: z is NaN');
  if (z < 0) return 1 - normalTail(-z);
  if (z > 38) return 0;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let below = z;
  for (let k = 80; k >= 1; k--) below = z + k / below;
  return density / below;
}

/** The z with P(Z > z) = p, for 0 < p < 1, by bisection to 1e-12. */
export function normalUpperQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`normalUpperQuantile: p = ${p} is not between 0 and 1`);
  let low = -38;
  let high = 38;
  while (high - low > 1e-12 * Math.max(1, Math.abs(low))) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
