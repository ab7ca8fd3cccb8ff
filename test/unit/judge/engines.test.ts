import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../../src/monitor/judge/guardrails/alarm.ts';
import { createCloseness, createDisagreement } from '../../../src/monitor/judge/compare/disagreement.ts';
import { createDispersion } from '../../../src/monitor/judge/evidence/dispersion.ts';
import { createDrift, stabilityIndex } from '../../../src/monitor/judge/evidence/drift.ts';
import {
  attributableRate,
  guardrailTempering,
} from '../../../src/monitor/judge/guardrails/guardrail-rate.ts';
import {
  createHistogramSum,
  cutAt,
  edgeNear,
  lowMean,
  quantile,
} from '../../../src/monitor/judge/evidence/histogram.ts';
import { planLooks } from '../../../src/monitor/judge/evidence/look-schedule.ts';
import { createMixture, noRestarts } from '../../../src/monitor/judge/evidence/mixture.ts';
import { promoteTempering } from '../../../src/monitor/judge/compare/non-inferiority.ts';
import { createPeriodTest, periodNoise } from '../../../src/monitor/judge/evidence/period-test.ts';
import { sampleRatio } from '../../../src/monitor/judge/evidence/sample-ratio.ts';
import { shownBelow } from '../../../src/monitor/judge/guardrails/shown-below.ts';
import {
  aboveCut,
  evenlyAbove,
  possiblyAbove,
  surelyAbove,
  tailOf,
} from '../../../src/monitor/judge/evidence/tail.ts';
import { createTwoBernoulli } from '../../../src/monitor/judge/evidence/two-bernoulli.ts';
import { chanceText, digits, msText, percentText, requestsText } from '../../../src/monitor/judge/words.ts';
import { createRandom } from './traffic.ts';

const times = <T>(n: number, act: () => T): T[] => Array.from({ length: n }, act);
const rollback = Math.log(200);
const promote = Math.log(20);

