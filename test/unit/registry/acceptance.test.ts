import { describe, expect, it } from 'vitest';
import { unmet } from '../../../src/registry/acceptance.ts';

describe('a criterion', () => {
  it.each([
    ['>=', [0.6, 0.61], [0.59]],
    ['<=', [0.6, 0.59], [0.61]],
    ['>', [0.61], [0.6, 0.59]],
    ['<', [0.59], [0.6, 0.61]],
  ] as const)('%s', (comparison, met, not) => {
    const said = (auc: number) => unmet([{ metric: 'auc', comparison, limit: 0.6 }], { auc });
    for (const value of met) expect(said(value)).toEqual([]);
    for (const value of not) expect(said(value)).toEqual([`auc is ${value}, wanted ${comparison} 0.6`]);
  });

  it('on a metric that was never registered is not met, nor on one that is no number', () => {
    const criteria = [{ metric: 'auc', comparison: '>=', limit: 0.6 }] as const;
    expect(unmet(criteria, {})).toEqual(['auc was not registered, wanted >= 0.6']);
    expect(unmet(criteria, { auc: Number.NaN })).toHaveLength(1);
  });

  it('is judged by itself: one sentence each', () => {
    const criteria = [
      { metric: 'auc', comparison: '>=', limit: 0.6 },
      { metric: 'mae', comparison: '<=', limit: 12 },
    ] as const;
    expect(unmet(criteria, { auc: 0.5, mae: 13 })).toHaveLength(2);
    expect(unmet([], {})).toEqual([]);
  });
});
