import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createScene,
  endless,
  eventually,
  isBaking,
  limitNow,
  type Running,
  type Scene,
  succeeds,
} from '../support/e2e.ts';
import { answering, recommendations, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('interrupt', { ...endless, onInterrupt: 'rollback' });
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

async function baking(): Promise<Running> {
  const deploying = scene.start('deploy', '--model-version', 'v2.3.0');
  await deploying.event('the first bake', isBaking(20));
  return deploying;
}

describe('a deploy that is interrupted where nobody can be asked', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s takes the challenger to 0 within 3 s, and exits %i', async (signal, expected) => {
    scene.configure({ ...endless, onInterrupt: 'rollback' });
    const traffic = await startTraffic(scene, 60);
    const deploying = await baking();
    await eventually('an answer of the challenger', async () =>
      answering(await recommendations(scene, 8)).includes('v2.3.0'),
    );
    const signalled = Date.now();
    deploying.kill(signal);
    const { code, stderr } = await deploying.ended;
    const rollout = await expectServing(scene, 'v2.2.0');
    const { sent } = await traffic.stop();

    expect([code, stderr]).toEqual([expected, expect.stringContaining(`${signal}: rolling back`)]);
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'interrupt' } });
    const home = rolledBackAt(rollout);
    expect(home - signalled).toBeLessThan(await limitNow(3_000));
    const after = sent.filter(({ at }) => at >= home);
    expect([after.length > 0, answering(after)]).toEqual([true, ['v2.2.0']]);
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('holds where the policy says so: resume takes it up, and abort ends it', async () => {
    scene.configure({ ...endless, onInterrupt: 'hold' });
    const deploying = await baking();
    deploying.kill('SIGTERM');
    const { code, stderr } = await deploying.ended;
    expect([code, stderr]).toEqual([143, expect.stringContaining('SIGTERM: holding')]);
    expect(stderr).toContain('mlreg resume');
    const held = await scene.status();
    expect(held).toMatchObject({ champion: 'v2.2.0', rollout: { phase: 'forward', challengerPercent: 20 } });
    expect((await scene.run('status')).stdout).toContain('mlreg resume');
    expect(answering(await recommendations(scene, 60))).toEqual(['v2.2.0', 'v2.3.0']);

    const resumed = scene.start('resume');
    await eventually('the new owner', async () => (await scene.status()).owner?.pid === resumed.pid);
    resumed.kill('SIGINT');
    expect((await resumed.ended).code).toBe(130);

    await succeeds(scene.run('abort', '--reason', 'seen enough'));
    const rollout = await expectServing(scene, 'v2.2.0');
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'abort', by: 'ada' } });
    expect(rollout.outcome.cause.sentence).toContain('seen enough');
  });
});