describe('planned looks', () => {
  it('of one step: eight', () => {
    const looks = planLooks([{ percent: 10, ticks: 60 }]);
    expect(looks.planned).toBe(8);
    const at = times(60, () => 0).map((_, i) => (looks.level(i + 1) === null ? null : i + 1));
    expect(at.filter((n) => n !== null)).toEqual([5, 10, 15, 20, 30, 40, 50, 60]);
    expect(looks.level(5)).toBeCloseTo(0.9 / 8, 12);
  });

  it('of several: four each, none where the champion has no traffic', () => {
    const looks = planLooks([10, 50, 100].map((percent) => ({ percent, ticks: 20 })));
    const at = times(60, () => 0).map((_, i) => (looks.level(i + 1) === null ? null : i + 1));
    expect(at.filter((n) => n !== null)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
  });

  it('go on when a bake is extended, and never spend more than there is', () => {
    const looks = planLooks([{ percent: 10, ticks: 60 }]);
    expect(looks.level(68)).toBeCloseTo(2 ** -1 / 80, 12);
    const spent = times(5000, () => 0).reduce((sum: number, _, i) => sum + (looks.level(i + 1) ?? 0), 0);
    expect(spent).toBeLessThanOrEqual(1);
  });

  it('of a bake without end: none', () => {
    const looks = planLooks([{ percent: 100, ticks: Infinity }]);
    expect(looks.planned).toBe(0);
    expect(looks.level(10)).toBeNull();
    expect(planLooks([]).planned).toBe(0);
  });
});

describe('the mixture', () => {
  it('survives factors beyond a double, and comes back', () => {
    const mixture = createMixture(2, Infinity, noRestarts);
    mixture.update([5000, -5000]);
    expect(mixture.logE()).toBeCloseTo(5000 - Math.LN2, 6);
    mixture.update([-5000, 5000]);
    expect(mixture.logE()).toBeCloseTo(0, 6);
    for (let i = 0; i < 2000; i++) mixture.update([-1, -1]);
    expect(mixture.logE()).toBeCloseTo(-2000, 6);
    for (let i = 0; i < 2000; i++) mixture.update([1, 1]);
    expect(mixture.logE()).toBeCloseTo(0, 6);
  });

  it('bets as its logarithms say', () => {
    const [bets, logs] = [createMixture(2), createMixture(2)];
    for (const surprise of [2, -0.5, 0, 10, -1]) {
      bets.bet([0.9, 0.1], surprise);
      logs.update([0.9, 0.1].map((f) => Math.log1p(f * surprise)));
      expect(bets.logE()).toBeCloseTo(logs.logE(), 12);
    }
  });

  it('lets one tick count for no more than its cap', () => {
    const mixture = createMixture(1, 3);
    mixture.update([1000]);
    expect(mixture.logE()).toBeCloseTo(Math.log(0.5 * Math.exp(3) + 0.5), 12);
  });
});

describe('a literal alarm', () => {
  it('rings for M of N only beyond chance', () => {
    const alarm = createAlarm({ tau: 0.05, m: 5, of: 5 });
    times(5, () => alarm.push(10, 1));
    expect(alarm.window()).toMatchObject({ n: 50, x: 5, breaching: 5 });
    expect(alarm.ringing()).toBe(false);
    times(5, () => alarm.push(10, 4));
    expect(alarm.ringing()).toBe(true);
  });

  it('takes missing data for no breach', () => {
    const alarm = createAlarm({ tau: 0.05, m: 3, of: 5 });
    times(2, () => alarm.push(100, 50));
    times(3, () => alarm.push(0, 0));
    expect(alarm.ringing()).toBe(false);
  });
});

describe('shadow', () => {
  it('tells disagreement above, at and below what is allowed', () => {
    const tests = [4, 2, 0].map((x) => ({ x, test: createDisagreement({ alpha: 0.01, allowed: 0.02 }) }));
    for (let i = 0; i < 30; i++) for (const { x, test } of tests) test.update(100, x);
    const [above, at, below] = tests.map(({ test }) => test);
    expect(above!.tooMuch()).toBeGreaterThan(rollback);
    expect(at!.tooMuch()).toBeLessThan(promote);
    expect(at!.withinLimit()).toBeLessThan(promote);
    expect(below!.withinLimit()).toBeGreaterThan(promote);
  });

  it('shows closeness of distances', () => {
    const [near, far] = [createCloseness(0.2), createCloseness(0.2)];
    times(200, () => [near.update(0.05), far.update(0.25)]);
    expect(near.logE()).toBeGreaterThan(promote);
    expect(far.logE()).toBeLessThan(0);
  });

  it('sees a shape that drifts, and takes a PSI for noise where it is', () => {
    const drift = createDrift(3);
    times(30, () => drift.update([50, 30, 20], [20, 30, 50]));
    expect(drift.logE()).toBeGreaterThan(rollback);
    const { index, floor } = stabilityIndex([500, 300, 200], [48, 33, 19]);
    expect(index).toBeLessThan(floor);
    expect(stabilityIndex([500, 300, 200], [200, 300, 500]).index).toBeGreaterThan(0.4);
    expect(stabilityIndex([0, 0], [1, 1])).toEqual({ index: 0, floor: 0 });
  });
});

describe('period statistics', () => {
  const random = createRandom(3);
  const noisy = (ms: number, n: number) => ({ n, ms: ms * (0.95 + 0.1 * random()) });
  it('find a doubled latency, with history or without, and leave an equal one alone', () => {
    const v0 = periodNoise(times(60, () => noisy(100, 50)));
    expect(v0).toBeGreaterThan(0);
    for (const noise of [v0, null]) {
      const [slow, equal] = times(2, () => createPeriodTest({ slower: 0.1, v0: noise }));
      for (let i = 0; i < 30; i++) {
        slow!.update(noisy(100, 50), noisy(200, 50));
        equal!.update(noisy(100, 50), noisy(100, 50));
      }
      expect(slow!.logE()).toBeGreaterThan(rollback);
      expect(slow!.lookP()).toBeLessThan(1e-4);
      expect(equal!.logE()).toBeLessThan(0);
      expect(equal!.lookP()).toBeGreaterThan(0.1);
    }
  });

  it('say nothing of fewer than 20 requests', () => {
    const test = createPeriodTest({ slower: 0.1, v0: null });
    times(30, () => test.update({ n: 100, ms: 10 }, { n: 19, ms: 900 }));
    expect(test.logE()).toBeCloseTo(0, 12);
    expect(periodNoise([])).toBeNull();
  });
});

describe('histograms', () => {
  const histogram = { le: [10, 20, 40], count: [10, 20, 60, 10] };
  it.each([
    ['surely above 20', surelyAbove(tailOf(histogram), 20), 70],
    ['surely above 30', surelyAbove(tailOf(histogram), 30), 10],
    ['surely above 50', surelyAbove(tailOf(histogram), 50), 0],
    ['possibly above 20', possiblyAbove(tailOf(histogram), 20), 70],
    ['possibly above 30', possiblyAbove(tailOf(histogram), 30), 70],
    ['possibly above 50', possiblyAbove(tailOf(histogram), 50), 10],
    ['evenly above 30', evenlyAbove(tailOf(histogram), 30), 40],
    ['evenly above 5', evenlyAbove(tailOf(histogram), 5), 95],
    ['edge near p50', edgeNear(histogram, 0.5, 1.1), 20],
    ['edge near p95', edgeNear(histogram, 0.95, 1), 40],
    ['edge near p95 that has room', edgeNear(histogram, 0.95, 1.1), 20],
    ['p50', quantile(histogram, 0.5), 20 + (20 * 20) / 60],
    ['p99', quantile(histogram, 0.99), Infinity],
    ['p50 of nothing', quantile({ le: [1], count: [0, 0] }, 0.5), null],
    ['mean of lower edges', lowMean(histogram), (0 * 10 + 10 * 20 + 20 * 60 + 40 * 10) / 100],
  ])('%s', (_, actual, expected) => expect(actual).toBe(expected));

  it('cut a bucket by the tail, never below its own edge', () => {
    const cut = cutAt(histogram, 22)!;
    expect(cut).toMatchObject({ bucket: 2, from: 20, to: 40 });
    expect(aboveCut(tailOf(histogram), cut, 22)).toBeGreaterThan(surelyAbove(tailOf(histogram), 22));
    expect(aboveCut(tailOf(histogram), cut, 22)).toBeLessThan(possiblyAbove(tailOf(histogram), 22));
    expect(aboveCut(tailOf({ le: [15, 30], count: [5, 5, 5] }), cut, 22)).toBe(5);
    expect(cutAt(histogram, 41)).toBeNull();
  });

  it('add up over the first one’s edges', () => {
    const sum = createHistogramSum();
    expect(sum.sum()).toBeNull();
    sum.add(histogram);
    sum.add({ le: [10, 20, 40], count: [1, 1, 1, 1] });
    sum.add({ le: [15, 100], count: [3, 4, 5] });
    expect(sum.sum()).toEqual({ le: [10, 20, 40], count: [11, 24, 61, 20] });
    expect(histogram.count).toEqual([10, 20, 60, 10]);
  });
});

describe('small rules', () => {
  it.each([
    ['59 requests without a failure are below 5 %', shownBelow(59, 0, 0.05, 0.05), true],
    ['58 are not yet', shownBelow(58, 0, 0.05, 0.05), false],
    ['nor three', shownBelow(3, 0, 0.05, 0.05), false],
    ['nor 59 in clusters of two', shownBelow(59, 0, 0.05, 0.05, 2), false],
    ['nor a rate above it', shownBelow(1e6, 6e4, 0.05, 0.05), false],
    ['a billion requests', shownBelow(1e9, 4.9e7, 0.05, 0.05), true],
    ['tempering without history', guardrailTempering(null), 5],
    ['tempering at least', guardrailTempering(1), 2],
    ['tempering at most', guardrailTempering(90), 20],
    ['promote tempering', [null, 1.3, 2].map(promoteTempering).join(), '2,1,4'],
    ['a limit shared with the champion', attributableRate(0.05, 20, 4), 0.25],
    ['a limit beside too few', attributableRate(0.05, 19, 4), 0.05],
    ['a limit beside total failure', attributableRate(0.05, 20, 20), 0.95],
  ])('%s', (_, actual, expected) => expect(actual).toBe(expected));

  it('dispersion needs enough to tell', () => {
    const few = createDispersion();
    times(5, () => few.push({ requests: 100, bad: 3 }));
    expect(few.phi()).toBeNull();
    const none = createDispersion();
    times(50, () => none.push({ requests: 100, bad: 0 }));
    expect(none.phi()).toBeNull();
  });

  it('a split of one in a hundred where ten were planned is no chance', () => {
    expect(sampleRatio(990, 10, 0.1)).toBeGreaterThan(Math.log(1e4));
    expect(() => sampleRatio(1, 1, 0)).toThrow(RangeError);
  });

  it('two rates: worse and no worse', () => {
    const worse = createTwoBernoulli({ nominal: 0.05, phi: 1, direction: 'worse' });
    const better = createTwoBernoulli({ nominal: 0.05, phi: 1, direction: 'not-worse' });
    times(40, () => [
      worse.update({ n0: 500, x0: 25, n1: 100, x1: 10 }),
      better.update({ n0: 500, x0: 25, n1: 100, x1: 2 }),
    ]);
    expect(worse.logE()).toBeGreaterThan(rollback);
    expect(better.logE()).toBeGreaterThan(promote);
  });
});

describe('words', () => {
  it.each([
    [percentText(0.0412), '4.1 %'],
    [percentText(0.009), '0.9 %'],
    [percentText(0.00021), '0.021 %'],
    [percentText(0.1537), '15 %'],
    [percentText(0), '0 %'],
    [msText(1234.5), '1,235 ms'],
    [msText(4.24), '4.2 ms'],
    [msText(Infinity), 'beyond the slowest bucket'],
    [chanceText(Math.log(3812)), '1 in 3,800 by chance'],
    [chanceText(0), 'within what chance explains'],
    [chanceText(50), 'less than 1 in a billion by chance'],
    [digits(1234567), '1,234,567'],
    [requestsText(1), '1 request'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));
});
