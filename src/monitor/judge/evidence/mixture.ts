import type { Evidence } from './evidence.ts';
import { logSumExp } from '../math/log-sum.ts';

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

export interface Mixture extends Evidence {
  /** One tick: the logarithm of each component's factor, whose expectation under the null is at most 1. */
  update(logFactors: ArrayLike<number>, stepChange?: boolean): void;
  /** One tick of bets of the mixture's sizes f: factors 1 + f surprise. The same, without a logarithm. */
  bet(sizes: ArrayLike<number>, surprise: number, stepChange?: boolean): void;
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
  /** Nothing is ever staked again: products stay logarithms until somebody asks. */
  const products = stakes.later === 0 && stakes.step === 0;
  const most = Math.exp(cap);
  /** In an object, where a number that changes needs no new place in memory. */
  const now = {
    reserve: 1,
    started: false,
    /** Of each component: staked, and not yet added to it. */
    pending: 0,
    /** Components whose scale isn't 0; while there are none, E is known from the last update. */
    scaled: 0,
    known: 1,
  };

  function update(logFactors: ArrayLike<number>, stepChange = false): void {
    stake(stepChange);
    if (products || now.scaled > 0) settle();
    const each = now.pending;
    now.pending = 0;
    const vanishing = vanishes();
    const least = vanishing ? -Infinity : -200;
    let sum = now.reserve;
    let odd = false;
    for (let k = 0; k < components; k++) {
      const l = Math.min(logFactors[k]!, cap);
      let v = value[k]! + each;
      if (products || l < least || l > 200) shift(k, l);
      else if (l !== 0) v *= Math.exp(l);
      if (v < 1e-100 && vanishing && scale[k] === 0) v = 0;
      value[k] = v;
      sum += v;
      if (!((v <= 1e100 && v >= 1e-100) || v === 0)) odd = true;
    }
    now.known = odd ? ranged() : sum;
  }

  function bet(sizes: ArrayLike<number>, surprise: number, stepChange = false): void {
    stake(stepChange);
    // What is staked leaves the sum as it was.
    if (surprise === 0) return;
    if (now.scaled > 0) settle();
    const each = now.pending;
    now.pending = 0;
    let sum = now.reserve;
    let odd = false;
    for (let k = 0; k < components; k++) {
      const v = (value[k]! + each) * Math.min(1 + sizes[k]! * surprise, most);
      value[k] = v;
      sum += v;
      if (!(v <= 1e100 && v >= 1e-100)) odd = true;
    }
    now.known = odd ? ranged() : sum;
  }

  function stake(stepChange: boolean): void {
    const spend = now.reserve * (!now.started ? stakes.first : stepChange ? stakes.step : stakes.later);
    now.started = true;
    now.reserve -= spend;
    now.pending += spend / components;
  }

  /** Adds what was staked to the components, whatever their scale. */
  function settle(): void {
    const each = now.pending;
    if (each === 0) return;
    now.pending = 0;
    const before = now.scaled;
    for (let k = 0; k < components; k++) {
      const s = scale[k]!;
      if (s === 0) value[k]! += each;
      else if (s > 0) value[k]! += each * Math.exp(-s);
      else {
        value[k] = each + value[k]! * Math.exp(s);
        scale[k] = 0;
        now.scaled--;
      }
    }
    if (before > 0 && now.scaled === 0) now.known = value.reduce((sum, v) => sum + v, now.reserve);
  }

  /** Brings all components back to where doubles are exact; the sum with the reserve. */
  function ranged(): number {
    let sum = now.reserve;
    for (let k = 0; k < components; k++) sum += inRange(k);
    return sum;
  }

  /** Multiplies by e^by. */
  function shift(k: number, by: number): void {
    if (by === 0) return;
    if (scale[k] === 0) now.scaled++;
    scale[k]! += by;
    if (scale[k] === 0) now.scaled--;
  }

  /** Whether a component below 1e-100 is lost in rounding as soon as the next tick is staked. */
  const vanishes = (): boolean => now.reserve * stakes.later > 1e-80 * components;

  /** The component's value, brought back to where doubles are exact. */
  function inRange(k: number): number {
    const v = value[k]!;
    if ((v <= 1e100 && v >= 1e-100) || v === 0) return v;
    if (v < 1e-100 && scale[k] === 0 && vanishes()) {
      value[k] = 0;
      return 0;
    }
    value[k] = 1;
    shift(k, Math.log(v));
    return 1;
  }

  function logWeights(): number[] {
    settle();
    return Array.from(value, (v, k) => Math.log(v) + scale[k]!);
  }

  function e(): number {
    if (now.scaled > 0) settle();
    if (now.scaled === 0) return now.known;
    let sum = now.reserve;
    for (let k = 0; k < components; k++) sum += value[k]! * Math.exp(scale[k]!);
    return sum;
  }

  function logE(): number {
    const sum = e();
    return sum > 1e-250 && sum < 1e250 ? Math.log(sum) : logSumExp([...logWeights(), Math.log(now.reserve)]);
  }

  return { update, bet, atMost: e, logE, logWeights };
}
