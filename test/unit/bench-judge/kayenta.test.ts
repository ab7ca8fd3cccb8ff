import { describe, expect, it } from 'vitest';
import {
  classify,
  commonLanguage,
  judgeMetric,
  kayenta,
  meanRatio,
  netflixJudge,
  outliers,
  percentile,
  removeNaN,
  replaceNaN,
  type MetricOptions,
} from '../../../bench/judge/peers/kayenta.ts';
import { didPass, judgementWindows, score } from '../../../bench/judge/peers/kayenta-score.ts';
import { pairMany, pairOne } from '../../../bench/judge/peers/kayenta-pairing.ts';
import { mannWhitney, rankDifference } from '../../../bench/judge/peers/mann-whitney.ts';
import { normalUpperQuantile } from '../../../src/monitor/judge/math/normal.ts';
import { oracle } from './oracle.ts';

const classifier = oracle('kayenta-classifier', 'cases');
const statistics = oracle('kayenta-mannwhitney', 'cases');
const scorer = oracle('kayenta-scorer', 'cases', 'aggregateAcrossJudgements');
const preparation = oracle(
  'kayenta-preprocessing-stats',
  'outlierDetectors',
  'transforms',
  'statistics',
  'effectSizes',
);
const windows = oracle('kayenta-judgement-windows', 'cases');
const pairing = oracle('kayenta-metric-pairing', 'pairOne', 'pairMany');

const near = (value: number, expected: { value: number; tolerance: number }): void => {
  expect(Math.abs(value - expected.value)).toBeLessThanOrEqual(Math.max(expected.tolerance, 1e-12));
};
const numbers = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? Number.NaN);

describe('Kayenta: the rank sum test', () => {
  const one = (kind: string): any => statistics.cases.find((row: any) => row.kind === kind);

  it('standardised rank sums', () => {
    const { x, y, expected, tolerance } = one('wilcoxonDiff');
    for (const { mu, quantile, value } of expected) {
      near(rankDifference(x, y)(mu, quantile), { value, tolerance });
    }
  });

  it('normal quantile', () => {
    const { p, expected, tolerance } = one('normalQuantile');
    near(-normalUpperQuantile(p), { value: expected, tolerance });
  });

  it.each(statistics.cases.filter(({ kind }: any) => kind === 'mannWhitneyUTest'))(
    '$name',
    ({ x_experiment, y_control, confidenceLevel, expected }: any) => {
      const { low, high, estimate } = mannWhitney(x_experiment, y_control, confidenceLevel);
      near(low, expected.ciLower);
      near(high, expected.ciUpper);
      near(estimate, expected.estimate);
    },
  );

  it('intermediate values', () => {
    const { x, y, confidenceLevel, tolerance, expected } = one('intermediates');
    const f = rankDifference(x, y);
    const [least, most] = [Math.min(...x) - Math.max(...y), Math.max(...x) - Math.min(...y)];
    const z = normalUpperQuantile((1 - confidenceLevel) / 2);
    const shift = mannWhitney(x, y, confidenceLevel);
    const found: Record<string, number> = {
      muMin: least,
      muMax: most,
      zqLower: z,
      zqUpper: -z,
      'wilcoxonDiff(muMin,zqLower)': f(least, z),
      'wilcoxonDiff(muMax,zqLower)': f(most, z),
      'wilcoxonDiff(muMin,zqUpper)': f(least, -z),
      'wilcoxonDiff(muMax,zqUpper)': f(most, -z),
      ciLower: shift.low,
      ciUpper: shift.high,
      estimate: shift.estimate,
    };
    for (const [name, value] of Object.entries(expected))
      near(found[name]!, { value: value as number, tolerance });
  });
});

describe('Kayenta: the classifier', () => {
  it.each(classifier.cases.filter(({ classifier: kind }: any) => kind === 'MannWhitney'))(
    '$name',
    (row: any) => {
      const [decrease, increase] = row.effectSizeThresholds_allowedDecrease_allowedIncrease;
      const [criticalDecrease, criticalIncrease] = row.criticalThresholds_decrease_increase;
      const options: MetricOptions = {
        direction: row.direction.toLowerCase(),
        nanStrategy: row.nanStrategy.toLowerCase(),
        critical: row.isCriticalMetric,
        mustHaveData: row.isDataRequired,
        tolerance: row.tolerance,
        confidence: row.confLevel,
        effectSize: row.effectSizeMeasure,
        allowed: { decrease, increase },
        criticalAt: { decrease: criticalDecrease, increase: criticalIncrease },
      };
      const found = classify(row.control, row.experiment, options);
      const { classification, critical, deviation } = row.expected;
      if (classification) expect(found.label).toBe(classification);
      if (critical !== undefined) expect(found.critical).toBe(critical);
      if (deviation !== undefined) expect(found.deviation).toBe(deviation === 'NaN' ? Number.NaN : deviation);
    },
  );

  it('a judge that can’t compute is an error, which isn’t scored', () => {
    expect(judgeMetric([1], [2], { ...netflixJudge, confidence: 1 }).label).toBe('Error');
    expect(score([{ label: 'Error', groups: ['g'], critical: false }], {}).summary).toBe(100);
  });
});

