import type { ArmTick } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import type { Finding } from '../../domain/verdict.ts';
import { createHistogramSum, quantile, total, type HistogramSum } from './histogram.ts';
import { latencyParts, laneWeights, lookShares } from './lanes.ts';
import { createPeriodTest, fewestPeriodRequests, periodNoise, type PeriodStatistic } from './period-test.ts';
import { createRecentDirection } from './recent-direction.ts';
import type { Rule, Tick } from './rule.ts';
import { createSlowShare } from './slow-share.ts';
import { chanceText, evidenceOf, msText, requestsText } from './words.ts';

const quantiles = [
  { q: 0.5, name: 'p50', required: true },
  { q: 0.95, name: 'p95', required: true },
  // Too few requests are that slow for its non-inferiority to be a condition of promoting.
  { q: 0.99, name: 'p99', required: false },
] as const;

/** Which figures the arms report, decided by the first pair of ticks that can be compared, never by their values. */
type Source = 'histogram' | 'mean';
interface Shared {
  source: Source | null;
  /** All that was compared, for display; the same for every quantile. */
  readonly champions: HistogramSum;
  readonly challengers: HistogramSum;
}

/**
 * Is the challenger slower than the champion? By its share of slow requests around three quantiles where both arms
 * report histograms, by the mean of each period where they don't.
 */
export function createLatencyComparison(policy: JudgePolicy, capAlpha: number): readonly Rule[] {
  const shared: Shared = { source: null, champions: createHistogramSum(), challengers: createHistogramSum() };
  return [...quantiles.map((one) => quantileRule(one, policy, capAlpha, shared)), meanRule(policy, shared)];
}

function sourceOf({ champion, challenger, comparable, warm }: Tick): Source | null {
  if (!comparable || !warm || !champion || !challenger) return null;
  if (champion.requests === 0 || challenger.requests === 0) return null;
  if (champion.latency && challenger.latency) return 'histogram';
  if (champion.meanLatencyMs !== undefined && challenger.meanLatencyMs !== undefined) return 'mean';
  return null;
}

function quantileRule(
  { q, name, required }: (typeof quantiles)[number],
  policy: JudgePolicy,
  capAlpha: number,
  shared: Shared,
): Rule {
  const test = createSlowShare({ q, required }, policy, capAlpha);
  const active = (): boolean => shared.source === 'histogram';
  const first = q === quantiles[0].q;
  const rule = `${name} latency against champion`;
  let ticks = 0;
  let changed = false;
  return {
    metric: 'latency',
    name: rule,
    weight: () => (active() ? laneWeights.latency / latencyParts : 0),
    step(tick) {
      shared.source ??= sourceOf(tick);
      const { championTail: champion, challengerTail: challenger } = tick;
      // The first tick that is compared at a share comes after its warm-up.
      changed ||= tick.comparedShareChanged;
      if (tick.comparedShareChanged) test.proveAnew();
      if (!champion) return;
      if (!tick.comparable || !tick.warm || !challenger) {
        test.learn(champion.histogram);
        return;
      }
      test.compare(champion, challenger, changed);
      changed = false;
      if (first) {
        shared.champions.add(champion.histogram);
        shared.challengers.add(challenger.histogram);
      }
      ticks++;
    },
    atMost: test.atMost,
    logE: test.logE,
    look: { share: () => (active() ? lookShares.latency / latencyParts : 0), p: test.lookP },
    notWorse: () => (active() && required ? test.notWorse() : null),
    finding(threshold, evidence = test.logE()) {
      const [left, right] = [shared.champions.sum(), shared.challengers.sum()];
      if (!active() || !left || !right) return null;
      const [a, b] = [quantile(left, q), quantile(right, q)];
      return {
        metric: 'latency',
        rule,
        unit: 'ms',
        champion: finite(a),
        challenger: finite(b),
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
        championRequests: total(left),
        challengerRequests: total(right),
        ticks,
        sentence: sentence(name, a, b, total(right), evidence),
      };
    },
  };
}

