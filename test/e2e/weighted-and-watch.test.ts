import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, isBaking, type Json, quick, type Scene, succeeds } from '../support/e2e.ts';
import { answering, recommendations, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;
const weighted = { ...quick, routing: 'weighted' } as const;
const unguarded = {
  ...quick,
  guardrails: { errorRate: 'off', meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
} as const;

beforeAll(async () => {
  scene = createScene('weighted', weighted);
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

describe('weighted routing', () => {
  it('rolls a failing version back', async () => {
    const traffic = await startTraffic(scene, 80);
    const deploying = scene.start('deploy', '--model-version', 'v2.4.0');
    await deploying.event('the first bake', isBaking(20));
    const { code } = await deploying.ended;
    const rollout = await expectServing(scene, 'v2.2.0');
    const { sent } = await traffic.stop();

    // As read back at the time: on a busy machine it may be over before anybody looks.
    const weights = rollout.entries.flatMap(({ outcome }: Json) =>
      outcome?.kind === 'alias' ? Object.values(outcome.target.weights) : [],
    );
    expect(weights).toEqual([0.2]);
    expect(code).toBe(3);
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
    const home = rolledBackAt(rollout);
    expect(answering(sent.filter(({ at }) => at < home))).toEqual(['v2.2.0', 'v2.4.0']);
    expect(answering(sent.filter(({ at }) => at >= home))).toEqual(['v2.2.0']);
  });
});

describe('watch', () => {
  it('rolls back what serves when it goes bad', async () => {
    // Let through on purpose: no guardrail, and a person ends each bake.
    scene.configure({ ...unguarded, strategies: { canary: { ...quick.strategies.canary, bake: '10m' } } });
    const deploying = scene.start('deploy', '--model-version', 'v2.4.0');
    await deploying.event('the first bake', isBaking(20));
    await succeeds(scene.run('promote', '--full'));
    expect((await deploying.ended).code).toBe(0);
    await expectServing(scene, 'v2.4.0');

    scene.configure(quick);
    const traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run('watch', '--duration', '60');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { sent } = await traffic.stop();
    expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*(requests failed|errors)/)]);
    expect(answering(sent.filter(({ at }) => at >= rolledBackAt(rollout)))).toEqual(['v2.2.0']);
    expect((await scene.versions()).find(({ version }) => version === 'v2.4.0')).toMatchObject({
      status: 'rolled_back',
    });
    expect(answering(await recommendations(scene, 10))).toEqual(['v2.2.0']);
  });
});
