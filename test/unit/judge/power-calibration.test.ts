import { describe, expect, it } from 'vitest';
import { all, not, powerRange } from '../../../src/monitor/judge/power-range.ts';
import { beside, statedAndSimulated } from '../../support/power-trials.ts';

describe('what a plan states of a regression', () => {
  // The errors of the closed form, as simulated: test/full has many more cells.
  it.each([
    [10, 0.01, 2, 24],
    [10, 0.005, 5, 60],
    [30, 0.005, 1.5, 60],
  ] as const)(
    'contains what simulated rollouts do: %d/s, %d, x%d',
    (perSecond, errorRate, ratio, bakeMinutes) => {
      const cell = { perSecond, errorRate, ratio, shares: [10, 50], bakeMinutes };
      const stated = statedAndSimulated(cell, 40, 7);
      expect(stated.map(({ what }) => what)).toEqual(['found at 10 %', 'found at 50 %', 'promoted']);
      expect(beside(stated, 2)).toEqual([]);
    },
  );
});

describe('the range of a probability', () => {
  const chances = [0, 1e-9, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999, 1];

  it.each([1.2, 1.5, 2, 3, 5, 20])('is ordered, within 0 and 1, and grows: x%d', (ratio) => {
    const ranges = chances.map((chance) => powerRange(chance, ratio));
    for (const { low, high } of ranges) {
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(high);
      expect(high).toBeLessThanOrEqual(1);
    }
    ranges.slice(1).forEach((range, i) => {
      expect(range.low).toBeGreaterThanOrEqual(ranges[i]!.low);
      expect(range.high).toBeGreaterThanOrEqual(ranges[i]!.high);
    });
  });

  it('turns round, and multiplies', () => {
    expect(not({ low: 0.2, high: 0.5 })).toEqual({ low: 0.5, high: 0.8 });
    expect(all([])).toEqual({ low: 1, high: 1 });
    expect(
      all([
        { low: 0.5, high: 1 },
        { low: 0.5, high: 0.5 },
      ]),
    ).toEqual({ low: 0.25, high: 0.5 });
  });
});
