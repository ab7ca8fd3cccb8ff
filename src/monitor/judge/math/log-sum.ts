/** log(exp(a) + exp(b)) without overflow; -Infinity stands for a zero. */
export function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === -Infinity || high === Infinity) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** log of the sum of exp(v) over the values; of none, -Infinity. */
export function logSumExp(values: ArrayLike<number>): number {
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) high = Math.max(high, values[i]!);
  if (high === -Infinity || high === Infinity) return high;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - high);
  return high + Math.log(sum);
}

/** log of sum of weight_i exp(v_i): the average of evidences given as logarithms. */
export function logWeightedSum(weights: ArrayLike<number>, values: ArrayLike<number>): number {
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) if (weights[i]! > 0) high = Math.max(high, values[i]!);
  if (high === -Infinity || high === Infinity) return high;
  let sum = 0;
  for (let i = 0; i < values.length; i++)
    if (weights[i]! > 0) sum += weights[i]! * Math.exp(values[i]! - high);
  return high + Math.log(sum);
}
