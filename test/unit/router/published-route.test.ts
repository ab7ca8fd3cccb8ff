import { describe, expect, it } from 'vitest';
import type { UserPolicy } from '../../../src/domain/policy.ts';
import type { Route } from '../../../src/domain/route.ts';
import { percent, versionTag } from '../../../src/domain/units.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { variablesFor } from '../../../src/engine/variables.ts';
import { readConfig } from '../../../src/router/config.ts';
import { shadowSettings } from '../../support/model-world.ts';

const [champion, challenger] = [versionTag('v2.2.0'), versionTag('v2.3.0')];
const arms = {
  champion: { version: champion, endpoint: 'recommendation-prod-v2-2-0-1a2b3c4d' },
  challenger: { version: challenger, endpoint: 'recommendation-prod-v2-3-0-5e6f7a8b' },
};

const setup = shadowSettings().setup;

/** As far as publishing looks at it. */
const state = (routing: 'sticky' | 'weighted', users?: UserPolicy): RolloutState =>
  ({
    id: 'r-abc',
    token: 5,
    salt: 's',
    plan: { routing, shadow: setup, policy: { users } },
    endpoints: {
      [champion]: { name: arms.champion.endpoint },
      [challenger]: { name: arms.challenger.endpoint },
    },
  }) as unknown as RolloutState;

const names = { MLREG_ENVIRONMENT: 'prod', MLREG_MODEL: 'recommendation' };
const common = { rollout: 'r-abc', token: 5, salt: 's', champion: arms.champion };

describe('what a rollout publishes, the router reads', () => {
  it.each<[Route, object]>([
    [
      { kind: 'single', version: champion },
      { ...common, percent: 0 },
    ],
    [
      { kind: 'split', champion, challenger, percent: percent(12.5) },
      { ...common, challenger: arms.challenger, percent: 12.5 },
    ],
    [
      { kind: 'shadow', champion, challenger, sample: percent(25) },
      { ...common, challenger: arms.challenger, percent: 0, shadow: { sample: 25, ...setup } },
    ],
  ])('%j', (route, read) => {
    expect(readConfig({ ...names, ...variablesFor(state('sticky'), route) })).toMatchObject({
      kind: 'read',
      config: { serving: { kind: 'sticky', route: read } },
    });
  });

  it.each([
    { aside: [], more: {} },
    { aside: [3, 999], more: { aside: [3, 999] } },
  ])('users by bucket where the plan compares them, set aside: $aside', ({ aside, more }) => {
    const route: Route = { kind: 'split', champion, challenger, percent: percent(0.1) };
    const made = variablesFor(state('sticky', { aside, earlier: null, slowerThanMs: null }), route);
    const found = readConfig({ ...names, ...made });
    expect(found).toMatchObject({
      kind: 'read',
      config: { serving: { route: { ...common, percent: 0.1, assign: 'buckets-1', ...more } } },
    });
    // The same plan's champion alone needs none of it, so that a way back never depends on it.
    expect(variablesFor(state('sticky'), { kind: 'single', version: champion }).MLREG_ROUTE).not.toContain(
      'assign',
    );
  });

  it('and a weighted one after a sticky one', () => {
    const before = variablesFor(state('sticky'), { kind: 'single', version: challenger });
    const after = variablesFor(state('weighted'), { kind: 'single', version: champion });
    expect(readConfig({ ...names, ...before, ...after })).toMatchObject({
      kind: 'read',
      config: { serving: { kind: 'weighted', arm: arms.champion } },
    });
  });
});
