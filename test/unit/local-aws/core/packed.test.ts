import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../../../src/local-aws/core/cloudwatch/packed.ts';
import {
  addSample,
  addStatisticSet,
  emptySamples,
  type Samples,
  sortedValues,
} from '../../../../src/local-aws/core/cloudwatch/samples.ts';

function samplesOf(values: readonly (readonly [value: number, count: number])[], opaque: boolean): Samples {
  const samples = emptySamples();
  for (const [value, count] of values) addSample(samples, value, count);
  if (opaque) addStatisticSet(samples, 3, 6, 1, 3);
  return samples;
}

// No minus zero: it is added up as the zero that it is.
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 })
  // Not minus zero, nor numbers so small that a sum of them loses its sign.
  .map((value) => (Math.abs(value) < 1e-300 ? 0 : value));
const count = fc.oneof(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0.001, max: 1e6, noNaN: true }));
const point = (minLength: number, maxLength: number, value: fc.Arbitrary<number>) =>
  fc.record({
    values: fc.uniqueArray(fc.tuple(value, count), {
      minLength,
      maxLength,
      size: 'max',
      selector: ([each]) => each,
    }),
    opaque: fc.boolean(),
  });
const few = point(1, 32, number);
const many = point(60, 400, fc.double({ min: 0.01, max: 1e5, noNaN: true }));

test('few values come back as they were', () => {
  fc.assert(
    fc.property(fc.array(few, { maxLength: 10 }), (all) => {
      const points = all.map(({ values, opaque }, i) => [50 + i * 60, samplesOf(values, opaque)] as const);
      const back = [...unpack(pack(points, 50), 50, true)];
      expect(back).toEqual(points.map(([key, samples]) => [key, { ...samples, ...sortedValues(samples) }]));
    }),
  );
});

test('of many the sums come back exactly, and each value to 0.5 %', () => {
  fc.assert(
    fc.property(many, ({ values, opaque }) => {
      const samples = samplesOf(values, opaque);
      const [[, back] = []] = [...unpack(pack([[1, samples]], 1), 1, true)];
      const { values: _, counts: __, ...exact } = samples;
      expect(back).toMatchObject(exact);
      const total = (counts: readonly number[]) => counts.reduce((sum, each) => sum + each, 0);
      expect(total(back!.counts)).toBeCloseTo(total(samples.counts), 0);
      const before = sortedValues(samples);
      const after = sortedValues(back!);
      for (const [i, value] of before.values.entries()) {
        const near = after.values.some((each) => Math.abs(each / value - 1) < 0.0051);
        expect([i, value, near]).toEqual([i, value, true]);
      }
    }),
    { numRuns: 50 },
  );
});

test('sums can be read without the values', () => {
  const samples = samplesOf(
    [...Array(100).keys()].map((i) => [1 + i, 2]),
    false,
  );
  const back = [
    ...unpack(
      pack(
        [
          [1, samples],
          [2, samples],
        ],
        0,
      ),
      0,
      false,
    ),
  ];
  const sums = { ...samples, values: [], counts: [] };
  expect(back).toEqual([
    [1, sums],
    [2, sums],
  ]);
});
