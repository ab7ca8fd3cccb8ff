import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import type { Finding } from '../../../domain/verdict.ts';
import { beyondMargin, createFigureWindows, type Figures } from '../figures.ts';
import { createHistogramSum, quantile, total, type HistogramSum } from '../evidence/histogram.ts';
import { latencyParts, laneWeights, lookShares } from '../evidence/lanes.ts';
import {
  createPeriodTest,
  fewestPeriodRequests,
  periodNoise,
  type PeriodStatistic,
} from '../evidence/period-test.ts';
import { createRecentDirection } from './recent-direction.ts';
import type { Rule, Tick } from '../rule.ts';
import { countsSentence, levelSentence } from '../sentences.ts';
import { createSlowShare } from './slow-share.ts';
import { evidenceOf, msText } from '../words.ts';

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
  /** All that was compared at the present share, for display; the same for every quantile. */
  champions: HistogramSum;
  challengers: HistogramSum;
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

  const quantilesNow = (): readonly [number | null, number | null] => {
    const [left, right] = [shared.champions.sum(), shared.challengers.sum()];
    return [left && quantile(left, q), right && quantile(right, q)];
  };

  /** What the numbers show: without it, no evidence counts. */
  function shown(): 'quantile' | Figures | null {
    const [a, b] = quantilesNow();
    if (a !== null && b !== null && b > a * (1 + policy.rollbackMargin.slower)) return 'quantile';
    return test.figures.showing((window) => beyondMargin(window, { ratio: 1, difference: 0 }));
  }

  function logE(): number {
    const all = test.logE();
    return all > Math.log(3) && !shown() ? 0 : all;
  }

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
      test.compare(champion, challenger, tick.tickMs, changed);
      if (first) {
        if (changed) {
          shared.champions = createHistogramSum();
          shared.challengers = createHistogramSum();
        }
        shared.champions.add(champion.histogram);
        shared.challengers.add(challenger.histogram);
      }
      ticks = changed ? 1 : ticks + 1;
      changed = false;
    },
    atMost: test.atMost,
    logE,
    look: {
      share: () => (active() ? lookShares.latency / latencyParts : 0),
      p: () => (shown() ? test.lookP() : 1),
    },
    notWorse: () => (active() && required ? test.notWorse() : null),
    finding(threshold, evidence = logE()) {
      const [left, right] = [shared.champions.sum(), shared.challengers.sum()];
      if (!active() || !left || !right) return null;
      const by = shown();
      const common = {
        metric: 'latency',
        rule,
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
      } as const;
      const [champion, challenger] = quantilesNow();
      if (by && by !== 'quantile') {
        const { n0, x0, n1, x1 } = by;
        const numbers = {
          champion: x0 / n0,
          challenger: x1 / n1,
          championRequests: n0,
          challengerRequests: n1,
        };
        const sentence = slowSentence(by, test.threshold() ?? 0, policy.rollbackMargin.slower, evidence);
        return { ...common, ...numbers, unit: 'share', ticks: by.ticks, sentence };
      }
      return {
        ...common,
        unit: 'ms',
        champion: finite(champion),
        challenger: finite(challenger),
        championRequests: total(left),
        challengerRequests: total(right),
        ticks,
        sentence: sentence(name, champion, challenger, total(right), by !== null, evidence),
      };
    },
  };
}

/** Of the requests themselves, where quantiles don't show what they do: a bimodal latency's may not move. */
function slowSentence(window: Figures, ms: number, slower: number, logE: number): string {
  return countsSentence(window, {
    verb: `took longer than ${msText(ms * (1 + slower))}`,
    limit: null,
    worse: true,
    logE,
    champions: ` longer than ${msText(ms)}`,
  });
}

function finite(ms: number | null): number | null {
  return ms !== null && Number.isFinite(ms) ? ms : null;
}

function sentence(
  name: string,
  champion: number | null,
  challenger: number | null,
  requests: number,
  worse: boolean,
  logE: number,
): string {
  if (champion === null || challenger === null) return `no latencies of both arms to compare at ${name}`;
  const numbers = { challenger: `${name} ${msText(challenger)}`, champion: msText(champion) };
  return levelSentence({ ...numbers, limit: null, requests, over: '', worse, logE });
}

const rule = 'mean latency against champion';

function meanRule(policy: JudgePolicy, shared: Shared): Rule {
  const { slower } = policy.rollbackMargin;
  const test = createPeriodTest({ slower, v0: periodNoise(pooledHistory(policy.history)) });
  const direction = createRecentDirection({ ratio: 1 + slower, tickMs: policy.tickMs });
  const champions = pool();
  const challengers = pool();
  const figures = createFigureWindows();
  const active = (): boolean => shared.source === 'mean';
  let changed = false;
  const margin = { ratio: 1 + slower, difference: 0 };
  const shown = (): Figures | null => figures.showing((window) => beyondMargin(window, margin));
  function logE(): number {
    const all = test.logE();
    return all > 0 && !(direction.worse() && shown()) ? 0 : all;
  }
  return {
    metric: 'latency',
    name: rule,
    weight: () => (active() ? laneWeights.latency : 0),
    step(tick) {
      shared.source ??= sourceOf(tick);
      changed ||= tick.comparedShareChanged;
      if (!active() || sourceOf(tick) === null || !tick.champion || !tick.challenger) return;
      champions.add(tick.champion);
      challengers.add(tick.challenger);
      const sums = {
        n0: tick.champion.requests,
        x0: tick.champion.requests * (tick.champion.meanLatencyMs ?? 0),
        n1: tick.challenger.requests,
        x1: tick.challenger.requests * (tick.challenger.meanLatencyMs ?? 0),
      };
      direction.push(sums);
      figures.push(sums, tick.tickMs, changed);
      const full = Math.min(champions.n(), challengers.n()) >= fewestPeriodRequests;
      test.update(full ? champions.take() : nothing, full ? challengers.take() : nothing, changed);
      changed = false;
    },
    atMost: () => (direction.worse() ? test.atMost() : 1),
    logE,
    look: {
      share: () => (active() ? lookShares.latency : 0),
      p: () => (direction.worse() && shown() ? test.lookP() : 1),
    },
    finding(threshold, evidence = logE()): Finding | null {
      const shows = shown();
      const { n0, x0, n1, x1, ticks, over } = shows ?? figures.whole();
      if (!active() || n0 === 0 || n1 === 0) return null;
      const [champion, challenger] = [x0 / n0, x1 / n1];
      return {
        metric: 'latency',
        rule,
        unit: 'ms',
        champion,
        challenger,
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
        championRequests: n0,
        challengerRequests: n1,
        ticks,
        sentence: levelSentence({
          challenger: `mean latency ${msText(challenger)}`,
          limit: null,
          champion: msText(champion),
          requests: n1,
          over,
          worse: shows !== null,
          logE: evidence,
        }),
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
