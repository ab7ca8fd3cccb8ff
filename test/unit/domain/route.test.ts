import { describe, expect, it } from 'vitest';
import { type Route, routeKey, sameTarget } from '../../../src/domain/route.ts';
import { percent, versionTag } from '../../../src/domain/units.ts';

const [a, b, c] = [versionTag('a'), versionTag('b'), versionTag('c')];

describe('a key', () => {
  it('is shared by equal routes and by no others', () => {
    const routes: readonly Route[] = [
      { kind: 'single', version: a },
      { kind: 'single', version: b },
      { kind: 'split', champion: a, challenger: b, percent: percent(10) },
      { kind: 'split', champion: b, challenger: a, percent: percent(10) },
      { kind: 'split', champion: a, challenger: c, percent: percent(10) },
      { kind: 'split', champion: a, challenger: b, percent: percent(10.5) },
      { kind: 'shadow', champion: a, challenger: b, sample: percent(10) },
      { kind: 'shadow', champion: a, challenger: b, sample: percent(11) },
    ];
    expect(new Set(routes.map(routeKey)).size).toBe(routes.length);
    for (const route of routes) expect(routeKey({ ...route })).toBe(routeKey(route));
  });
});

describe('the same target', () => {
  const on = (functionVersion: string, weights: Record<string, number> = {}) => ({
    functionVersion,
    weights,
  });
  it.each([
    ['equal', on('7'), on('7'), true],
    ['another version', on('7'), on('8'), false],
    ['equal weights', on('7', { 8: 0.1 }), on('7', { 8: 0.1 }), true],
    ['other weights', on('7', { 8: 0.1 }), on('7', { 8: 0.2 }), false],
    ['another second version', on('7', { 8: 0.1 }), on('7', { 9: 0.1 }), false],
    ['a weight too many', on('7'), on('7', { 8: 0.1 }), false],
    ['a weight of nothing', on('7'), on('7', { 8: 0 }), true],
  ])('%s', (_name, one, other, expected) => {
    expect([sameTarget(one, other), sameTarget(other, one)]).toEqual([expected, expected]);
  });
});
