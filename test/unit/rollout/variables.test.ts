import { describe, expect, it } from 'vitest';
import { percent, versionTag } from '../../../src/domain/units.ts';
import { variablesFor } from '../../../src/rollout/variables.ts';
import { shadow } from '../../../src/strategies/shadow.ts';
import { actor, shadowSettings, v22, v23 } from '../../support/model-world.ts';
import { plan, single, split, tell, weightedPlan } from './story.ts';

const copied = shadow(shadowSettings());
const sticky = tell(
  { ...plan, ...(copied.shadow && { shadow: copied.shadow }) },
  { kind: 'owned', by: actor('cat'), adopt: false },
).state;
const weighted = tell(weightedPlan).state;
const common = { rollout: 'r-1', token: 2, salt: 'salt' };
const champion = { version: v22, endpoint: 'old-endpoint' };
const challenger = { version: v23, endpoint: 'new-endpoint' };

describe('sticky: the whole route, under rollout and token', () => {
  it.each([
    ['single', single(v23), { ...common, champion: challenger, percent: 0 }],
    ['split', split(10), { ...common, champion, challenger, percent: 10 }],
    [
      'shadow',
      { kind: 'shadow', champion: v22, challenger: v23, sample: percent(25) },
      { ...common, champion, challenger, percent: 0, shadow: { sample: 25, ...copied.shadow } },
    ],
  ] as const)('%s', (_name, route, expected) => {
    const { MLREG_ROUTE, ...rest } = variablesFor(sticky, route);
    expect(rest).toEqual({});
    expect(JSON.parse(MLREG_ROUTE ?? '')).toEqual(expected);
  });
});

describe('weighted: one model version, in words that any function reads', () => {
  it('and no route left over from before', () => {
    expect(variablesFor(weighted, single(v23))).toEqual({
      MODEL_VERSION: 'v2.3.0',
      SAGEMAKER_ENDPOINT: 'new-endpoint',
      MLREG_ROUTE: '',
      MLREG_ROLLOUT: 'r-1',
    });
  });
  it('never two', () => {
    expect(() => variablesFor(weighted, split(10))).toThrow('one model version at a time');
  });
});

it('knows an endpoint for whatever it routes to', () => {
  expect(() => variablesFor(sticky, single(versionTag('v9')))).toThrow('r-1 knows no endpoint of v9');
  expect(() => variablesFor(sticky, { kind: 'sing' } as never)).toThrow('unreachable');
});
