import type { ArmTick, Histogram, Observation } from '../../src/domain/observation.ts';
import { latencyEdges } from '../../src/domain/latency-edges.ts';
import { instant } from '../../src/domain/units.ts';
import { normalTail } from '../../src/monitor/judge/math/normal.ts';
import type { Random } from './random.ts';

/** One kind of rollout: an hour of two arms, and what is wrong with the challenger. */
export interface Scenario {
  /** Requests a second of both arms together, before the time of day. */
  readonly perSecond: number;
  /** The challenger's share, 0 to 1. */
  readonly share: number;
  /** The champion's error rate. */
  readonly errorRate: number;
  /** The challenger's, from the first minute. */
  readonly challengerErrorRate: number;
  readonly tickMs: number;
  /** Mean size of clusters of errors inside an arm and tick; 1 = independent errors. */
  readonly cluster?: number;
  /** The same in the champion's history; as in the rollout where it isn't given. */
  readonly historyCluster?: number;
  /** Deviation of a log-normal factor on both arms' error rate, with five minutes of memory. */
  readonly sharedBursts?: number;
  /** One client sends so many failing requests in one tick, all to one arm. */
  readonly storm?: number;
  readonly latency?: LatencyScenario;
}

export interface LatencyScenario {
  /** The challenger's latency is the champion's times this. */
  readonly factor: number;
  /** Deviation of a factor on both arms' latency, with five minutes of memory. */
  readonly load: number;
  /** The challenger starts so much slower still and gets warm with a time constant of one minute: 2 = three times. */
  readonly cold: number;
}

export interface Traffic {
  /** Three hours of the champion, by the minute. */
  readonly history: readonly ArmTick[];
  readonly observations: readonly Observation[];
}

export const minutes = 60;
const historyMinutes = 180;
/** The service's median of 100 ms and spread give p95 = 228 ms and p99 = 320 ms. */
export const medianMs = 100;
export const sigma = 0.5;
const diurnal = 0.3;
const memoryMinutes = 5;

/** What CloudWatch is asked for by mlreg. */
export const coarseEdges = latencyEdges;
const geometricEdges = Array.from({ length: 80 }, (_, i) => 15 * 1.05 ** i);
/** Ratio 1.05 where this service's requests are, and the coarse ones. */
export const fineEdges: readonly number[] = [...new Set([...geometricEdges, ...coarseEdges])].sort(
  (a, b) => a - b,
);

/** One rollout's traffic: Poisson arrivals under a daily wave of 30 %, each request an arm by its share. */
export function createTraffic(scenario: Scenario, random: Random): Traffic {
  const phase = random.uniform();
  const rateAt = (minute: number): number =>
    scenario.perSecond * (1 + diurnal * Math.sin(2 * Math.PI * (phase + minute / 1440)));
  const bursts = autoregression(random, scenario.sharedBursts ?? 0);
  const load = autoregression(random, scenario.latency?.load ?? 0);
  const historyCluster = scenario.historyCluster ?? scenario.cluster ?? 1;
  const shares = [createShares(), createShares()] as const;

  const history = Array.from({ length: historyMinutes }, (_, i) => {
    const factor = bursts(1);
    const slower = load(1);
    const mean = 60 * rateAt(i - historyMinutes);
    return arm(0, mean, scenario.errorRate * factor, historyCluster, slower);
  });

  const perMinute = 60_000 / scenario.tickMs;
  const ticks = Math.round(minutes * perMinute);
  const stormAt = scenario.storm ? Math.floor(random.uniform() * ticks) : -1;
  const observations = Array.from({ length: ticks }, (_, i): Observation => {
    const minute = i / perMinute;
    const mean = (rateAt(minute) * scenario.tickMs) / 1000;
    const factor = bursts(1 / perMinute);
    const slower = load(1 / perMinute);
    const cold = 1 + (scenario.latency?.cold ?? 0) * Math.exp(-minute);
    const own = (scenario.latency?.factor ?? 1) * slower * cold;
    const cluster = scenario.cluster ?? 1;
    const champion = arm(0, mean * (1 - scenario.share), scenario.errorRate * factor, cluster, slower);
    const challenger = arm(1, mean * scenario.share, scenario.challengerErrorRate * factor, cluster, own);
    const hit = i === stormAt ? (random.uniform() < scenario.share ? 1 : 0) : null;
    return {
      at: instant((i + 1) * scenario.tickMs),
      tickMs: scenario.tickMs,
      plannedPercent: 100 * scenario.share,
      champion: hit === 0 ? stormed(champion) : champion,
      challenger: hit === 1 ? stormed(challenger) : challenger,
    };
  });
  return { history, observations };

  function stormed(tick: ArmTick): ArmTick {
    const more = scenario.storm ?? 0;
    return { ...tick, requests: tick.requests + more, errors: tick.errors + more };
  }

  /** One arm's tick of about `mean` requests. */
  function arm(of: 0 | 1, mean: number, p: number, cluster: number, slower: number): ArmTick {
    const count = scenario.latency ? bucketCounts(random, mean, shares[of](medianMs * slower)) : null;
    // A Poisson count's buckets are Poisson counts of their own.
    const requests = count ? count.reduce((sum, here) => sum + here, 0) : random.poisson(mean);
    const tick = { requests, errors: errorsOf(random, requests, Math.min(1, p), cluster), throttles: 0 };
    return count ? { ...tick, latency: { le: fineEdges, count } } : tick;
  }
}