function finite(ms: number | null): number | null {
  return ms !== null && Number.isFinite(ms) ? ms : null;
}

function sentence(
  name: string,
  champion: number | null,
  challenger: number | null,
  n: number,
  logE: number,
): string {
  if (champion === null || challenger === null) return `no latencies of both arms to compare at ${name}`;
  const both = `challenger ${name} ${msText(challenger)} against ${msText(champion)}`;
  return `${both}: ${chanceText(logE)} (over ${requestsText(n)})`;
}

const rule = 'mean latency against champion';

function meanRule(policy: JudgePolicy, shared: Shared): Rule {
  const { slower } = policy.rollbackMargin;
  const test = createPeriodTest({ slower, v0: periodNoise(pooledHistory(policy.history)) });
  const direction = createRecentDirection({ ratio: 1 + slower, tickMs: policy.tickMs });
  const champions = pool();
  const challengers = pool();
  const sums = { champion: pool(), challenger: pool() };
  const active = (): boolean => shared.source === 'mean';
  let changed = false;
  let ticks = 0;
  const logE = (): number => (direction.worse() ? test.logE() : Math.min(0, test.logE()));
  return {
    metric: 'latency',
    name: rule,
    weight: () => (active() ? laneWeights.latency : 0),
    step(tick) {
      shared.source ??= sourceOf(tick);
      changed ||= tick.comparedShareChanged;
      if (!active() || sourceOf(tick) === null || !tick.champion || !tick.challenger) return;
      for (const into of [champions, sums.champion]) into.add(tick.champion);
      for (const into of [challengers, sums.challenger]) into.add(tick.challenger);
      direction.push({
        n0: tick.champion.requests,
        x0: tick.champion.requests * (tick.champion.meanLatencyMs ?? 0),
        n1: tick.challenger.requests,
        x1: tick.challenger.requests * (tick.challenger.meanLatencyMs ?? 0),
      });
      ticks++;
      const full = Math.min(champions.n(), challengers.n()) >= fewestPeriodRequests;
      test.update(full ? champions.take() : nothing, full ? challengers.take() : nothing, changed);
      changed = false;
    },
    atMost: () => (direction.worse() ? test.atMost() : 1),
    logE,
    look: {
      share: () => (active() ? lookShares.latency : 0),
      p: () => (direction.worse() ? test.lookP() : 1),
    },
    finding(threshold, evidence = logE()): Finding | null {
      if (!active() || ticks === 0) return null;
      const [a, b] = [sums.champion.mean(), sums.challenger.mean()];
      return {
        metric: 'latency',
        rule,
        unit: 'ms',
        champion: a,
        challenger: b,
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
        championRequests: sums.champion.n(),
        challengerRequests: sums.challenger.n(),
        ticks,
        sentence: sentence('mean latency', a, b, sums.challenger.n(), evidence),
      };
    },
  };
}

const nothing: PeriodStatistic = { n: 0, ms: 0 };

/** Ticks short of 20 requests an arm are pooled until they have them, so that short ticks aren't blind. */
function pool() {
  let n = 0;
  let sum = 0;
  return {
    add(tick: ArmTick) {
      if (tick.meanLatencyMs === undefined) return;
      n += tick.requests;
      sum += tick.requests * tick.meanLatencyMs;
    },
    n: () => n,
    mean: () => (n > 0 ? sum / n : null),
    take(): PeriodStatistic {
      const taken = { n, ms: n > 0 ? sum / n : 0 };
      n = 0;
      sum = 0;
      return taken;
    },
  };
}

function pooledHistory(history: readonly ArmTick[]): readonly PeriodStatistic[] {
  const periods: PeriodStatistic[] = [];
  const gathering = pool();
  for (const tick of history) {
    gathering.add(tick);
    if (gathering.n() >= fewestPeriodRequests) periods.push(gathering.take());
  }
  return periods;
}
