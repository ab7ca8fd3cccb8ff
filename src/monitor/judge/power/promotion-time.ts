import type { Histogram } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { octaves } from '../evidence/grids.ts';
import { edgeNear } from '../evidence/histogram.ts';
import { promoteTempering } from '../compare/non-inferiority.ts';
import { all, evenlyAbove, possiblyAbove, tailOf } from '../evidence/tail.ts';

/** Requests a tick at one share of traffic. */
export interface TrialStep {
  readonly n0: number;
  readonly n1: number;
  readonly ticks: number;
}

export interface PromotionCase {
  readonly steps: readonly TrialStep[];
  /** The champion's error rate, its dispersion (null: history can't tell), and its latency. */
  readonly errorRate: number;
  readonly phi: number | null;
  readonly latency: Histogram | null;
  readonly policy: Pick<JudgePolicy, 'alphaPromote' | 'promoteMargin' | 'rollbackMargin'>;
}

export interface PromotionTime {
  /** Null: never, at this margin. */
  readonly ticks: number | null;
  /** What takes longest to be shown. */
  readonly by: 'errors' | 'latency';
}

/**
 * Ticks until a challenger that is the champion's equal is shown to be no worse than the promote margin, by errors and
 * the required quantiles, from the ticks of the last share that is compared; beyond its end as if it went on.
 *
 * By the mean growth of each component's logarithm, which all had the same stake: half of the trials take longer. For
 * planning; nothing is decided by it.
 */
export function promotionTime(it: PromotionCase): PromotionTime {
  const needed = Math.log(1 / it.policy.alphaPromote) + Math.log(octaves.length);
  const errors = ticksOf(errorGrowth(it), it, needed);
  const slowest = [0.5, 0.95]
    .map((q) => latencyGrowth(it, q))
    .filter((growth) => growth !== null)
    .map((growth) => ticksOf(growth, it, needed));
  const latency = Math.max(0, ...slowest);
  const ticks = Math.max(errors, latency);
  return { ticks: Number.isFinite(ticks) ? ticks : null, by: latency > errors ? 'latency' : 'errors' };
}

/** Mean growth a tick of component k, in nats. */
type Growth = (step: TrialStep, k: number) => number;

function errorGrowth({ errorRate: p, phi, policy }: PromotionCase): Growth {
  const { ratio, difference } = policy.promoteMargin;
  return ({ n0, n1 }, k) => {
    if (!(n0 > 0 && n1 > 0)) return 0;
    const w = n1 / (n0 + n1);
    const logRatio = -octaves[k]! * Math.LN2;
    const logD = Math.log1p(w * (ratio * Math.exp(logRatio) - 1)) - Math.log1p(w * (ratio - 1));
    const growth = n1 * p * logRatio - (n0 + n1) * p * logD - n1 * difference * Math.expm1(logRatio - logD);
    return growth / promoteTempering(phi);
  };
}

/** Of an equal challenger whose slow requests are counted as the judge counts them; null where nothing is counted. */
function latencyGrowth({ latency, phi, policy }: PromotionCase, q: number): Growth | null {
  const edge = latency && edgeNear(latency, q, 1 + policy.rollbackMargin.slower);
  if (latency === null || edge === null) return null;
  const tail = tailOf(latency);
  const p0 = possiblyAbove(tail, edge) / all(tail);
  const p1 = evenlyAbove(tail, edge * (1 + policy.promoteMargin.slower)) / all(tail);
  if (!(p0 > 0 && p0 < 1)) return () => 0;
  return ({ n0, n1 }, k) => {
    if (!(n0 > 0 && n1 > 0)) return 0;
    const w = n1 / (n0 + n1);
    const odds = 2 ** -octaves[k]!;
    const better = (odds * p0) / (1 - p0 + odds * p0);
    const both = w * better + (1 - w) * p0;
    const growth =
      n1 * (p1 * Math.log(better / both) + (1 - p1) * Math.log((1 - better) / (1 - both))) +
      n0 * (p0 * Math.log(p0 / both) + (1 - p0) * Math.log((1 - p0) / (1 - both)));
    return growth / promoteTempering(phi);
  };
}

function ticksOf(growth: Growth, { steps }: PromotionCase, needed: number): number {
  const compared = steps.filter(({ n0, n1 }) => n0 > 0 && n1 > 0);
  const last = compared.at(-1);
  if (last === undefined) return Infinity;
  // Each share proves its own: what came before is time, and no proof.
  const before = compared.slice(0, -1).reduce((sum, { ticks }) => sum + ticks, 0);
  return before + Math.min(...octaves.map((_, k) => timeAt(growth(last, k), needed)));
}

const timeAt = (rate: number, needed: number): number => (rate > 0 ? needed / rate : Infinity);
