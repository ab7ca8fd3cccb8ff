import { expect, test } from 'vitest';
import { byTick, periodFor } from '../../../src/aws/metric-periods.ts';

test.each([
  // tick, resolution, period: milliseconds
  [60_000, 60_000, 60_000],
  [300_000, 60_000, 300_000],
  [300_000, 1_000, 300_000],
  [10_000, 1_000, 10_000],
  [30_000, 1_000, 30_000],
  [1_000, 1_000, 1_000],
  // CloudWatch takes 1, 5, 10, 20, 30 and multiples of 60 s: ticks of other lengths are put together.
  [15_000, 1_000, 5_000],
  [2_000, 1_000, 1_000],
  [90_000, 1_000, 30_000],
  // Finer than the metric: its points belong to the tick they end in.
  [10_000, 60_000, 60_000],
  [90_000, 60_000, 60_000],
  [200, 1_000, 1_000],
])(
  'ticks of %i ms of a metric kept each %i ms are asked for in periods of %i ms',
  (tick, resolution, period) => {
    expect(periodFor(tick, resolution)).toBe(period);
  },
);

test('points of a tick are summed; none is not zero', () => {
  const points = new Map([
    [100_000, 1],
    [105_000, 2],
    [120_000, 4],
  ]);
  expect(byTick(points, 5_000, { from: 100_000, count: 3, tickMs: 10_000 })).toEqual([3, undefined, 4]);
});

test('a long point belongs to the tick it ends in, and to no window that ends before', () => {
  const points = new Map([
    [0, 1],
    [60_000, 2],
    [120_000, 4],
  ]);
  expect(byTick(points, 60_000, { from: 50_000, count: 7, tickMs: 10_000 })).toEqual([
    1,
    ...Array(5).fill(undefined),
    2,
  ]);
});
