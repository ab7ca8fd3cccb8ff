import { describe, expect, test } from 'vitest';
import {
  createMetricStore,
  periodsOf,
  record,
  type Metric,
} from '../../../../src/local-aws/core/cloudwatch/metric-store.ts';
import { sortedValues } from '../../../../src/local-aws/core/cloudwatch/samples.ts';
import { START } from './bench.ts';

const name = { namespace: 'N', metricName: 'm', dimensions: { A: '1', B: '2' } };
const SECOND = START / 1000;

function sums(metric: Metric, period: number, start = 0, end = 1e11): [number, number][] {
  return periodsOf(metric, { start, end, period, unit: undefined }, true).map(([at, { sum }]) => [
    at - SECOND,
    sum,
  ]);
}

test('the order of dimensions does not matter, all of them do', () => {
  const store = createMetricStore();
  record(store.series(name, 'None', 1), START, 1);
  expect(store.find({ ...name, dimensions: { B: '2', A: '1' } })).toBeDefined();
  expect(store.find({ ...name, dimensions: { A: '1' } })).toBeUndefined();
  expect(store.find({ ...name, dimensions: { A: '1', B: '2', C: '3' } })).toBeUndefined();
});

test.each<[1 | 60, number, [number, number][]]>([
  [
    1,
    1,
    [
      [0, 1],
      [1, 2],
      [59, 4],
      [60, 8],
    ],
  ], // prettier-ignore
  [
    1,
    10,
    [
      [0, 3],
      [50, 4],
      [60, 8],
    ],
  ], // prettier-ignore
  [
    1,
    60,
    [
      [0, 7],
      [60, 8],
    ],
  ], // prettier-ignore
  [
    60,
    1,
    [
      [0, 7],
      [60, 8],
    ],
  ], // prettier-ignore
  [
    60,
    60,
    [
      [0, 7],
      [60, 8],
    ],
  ], // prettier-ignore
])('recorded at a resolution of %d s, read by %d s', (resolution, period, expected) => {
  const store = createMetricStore();
  const series = store.series(name, 'None', resolution);
  [0, 1500, 59_999, 60_000].forEach((ms, i) => record(series, START + ms, 2 ** i));
  expect(sums(store.find(name)!, period)).toEqual(expected);
});

test('start is inclusive, end exclusive', () => {
  const store = createMetricStore();
  const series = store.series(name, 'None', 1);
  for (let i = 0; i < 10; i++) record(series, START + i * 1000, 1);
  expect(sums(store.find(name)!, 1, SECOND + 2, SECOND + 5)).toEqual([
    [2, 1],
    [3, 1],
    [4, 1],
  ]); // prettier-ignore
  // Few points, many seconds asked for.
  expect(sums(store.find(name)!, 60, SECOND - 1000 * 60, SECOND + 5)).toEqual([[0, 5]]);
  expect(sums(store.find(name)!, 60, SECOND, SECOND + 100_000)).toEqual([[0, 10]]);
});

test('units are kept apart, and merged where none is asked for', () => {
  const store = createMetricStore();
  record(store.series(name, 'Seconds', 1), START, 1);
  record(store.series(name, 'Milliseconds', 1), START, 10);
  const range = { start: SECOND, end: SECOND + 60, period: 60 };
  const read = (unit: string | undefined) =>
    periodsOf(store.find(name)!, { ...range, unit }, true).map(([, { sum }]) => sum);
  expect([read('Seconds'), read('Count'), read(undefined)]).toEqual([[1], [], [11]]);
});

describe('ageing', () => {
  test('what is read does not depend on when it was packed, nor on what came late', () => {
    const store = createMetricStore();
    const [early, late] = [store.series(name, 'early', 1), store.series(name, 'late', 1)];
    const seconds = Array.from({ length: 300 }, (_, i) => i);
    for (const second of seconds) record(early, START + second * 1000, second % 7, 2);
    for (const second of seconds.filter((i) => i % 3 > 0)) record(late, START + second * 1000, second % 7, 2);
    expect(late.points.packed.size).toBeGreaterThan(20);
    for (const second of seconds.filter((i) => i % 3 === 0))
      record(late, START + second * 1000, second % 7, 2);
    const read = (unit: string) =>
      periodsOf(store.find(name)!, { start: SECOND + 5, end: SECOND + 295, period: 10, unit }, true);
    const sorted = read('late').map(([at, samples]) => [at, { ...samples, ...sortedValues(samples) }]);
    expect(sorted).toEqual(
      read('early').map(([at, samples]) => [at, { ...samples, ...sortedValues(samples) }]),
    );
    expect(sorted).toHaveLength(30);
  });

  test('one value under many dimensions is kept once', () => {
    const store = createMetricStore();
    const all = ['a', 'b', 'c'].map((unit) => store.series(name, unit, 1));
    for (let second = 0; second < 60; second++) {
      for (const series of all)
        for (let i = 0; i < 100; i++) record(series, START + second * 1000, 1 + ((second * i) % 89) / 3);
    }
    const kept = new Set(all.flatMap(({ points }) => [...points.packed.values()]));
    expect(kept.size).toBe(all[0]!.points.packed.size);
    expect(kept.size).toBeGreaterThan(2);
  });

  test('after three hours seconds become minutes, after 15 days nothing', () => {
    const store = createMetricStore();
    const series = store.series(name, 'None', 1);
    for (let i = 0; i < 120; i++) record(series, START + i * 1000, 1);
    record(series, START + 4 * 3600_000, 1);
    expect(sums(store.find(name)!, 1)).toEqual([
      [0, 60],
      [60, 60],
      [4 * 3600, 1],
    ]); // prettier-ignore
    record(series, START + 15 * 24 * 3600_000 + 900_000, 1);
    expect(sums(store.find(name)!, 60).map(([at]) => at)).toEqual([4 * 3600, 15 * 24 * 3600 + 900]);
  });

  test('memory is bounded under load', () => {
    const store = createMetricStore();
    const series = store.series(name, 'None', 1);
    for (let second = 0; second < 2400; second++) {
      for (let i = 0; i < 200; i++)
        record(series, START + second * 1000, 10 + ((second * 200 + i) % 7919) / 3);
    }
    const { open, packed } = series.points;
    // Twenty seconds, and up to ten until what is together is over, and ten until the next sweep.
    expect(open.size).toBeLessThanOrEqual(40);
    const bytes = [...packed.values()].reduce((sum, { length }) => sum + length, 0);
    expect(bytes / (2400 - open.size)).toBeLessThan(650);
    const all = sums(store.find(name)!, 60);
    expect(all.length).toBe(40);
  });
});
