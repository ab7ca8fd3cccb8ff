import { describe, expect, it } from 'vitest';
import { percent, versionTag } from '../../../src/domain/units.ts';
import { challengerShare, currentStep, publicationsOf } from '../../../src/engine/state.ts';
import { homeTarget, resolveRoute, rollbackTarget } from '../../../src/engine/target.ts';
import { v22, v23 } from '../../support/model-world.ts';
import {
  atStep,
  firstPlan,
  home,
  moved,
  on,
  plan,
  publish,
  single,
  split,
  stepOf,
  stepsTo,
  tell,
  watchPlan,
  weightedPlan,
} from './story.ts';

const shadow = { kind: 'shadow', champion: v22, challenger: v23, sample: percent(25) } as const;

describe('what is published for a route', () => {
  it.each([
    ['sticky, split', plan, split(10), [split(10)]],
    ['sticky, shadow', plan, shadow, [shadow]],
    ['weighted, single', weightedPlan, single(v22), [single(v22)]],
    ['weighted, split', weightedPlan, split(10), [single(v22), single(v23)]],
  ] as const)('%s', (_name, given, route, expected) => {
    expect(publicationsOf(given, route)).toEqual(expected);
  });
});

describe("the alias's target", () => {
  it.each([
    ['sticky', tell(plan, publish(split(10), '8')), { functionVersion: '8', weights: {} }],
    ['sticky, not published', tell(plan), 'missing'],
    [
      'weighted',
      tell(weightedPlan, publish(single(v22), '8'), publish(single(v23), '9')),
      { functionVersion: '8', weights: { 9: 0.1 } },
    ],
    ['weighted, half published', tell(weightedPlan, publish(single(v22), '8')), 'missing'],
  ] as const)('%s', (_name, { state }, expected) => {
    const resolved = resolveRoute(state, split(10));
    expect(resolved.kind === 'target' ? resolved.target : resolved.kind).toEqual(expected);
  });

  it('home is one version alone, whatever the alias served', () => {
    expect(homeTarget(tell(plan).state)).toEqual(home);
  });

  it('of a rollback is home, unless a person has chosen another version without the store', () => {
    const { state } = tell(plan);
    expect(rollbackTarget(state)).toEqual(home);
    const keeps = { functionVersion: '5', version: versionTag('v2.1.0'), champion: v22 };
    expect(rollbackTarget({ ...state, keeps })).toEqual(on('5'));
  });
});

describe("the challenger's share", () => {
  it.each([
    ['nothing known', tell(firstPlan), 0],
    ['the champion alone', tell(plan), 0],
    ['a split', atStep(stepOf.bake10), 10],
    ['the challenger alone', atStep(stepOf.commit), 100],
    ['in shadow', tell(plan, moved(shadow, on('8'))), 0],
    ['somebody else', tell(plan, moved(single(versionTag('v9')), on('8'))), 0],
    ['watched', tell(watchPlan()), 100],
  ] as const)('%s', (_name, { state }, share) => {
    expect(challengerShare(state)).toBe(share);
  });
});

it('after the last step there is none', () => {
  expect(currentStep(tell(plan, ...stepsTo(12)).state)).toBeUndefined();
});
