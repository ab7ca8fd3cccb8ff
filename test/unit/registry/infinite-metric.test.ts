import { expect, it } from 'vitest';
import { type Criterion, unmet } from '../../../src/registry/acceptance.ts';

it.each<[Criterion['comparison'], number]>([
  ['>=', Infinity],
  ['>', Infinity],
  ['<=', -Infinity],
  ['<', -Infinity],
  ['>=', NaN],
])('%s is not met by %s', (comparison, value) => {
  expect(unmet([{ metric: 'auc', comparison, limit: 0.5 }], { auc: value })).toHaveLength(1);
});

it('a metric that no version has is not met, whatever objects inherit', () => {
  expect(unmet([{ metric: 'constructor', comparison: '>=', limit: 0 }], {})).toEqual([
    'constructor was not registered, wanted >= 0',
  ]);
});