describe('Kayenta: preparation', () => {
  it.each(preparation.outlierDetectors.filter(({ detector }: any) => detector === 'IQR'))(
    '$name',
    ({ data, factor, reduceSensitivity, expectedOutlier }: any) => {
      expect(outliers(data, factor, reduceSensitivity)).toEqual(expectedOutlier);
    },
  );

  it.each(preparation.transforms.filter(({ name }: any) => /NaN/i.test(name)))(
    '$name',
    ({ name, data, expected }: any) => {
      expect((/Replace/.test(name) ? replaceNaN : removeNaN)(numbers(data))).toEqual(expected);
    },
  );

  const percentiles = preparation.statistics.filter(({ estimation }: any) => estimation);
  it.each(percentiles)('$name', ({ data, expected }: any) => {
    for (const { p, ...value } of expected) near(percentile(data, p), value);
  });

  const effects = preparation.effectSizes.filter(({ measure }: any) => measure !== 'cohenD');
  it.each(effects)('$name', ({ measure, control, experiment, expected }: any) => {
    const value = (measure === 'cles' ? commonLanguage : meanRatio)(control, experiment);
    if (expected.value === 'NaN') expect(value).toBeNaN();
    else near(value, { ...expected, tolerance: expected.tolerance || 1e-12 });
  });
});

describe('Kayenta: labels to score, scores to verdict', () => {
  it.each(scorer.cases)('$name', ({ metrics, groupWeights, expected }: any) => {
    const scored = score(
      metrics.map((metric: any) => ({ ...metric, label: metric.classification })),
      groupWeights,
    );
    expect(scored.summary).toBe(expected.summaryScore);
    if (expected.groupScoresSorted) {
      const sorted = scored.groups.map((group) => group.score).sort((a, b) => a - b);
      expect(sorted).toEqual(expected.groupScoresSorted);
    }
  });

  it.each(scorer.aggregateAcrossJudgements.cases)(
    '$finalScore of $marginal, $pass passes: $didPass',
    (row: any) => {
      expect(didPass(row.finalScore, row.marginal, row.pass)).toBe(row.didPass);
    },
  );

  it('a score equal to the marginal one fails', () => {
    expect([didPass(75, 75, null), didPass(75.01, 75, null), didPass(95, 75, 95)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each(windows.cases.filter((row: any) => row.windows))('$windows', (row: any) => {
    const found = judgementWindows({
      beginAfter: row.beginAfterMins,
      lookback: row.lookbackMins,
      interval: row.intervalMins,
      judgements: row.windows.length,
      ...(row.start === undefined ? {} : { start: row.start }),
    });
    expect(found).toEqual(row.windows);
  });
});

describe('Kayenta: as simulated', () => {
  it('is asked at its minutes only', () => {
    const run = kayenta('kayenta', [10]).start({ errorRate: 0.01, tickMs: 30_000 });
    const pushed = Array.from({ length: 24 }, (_, i) =>
      run.push({ n0: 100, x0: i % 3, n1: 100, x1: 40 + (i % 5) }, (i + 1) / 2),
    );
    expect(pushed.indexOf(true)).toBe(19);
    expect(pushed.filter(Boolean)).toHaveLength(1);
  });
});

describe('Kayenta: which series are compared', () => {
  const gaps = (values: readonly number[]): (number | null)[] =>
    values.map((value) => (Number.isNaN(value) ? null : value));
  const thrown = (pair: () => unknown): string => {
    try {
      return `no error, but ${JSON.stringify(pair())}`;
    } catch (error) {
      return `error: ${(error as Error).message}`;
    }
  };

  it.each(pairing.pairOne)('$control with $experiment', ({ control, experiment, expected }) => {
    if (typeof expected === 'string') {
      expect(thrown(() => pairOne(control, experiment))).toBe(expected);
      return;
    }
    const pair = pairOne(control, experiment);
    expect({ control: gaps(pair.control), experiment: gaps(pair.experiment) }).toEqual(expected);
  });

  it.each(pairing.pairMany)(
    '$names: $control with $experiment',
    ({ names, control, experiment, expected }) => {
      if (typeof expected === 'string') {
        expect(thrown(() => pairMany(names, control, experiment))).toBe(expected);
        return;
      }
      expect(pairMany(names, control, experiment)).toEqual(expected);
    },
  );
});