/** Clusters of geometric size, as many as their mean size leaves of n p. */
function errorsOf(random: Random, n: number, p: number, cluster: number): number {
  if (cluster <= 1) return random.binomial(n, p);
  let errors = 0;
  for (let left = random.poisson((n * p) / cluster); left > 0; left--) errors += random.geometric(cluster);
  return Math.min(n, errors);
}

function bucketCounts(random: Random, mean: number, shares: Float64Array): number[] {
  return Array.from(shares, (share) => random.poisson(mean * share));
}

/** Shares of the buckets for a median, remembered for as long as it stays. */
function createShares(): (median: number) => Float64Array {
  const shares = new Float64Array(fineEdges.length + 1);
  let known = Number.NaN;
  return (median) => {
    if (median === known) return shares;
    known = median;
    let above = 1;
    for (let i = 0; i <= fineEdges.length; i++) {
      const edge = fineEdges[i];
      const next = edge === undefined ? 0 : normalTail(Math.log(edge / median) / sigma);
      shares[i] = Math.max(0, above - next);
      above = next;
    }
    return shares;
  };
}

/** The same ticks by the buckets that mlreg's metrics have. */
export function coarse(tick: ArmTick): ArmTick {
  return tick.latency ? { ...tick, latency: rebucketed(tick.latency, coarseEdges) } : tick;
}

/** Every edge must be one of the histogram's own. */
function rebucketed(fine: Histogram, le: readonly number[]): Histogram {
  const count = new Array<number>(le.length + 1).fill(0);
  let bucket = 0;
  fine.count.forEach((here, i) => {
    while (bucket < le.length && (fine.le[i] ?? Infinity) > le[bucket]!) bucket++;
    count[bucket]! += here;
  });
  return { le, count };
}

/** Milliseconds at a quantile, straight inside a bucket; null without requests. */
export function quantileOf({ le, count }: Histogram, q: number): number | null {
  const n = count.reduce((sum, here) => sum + here, 0);
  if (n === 0) return null;
  let left = q * n;
  for (let i = 0; i < le.length; i++) {
    const here = count[i]!;
    const from = le[i - 1] ?? 0;
    if (here > 0 && left <= here) return from + (left / here) * (le[i]! - from);
    left -= here;
  }
  return le.at(-1)!;
}

/** exp of a stationary autoregression with the given deviation and mean 1; each call moves on by so many minutes. */
function autoregression(random: Random, deviation: number): (minutes: number) => number {
  if (deviation === 0) return () => 1;
  let state = random.normal();
  return (step) => {
    const kept = Math.exp(-step / memoryMinutes);
    state = kept * state + Math.sqrt(1 - kept * kept) * random.normal();
    return Math.exp(deviation * state - deviation ** 2 / 2);
  };
}
