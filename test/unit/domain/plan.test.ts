import { expect, it } from 'vitest';
import { approvedPercent } from '../../../src/domain/plan.ts';
import { percent } from '../../../src/domain/units.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { canarySettings } from '../../support/model-world.ts';

it.each([
  ['the largest share', [percent(10), percent(50)], 50],
  ['whatever the order', [percent(50), percent(10)], 50],
  ['none', [], 0],
])('what was planned was approved: %s', (_name, steps, expected) => {
  expect(approvedPercent(canary(canarySettings({ steps })))).toBe(expected);
});
