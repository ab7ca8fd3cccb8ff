import { describe, expect, it } from 'vitest';
import { healthyRefusals, shareRolledBack } from '../support/refusal-trials.ts';

describe('a challenger that calls no more requests bad than the champion, in 300 rollouts', () => {
  it.each(healthyRefusals)('is rolled back in at most alpha of them: %s', (_, traffic) => {
    expect(shareRolledBack(traffic, 300)).toBeLessThanOrEqual(0.01);
  });
});
