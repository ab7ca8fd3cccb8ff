import { logSumExp } from './math/log-sum.ts';

/** How much of the prior is staked when. Section 9 of the method. */
export interface Stakes {
  /** Share of the reserve staked at the first tick. */
  readonly first: number;
  /** ... at each later tick. */
  readonly later: number;
  /** ... at the first full tick after the share of traffic changed. */
  readonly step: number;
}

export const lateStarts: Stakes = { first: 0.5, later: 1 / 60, step: 0.25 };
/** Everything on the first tick: for promoting, where what counts is the whole rollout. */
export const noRestarts: Stakes = { first: 1, later: 0, step: 0 };

export interface Mixture {
  /** One tick: the logarithm of each component's factor, whose expectation under the null is at most 1. */
  update(logFactors: ArrayLike<number>, stepChange?: boolean): void;
  /** One tick of bets of the mixture's sizes f: factors 1 + f surprise. The same, without a logarithm. */
  bet(sizes: ArrayLike<number>, surprise: number, stepChange?: boolean): void;
  /** log E: the evidence so far; 0 = none. */
  readonly logE: () => number;
  /** log W of each component. */
  readonly logWeights: () => number[];
}

/**
 * Engine M: an average of products of factors, with late starts. A non-negative supermartingale under the null, so
 * P(E ever reaches 1/a) <= a (Ville), however often one looks.
 *
 *     spend = R (first | step | later);  R -= spend
 *     W_k = (W_k + spend/K) min(factor_k, e^cap);  E = sum W_k + R
 *
 * `cap` is a logarithm. A component is held as a number and a logarithmic scale (W = value e^scale), and the scale
 * stays 0 in everyday ranges: the multiplication needs no logarithm, and nothing overflows or dies of underflow.
 * Source: section 2 of the method; Shin, Ramdas and Rinaldo, e-detectors.
 */
export function createMixture(components: number, cap = Infinity, stakes: Stakes = lateStarts): Mixture {
  const value = new Float64Array(components);
  const scale = new Float64Array(components);
  let reserve = 1;
  let started = false;

  const most = Math.exp(cap);

  function update(logFactors: ArrayLike<number>, stepChange = false): void {
    stake(stepChange);
    for (let k = 0; k < components; k++) {
      const l = Math.min(logFactors[k]!, cap);
      if (l !== 0) multiply(k, l);
    }
  }

  function bet(sizes: ArrayLike<number>, surprise: number, stepChange = false): void {
    stake(stepChange);
    if (surprise === 0) return;
    for (let k = 0; k < components; k++) {
      const v = value[k]! * Math.min(1 + sizes[k]! * surprise, most);
      value[k] = v;
      if (v > 1e100 || v < 1e-100) rescale(k);
    }
  }

  function stake(stepChange: boolean): void {
    const spend = reserve * (!started ? stakes.first : stepChange ? stakes.step : stakes.later);
    started = true;
    reserve -= spend;
    const each = spend / components;
    if (each === 0) return;
    for (let k = 0; k < components; k++) {
      const s = scale[k]!;
      if (s === 0) value[k]! += each;
      else if (s > 0) value[k]! += each * Math.exp(-s);
      else {
        value[k] = each + value[k]! * Math.exp(s);
        scale[k] = 0;
      }
    }
  }

  function multiply(k: number, l: number): void {
    if (l > -200 && l < 200) value[k]! *= Math.exp(l);
    else scale[k]! += l;
    const v = value[k]!;
    if (v > 1e100 || v < 1e-100) rescale(k);
  }

  function rescale(k: number): void {
    if (value[k] === 0) return;
    scale[k]! += Math.log(value[k]!);
    value[k] = 1;
  }

  function logWeights(): number[] {
    return Array.from(value, (v, k) => Math.log(v) + scale[k]!);
  }

  function logE(): number {
    let sum = reserve;
    for (let k = 0; k < components; k++) {
      const s = scale[k]!;
      if (s > 0) return slowLogE();
      sum += s === 0 ? value[k]! : value[k]! * Math.exp(s);
    }
    return sum > 1e-250 ? Math.log(sum) : slowLogE();
  }

  /** Out of a double's range, in logarithms. */
  function slowLogE(): number {
    return logSumExp([...logWeights(), Math.log(reserve)]);
  }

  return { update, bet, logE, logWeights };
}
