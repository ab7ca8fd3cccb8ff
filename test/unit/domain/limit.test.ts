import { describe, expect, it } from 'vitest';
import { createLimit } from '../../../src/domain/limit.ts';

/** Seconds until a limit of 15 s is over, looked at each second, on a clock that is off by this then. */
function lasts(off: (second: number) => number, mostStepMs?: number): number {
  let now = 1_750_000_000_000 + off(0);
  const isOver = createLimit(() => now, 15_000, mostStepMs);
  for (let second = 1; second < 10_000; second++) {
    now = 1_750_000_000_000 + second * 1_000 + off(second);
    if (isOver()) return second;
  }
  return Infinity;
}

const hour = 3_600_000;
const from = (second: number, ms: number) => (at: number) => (at >= second ? ms : 0);

describe('a limit', () => {
  it.each<[string, (second: number) => number, number]>([
    ['runs', () => 0, 15],
    ['does not last longer where an hour is taken off the clock', from(5, -hour), 16],
    ['does not end at once where an hour comes on top', from(5, hour), 14],
    [
      'does not end early where the clock is an hour ahead for 4 s',
      (at) => (at >= 5 && at < 9 ? hour : 0),
      15,
    ],
  ])('%s', (_, off, seconds) => {
    expect(lasts(off, 2_000)).toBe(seconds);
  });

  it('ends after a pause that no call can take', () => {
    expect(lasts(from(5, 121_000))).toBe(5);
  });
});
