import { describe, expect, it } from 'vitest';
import { percent, rolloutId, versionTag } from '../../../src/domain/units.ts';
import { longestVariables, variablesFor } from '../../../src/engine/variables.ts';
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
      MLREG_WEIGHTED: '',
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

describe('the longest variables', () => {
  const bytes = (variables: object) => Buffer.byteLength(JSON.stringify(variables));
  const all = [
    single(v22),
    single(v23),
    split(5),
    { kind: 'shadow', champion: v22, challenger: v23, sample: percent(25) },
  ] as const;

  it.each(all)('are never shorter than what is published: $kind', (route) => {
    const published = {
      ...sticky,
      id: rolloutId('r-9f8e7d6c'),
      salt: 'f1fGojGFaY-yelA8f1fGoj',
      token: 1_234_567,
    };
    const [longest = {}] = longestVariables(sticky.plan, [route], sticky.endpoints);
    const real = variablesFor(published, route);
    expect(Object.keys(longest)).toEqual(Object.keys(real));
    expect(bytes(longest)).toBeGreaterThanOrEqual(bytes(real));
    expect(bytes(longest) - bytes(real)).toBeLessThanOrEqual(3);
  });

  it('hold the longest share that a person may ask for', () => {
    const found = longestVariables(sticky.plan, [split(5)], sticky.endpoints).map(bytes);
    const asked = longestVariables(sticky.plan, [split(33.33)], sticky.endpoints).map(bytes);
    expect(Math.max(...found)).toBe(Math.max(...asked));
  });

  it('of weighted routing name one version each', () => {
    expect(longestVariables(weighted.plan, [single(v22), single(v23)], weighted.endpoints)).toMatchObject([
      { MODEL_VERSION: v22, MLREG_ROUTE: '' },
      { MODEL_VERSION: v23, MLREG_ROUTE: '' },
    ]);
  });
});
