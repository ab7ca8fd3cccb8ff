import { logGamma } from '../../src/monitor/judge/math/log-gamma.ts';

/** Uniform numbers in [0, 1), and what is drawn from them. Everything is a function of the seed. */
export interface Random {
  readonly uniform: () => number;
  readonly normal: () => number;
  /** A count with the given mean. */
  readonly poisson: (mean: number) => number;
  readonly binomial: (n: number, p: number) => number;
  /** 1, 2, ... with the given mean. */
  readonly geometric: (mean: number) => number;
}

/** Below this mean a count is found by walking up its distribution, above by rejection. */
const walked = 10;

/** Independent streams for different words: seed, cell, run. Counts are drawn from the exact distributions. */
export function createRandom(...words: readonly number[]): Random {
  const uniform = sfc32(words);
  let spare: number | null = null;

  function normal(): number {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  function poisson(mean: number): number {
    if (!(mean > 0)) return 0;
    if (mean >= walked) return poissonByRejection(mean);
    let k = 0;
    let p = Math.exp(-mean);
    for (let u = uniform(); u > p; ) {
      u -= p;
      k++;
      p *= mean / k;
      if (p < 1e-300) break;
    }
    return k;
  }

  /** Hörmann 1993, PTRS. */
  function poissonByRejection(mean: number): number {
    const logMean = Math.log(mean);
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const vr = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = uniform() - 0.5;
      const v = uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= vr) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      const height = Math.log((v * inverseAlpha) / (a / (us * us) + b));
      if (height <= k * logMean - mean - logGamma(k + 1)) return k;
    }
  }

  function binomial(n: number, p: number): number {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n * p >= walked) return binomialByRejection(n, p);
    const ratio = p / (1 - p);
    let k = 0;
    let f = (1 - p) ** n;
    for (let u = uniform(); u > f && k < n; ) {
      u -= f;
      k++;
      f *= (ratio * (n - k + 1)) / k;
      if (f < 1e-300) break;
    }
    return k;
  }

  /** Hörmann 1993, BTRS. */
  function binomialByRejection(n: number, p: number): number {
    const spread = Math.sqrt(n * p * (1 - p));
    const b = 1.15 + 2.53 * spread;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const alpha = (2.83 + 5.1 / b) * spread;
    const vr = 0.92 - 4.2 / b;
    const logOdds = Math.log(p / (1 - p));
    const mode = Math.floor((n + 1) * p);
    const atMode = mode * logOdds - logGamma(mode + 1) - logGamma(n - mode + 1);
    for (;;) {
      const u = uniform() - 0.5;
      const v = uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + n * p + 0.5);
      if (k < 0 || k > n) continue;
      if (us >= 0.07 && v <= vr) return k;
      const height = Math.log((v * alpha) / (a / (us * us) + b));
      if (height <= k * logOdds - logGamma(k + 1) - logGamma(n - k + 1) - atMode) return k;
    }
  }

  function geometric(mean: number): number {
    if (mean <= 1) return 1;
    return 1 + Math.floor(Math.log(1 - uniform()) / Math.log(1 - 1 / mean));
  }

  return { uniform, normal, poisson, binomial, geometric };
}

/** Chris Doty-Humphrey's sfc32, its state mixed from the words. */
function sfc32(words: readonly number[]): () => number {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (const word of words) {
    a ^= word | 0;
    for (let i = 0; i < 12; i++) next();
  }
  return next;
}
