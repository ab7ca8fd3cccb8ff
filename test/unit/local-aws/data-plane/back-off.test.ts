import { expect, it } from 'vitest';
import { createBackOff } from '../../../../src/local-aws/data-plane/back-off.ts';
import { manualClock } from './manual-clock.ts';

it('doubles up to its limit, for each key alone, and forgets after a well minute', async () => {
  const clock = manualClock();
  const backOff = createBackOff(clock, 500, 3_000);
  expect(backOff.wait('a')).toBe(0);
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    backOff.failed('a');
    waits.push(backOff.wait('a'));
    await clock.advance(backOff.wait('a'));
  }
  expect(waits).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  expect([backOff.failures('a'), backOff.failures('b'), backOff.wait('b')]).toEqual([5, 0, 0]);

  await clock.advance(60_000);
  backOff.failed('a');
  expect(backOff.failures('a')).toBe(6);
  await clock.advance(500 + 3_000 + 60_001);
  expect(backOff.failures('a')).toBe(0);
  backOff.failed('a');
  expect(backOff.wait('a')).toBe(500);
});
