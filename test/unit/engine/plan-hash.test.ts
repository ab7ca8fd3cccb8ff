import { describe, expect, it } from 'vitest';
import { rolloutId } from '../../../src/domain/units.ts';
import { planHash } from '../../../src/engine/plan-hash.ts';
import { id, plan, weightedPlan } from './story.ts';

const bound = { rollout: id, plan, artifactDigest: 'd1' };

describe('what an approval is bound to', () => {
  it.each([
    ['the rollout', { ...bound, rollout: rolloutId('r-2') }],
    ['the plan', { ...bound, plan: weightedPlan }],
    ['a number deep in the plan', { ...bound, plan: { ...plan, policy: { ...plan.policy, alpha: 0.02 } } }],
    ['the environment', { ...bound, plan: { ...plan, environment: 'prod' } }],
    ['the artifact', { ...bound, artifactDigest: 'd2' }],
  ])('%s', (_name, other) => {
    expect(planHash(other)).not.toBe(planHash(bound));
  });

  it('and not the order in which a store gives keys back', () => {
    const turned = Object.fromEntries(Object.entries(plan).reverse()) as unknown as typeof plan;
    expect(planHash({ ...bound, plan: turned })).toBe(planHash(bound));
    expect(planHash(bound)).toMatch(/^[0-9a-f]{64}$/);
  });
});
