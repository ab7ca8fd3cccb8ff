import { expect, it } from 'vitest';
import { errorIntervals } from '../../../src/monitor/judge/evidence/error-intervals.ts';
import { arm, policyOf, tick } from './traffic.ts';

const ticks = (count: number, champion: number, challenger: number) =>
  Array.from({ length: count }, (_, i) => tick(i + 1, arm(900, champion), arm(100, challenger)));

it('the intervals hold what is true, and narrow down on it', () => {
  const [few, many] = [5, 60].map((count) => errorIntervals(policyOf(), ticks(count, 9, 3)));
  if (!few || !many) throw new Error('no intervals');
  for (const { ratio, difference } of [few, many]) {
    expect(ratio.low).toBeLessThan(3);
    expect(ratio.high).toBeGreaterThan(3);
    expect(difference.low).toBeLessThan(0.02);
    expect(difference.high).toBeGreaterThan(0.02);
  }
  expect(many.ratio.low).toBeGreaterThan(few.ratio.low);
  expect(many.ratio.low).toBeGreaterThan(1);
  expect(many.difference.high).toBeLessThan(few.difference.high);
});

it('bursts of the champion’s past widen them', () => {
  const history = Array.from({ length: 40 }, (_, i) => arm(900, i % 2 === 0 ? 0 : 18));
  const [steady, bursty] = [[], history].map((past) =>
    errorIntervals(policyOf({ history: past }), ticks(20, 9, 3)),
  );
  expect(bursty!.ratio.low).toBeLessThan(steady!.ratio.low);
});

it('nothing is said of ticks that aren’t compared', () => {
  const policy = policyOf();
  expect(errorIntervals(policy, [])).toBeNull();
  expect(errorIntervals(policy, [tick(1, arm(900, 9), arm(100, 3), { straddlesChange: true })])).toBeNull();
  expect(errorIntervals(policy, [tick(1, null, arm(100, 3)), tick(2, arm(0), arm(100, 3))])).toBeNull();
});
