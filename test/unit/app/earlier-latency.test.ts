import { describe, expect, it } from 'vitest';
import { slowerThan } from '../../../src/app/plan/earlier-latency.ts';
import type { ArmTick } from '../../../src/domain/observation.ts';

const tick = (count: number[], le = [10, 20, 50]): ArmTick => ({
  requests: 1,
  errors: 0,
  throttles: 0,
  latency: { le, count },
});
const untimed: ArmTick = { requests: 1, errors: 0, throttles: 0 };

describe('slowerThan', () => {
  it.each([
    { what: 'all in one bucket', ticks: [tick([0, 100, 0, 0])], limits: [20, 20, 20] },
    { what: 'quantiles in three buckets', ticks: [tick([60, 36, 4, 0])], limits: [10, 20, 50] },
    {
      what: 'ticks added up',
      ticks: [tick([60, 0, 0, 0]), untimed, tick([0, 36, 4, 0])],
      limits: [10, 20, 50],
    },
    { what: 'a quantile on the very edge', ticks: [tick([50, 45, 5, 0])], limits: [10, 20, 50] },
    { what: 'one beyond the last edge', ticks: [tick([0, 0, 0, 9])], limits: [50, 50, 50] },
    { what: 'nothing timed', ticks: [untimed], limits: null },
    { what: 'no ticks', ticks: [], limits: null },
    { what: 'no requests', ticks: [tick([0, 0, 0, 0])], limits: null },
    { what: 'buckets that differ', ticks: [tick([1, 0, 0, 0]), tick([1, 0], [10])], limits: null },
  ])('$what: $limits', ({ ticks, limits }) => {
    expect(slowerThan(ticks)).toEqual(limits);
  });
});
