import { mannWhitney } from './mann-whitney.ts';
import { onTheMinute } from './argo.ts';
import { score } from './kayenta-score.ts';
import type { Peer, PeerTick } from './peer.ts';
import { wholePeriods } from './window.ts';

export type Label = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';

export interface MetricOptions {
  readonly direction: 'increase' | 'decrease' | 'either';
  readonly nanStrategy: 'remove' | 'replace';
  readonly critical: boolean;
  readonly mustHaveData: boolean;
  readonly tolerance: number;
  readonly confidence: number;
  readonly effectSize: 'meanRatio' | 'cles';
  readonly allowed: { readonly decrease: number; readonly increase: number };
  readonly criticalAt: { readonly decrease: number; readonly increase: number };
}

/** NetflixACAJudge as it stands; the 0.25 and 0.98 are in its code, whatever is configured. */
export const netflixJudge: MetricOptions = {
  direction: 'either',
  nanStrategy: 'remove',
  critical: false,
  mustHaveData: false,
  tolerance: 0.25,
  confidence: 0.98,
  effectSize: 'meanRatio',
  allowed: { decrease: 1, increase: 1 },
  criticalAt: { decrease: 1, increase: 1 },
};

/** The score below which Spinnaker's documents stop an analysis. */
const marginal = 75;

/** Challenger against champion by the rank sum of one-minute values; judged at the given minutes over all so far. */
export function kayenta(
  name: string,
  atMinutes: readonly number[],
  read: 'error rate' | { readonly q: number } = 'error rate',
): Peer {
  return {
    name,
    start({ tickMs }) {
      const period = wholePeriods(Math.round(60_000 / tickMs));
      const control: number[] = [];
      const experiment: number[] = [];
      return {
        push(tick, minutes) {
          const sum = period(tick);
          if (sum) {
            control.push(valueOf(read, tick, 0, sum.n0, sum.x0));
            experiment.push(valueOf(read, tick, 1, sum.n1, sum.x1));
          }
          if (!sum || !atMinutes.some((at) => Math.abs(at - minutes) < 1e-6)) return false;
          if (!onTheMinute(minutes, 1)) return false;
          const { label } = judgeMetric(control, experiment, { ...netflixJudge, direction: 'increase' });
          return score([{ label, groups: ['all'], critical: false }], {}).summary <= marginal;
        },
      };
    },
  };
}

function valueOf(
  read: 'error rate' | { readonly q: number },
  tick: PeerTick,
  arm: 0 | 1,
  n: number,
  x: number,
): number {
  if (read === 'error rate') return x / n;
  return tick.latency?.(arm, read.q) ?? Number.NaN;
}

/** Preparation and classification of one metric; any exception is a label of its own, which isn't scored. */
export function judgeMetric(
  control: readonly number[],
  experiment: readonly number[],
  options: MetricOptions,
): { readonly label: Label; readonly critical: boolean } {
  const prepared = (values: readonly number[]): readonly number[] =>
    options.nanStrategy === 'remove' ? removeNaN(values) : replaceNaN(values);
  try {
    return classify(prepared(control), prepared(experiment), options);
  } catch {
    return { label: 'Error', critical: false };
  }
}

export const removeNaN = (values: readonly number[]): readonly number[] =>
  values.filter((value) => !Number.isNaN(value));
export const replaceNaN = (values: readonly number[]): readonly number[] =>
  values.map((value) => (Number.isNaN(value) ? 0 : value));

/** `MannWhitneyClassifier.scala:145`. Throws what the original throws. */
export function classify(
  control: readonly number[],
  experiment: readonly number[],
  options: MetricOptions,
): { readonly label: Label; readonly critical: boolean; readonly deviation: number | null } {
  const { critical, mustHaveData, direction } = options;
  if (control.length === 0 || experiment.length === 0) {
    if (options.nanStrategy === 'replace') return { label: 'Pass', critical: false, deviation: null };
    const failing = mustHaveData && !critical;
    return { label: failing ? 'NodataFailMetric' : 'Nodata', critical, deviation: null };
  }
  const [y, x] = [[...control].sort(byValue), [...experiment].sort(byValue)];
  const same = x.length === y.length && x.every((value, i) => value === y[i]);
  if (same || new Set([...x, ...y]).size === 1) return { label: 'Pass', critical: false, deviation: 1 };
  const deviation = options.effectSize === 'cles' ? commonLanguage(y, x) : meanRatio(y, x);
  const constant = x[0] === x.at(-1) && y[0] === y.at(-1);
  const shift = constant
    ? mannWhitney(blurred(x), blurred(y), options.confidence)
    : mannWhitney(x, y, options.confidence);
  const bound = options.tolerance * Math.abs(shift.estimate);
  const beyond = (at: MetricOptions['allowed'], side: 'increase' | 'decrease'): boolean =>
    Number.isNaN(deviation) || (side === 'increase' ? deviation >= at.increase : deviation <= at.decrease);
  for (const side of ['increase', 'decrease'] as const) {
    const shifted = side === 'increase' ? shift.low > bound : shift.high < -bound;
    if (direction !== 'either' && direction !== side) continue;
    if (!shifted || !beyond(options.allowed, side)) continue;
    const label = side === 'increase' ? 'High' : 'Low';
    return { label, critical: critical && beyond(options.criticalAt, side), deviation };
  }
  return { label: 'Pass', critical: false, deviation };
}

const byValue = (a: number, b: number): number => a - b;

/** Constants get a little noise, lest the rank sum have no variance; here the same noise each time. */
function blurred(values: readonly number[]): readonly number[] {
  const spread = 1e-5;
  return values.map((value, i) => value * (1 + spread * Math.sin(i + 1)));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Experiment over control; NaN if either mean is 0. */
export function meanRatio(control: readonly number[], experiment: readonly number[]): number {
  const [c, e] = [mean(control), mean(experiment)];
  return c === 0 || e === 0 ? Number.NaN : e / c;
}

/** Probability that a value of the experiment is the larger, ties counting half. */
export function commonLanguage(control: readonly number[], experiment: readonly number[]): number {
  let wins = 0;
  for (const e of experiment) for (const c of control) wins += e > c ? 1 : e === c ? 0.5 : 0;
  return wins / (experiment.length * control.length);
}

/** Percentile by R's type 7, p from 0 to 100. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort(byValue);
  const at = ((sorted.length - 1) * p) / 100;
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (at - below) * (high - low);
}

/** Strictly outside the fences; reduced sensitivity never calls what lies between the 1st and 99th percentile one. */
export function outliers(
  values: readonly number[],
  factor: number,
  reduceSensitivity: boolean,
): readonly boolean[] {
  const [q1, q3] = [percentile(values, 25), percentile(values, 75)];
  let low = q1 - factor * (q3 - q1);
  let high = q3 + factor * (q3 - q1);
  if (reduceSensitivity) {
    low = Math.min(low, percentile(values, 1));
    high = Math.max(high, percentile(values, 99));
  }
  return values.map((value) => value < low || value > high);
}
