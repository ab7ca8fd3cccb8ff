import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pack, unpack } from '../../../../src/local-aws/core/cloudwatch/packed.ts';
import {
  addSample,
  addStatisticSet,
  emptySamples,
  mergeSamples,
  type Samples,
} from '../../../../src/local-aws/core/cloudwatch/samples.ts';
import { parseStatistic } from '../../../../src/local-aws/core/cloudwatch/statistics.ts';

function samplesOf(values: readonly number[]): Samples {
  const samples = emptySamples();
  for (const value of values) addSample(samples, value, 1);
  return samples;
}

/** The plain reading of each definition, over the values themselves. */
const brute = {
  percentile(values: readonly number[], percent: number): number {
    const sorted = [...values].sort((a, b) => a - b);
    const rank = (percent * (sorted.length - 1)) / 100;
    const low = sorted[Math.floor(rank)]!;
    const high = sorted[Math.ceil(rank)]!;
    return low + (rank - Math.floor(rank)) * (high - low);
  },
  count: (values: readonly number[], above: number, upTo: number) =>
    values.filter((v) => v > above && v <= upTo).length,
};

const latencies = fc.array(fc.oneof(fc.nat(50), fc.double({ min: 0, max: 1e6, noNaN: true })), {
  minLength: 1,
  maxLength: 400,
});

test('percentiles are those of the values', () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0, 1, 25, 50, 90, 95, 99, 99.9, 100), (values, percent) => {
      expect(parseStatistic(`p${percent}`)!.of(samplesOf(values))).toBeCloseTo(
        brute.percentile(values, percent),
        6,
      );
    }),
  );
});

test('PR and TC count what is above the lower bound and not above the upper', () => {
  const bound = fc.option(fc.nat(60), { nil: undefined });
  fc.assert(
    fc.property(latencies, bound, bound, (values, a, b) => {
      fc.pre(!(a === undefined && b === undefined) && (a ?? 0) <= (b ?? Infinity));
      const range = `(${a ?? ''}:${b ?? ''})`;
      const expected = brute.count(values, a ?? -Infinity, b ?? Infinity);
      const samples = samplesOf(values);
      expect(parseStatistic(`TC${range}`)!.of(samples)).toBe(expected);
      expect(parseStatistic(`PR${range}`)!.of(samples)).toBeCloseTo((100 * expected) / values.length, 9);
    }),
  );
});

test.each<[string, number]>([
  ['Sum', 15],
  ['Average', 3],
  ['Minimum', 1],
  ['Maximum', 5],
  ['SampleCount', 5],
  ['p50', 3],
  ['p0', 1],
  ['p100', 5],
  ['p90', 4.6],
  ['PR(:3)', 60],
  ['PR(3:)', 40],
  ['PR(1:3)', 40],
  ['TC(2:4)', 2],
])('%s of 1 to 5 is %d', (stat, expected) => {
  expect(parseStatistic(stat)!.of(samplesOf([3, 1, 5, 2, 4]))).toBeCloseTo(expected, 9);
});

test.each(['p101', 'p', 'p-1', 'PR(:)', 'PR(5:3)', 'PR(10%:90%)', 'tm99', 'sum', 'IQM', ''])(
  '%j is no statistic here',
  (stat) => {
    expect(parseStatistic(stat)).toBeUndefined();
  },
);

describe('where percentiles are not known', () => {
  test('after a StatisticSet', () => {
    const samples = samplesOf([1]);
    addStatisticSet(samples, 10, 50, 1, 9);
    expect(['p50', 'PR(:5)', 'TC(:5)'].map((stat) => parseStatistic(stat)!.of(samples))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(parseStatistic('Average')!.of(samples)).toBeCloseTo(51 / 11, 9);
  });

  test('not after one whose values are all equal', () => {
    const samples = emptySamples();
    addStatisticSet(samples, 10, 50, 5, 5);
    expect(parseStatistic('p99')!.of(samples)).toBe(5);
  });

  test('with a negative value', () => {
    expect(parseStatistic('p50')!.of(samplesOf([-1, 2]))).toBeUndefined();
  });
});

describe('large and old data', () => {
  const values = Array.from({ length: 20_000 }, (_, i) => 5 + ((i * 7919) % 20_000) / 7);

  test.each([
    ['many in one second', samplesOf(values)],
    ['packed', packed(samplesOf(values))],
    ['packed, then merged', merged(values)],
  ])('%s: sums exact, percentiles to 0.5 %%', (_, samples) => {
    expect(samples.count).toBe(values.length);
    expect(samples.sum).toBeCloseTo(
      values.reduce((a, b) => a + b, 0),
      3,
    );
    for (const percent of [1, 50, 95, 99, 99.9]) {
      const exact = brute.percentile(values, percent);
      const given = parseStatistic(`p${percent}`)!.of(samples)!;
      expect(Math.abs(given / exact - 1)).toBeLessThan(0.0075);
    }
    expect(samples.values.length).toBeLessThan(10_000);
  });

  test('few distinct values stay exact', () => {
    const few = Array.from({ length: 5000 }, (_, i) => i % 30);
    const samples = packed(samplesOf(few));
    expect(samples.values.length).toBe(30);
    expect(parseStatistic('p99')!.of(samples)).toBe(brute.percentile(few, 99));
  });

  function packed(samples: Samples): Samples {
    const [[, read] = []] = [...unpack(pack([[7, samples]], 5), 5, true)];
    return read!;
  }

  function merged(all: readonly number[]): Samples {
    const whole = emptySamples();
    for (let i = 0; i < all.length; i += 1000) mergeSamples(whole, packed(samplesOf(all.slice(i, i + 1000))));
    return whole;
  }
});
