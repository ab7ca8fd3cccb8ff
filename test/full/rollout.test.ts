import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, endless, isBaking, quick, type Scene, succeeds } from '../support/e2e.ts';
import { answering, harmOf, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('rollout');
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0', 'v2.5.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

describe('a rollout under real traffic', () => {
  it('of a slow version rolls back, and says that it is slow', async () => {
    const traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run('deploy', '--model-version', 'v2.5.0', '--bake', '1m');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*(latency|p50|p95|p99)/)]);
    expect(rollout.entries).toContainEqual(
      expect.objectContaining({
        kind: 'verdict',
        verdict: expect.objectContaining({ reason: expect.objectContaining({ metric: 'latency' }) }),
      }),
    );
    expect(answering(sent.filter(({ at }) => at >= rolledBackAt(rollout)))).toEqual(['v2.2.0']);
    expect(harmOf(report)).toEqual({});
  });

  it('is the only one: a second deploy says who is at it, and changes nothing', async () => {
    scene.configure(endless);
    const first = scene.start('deploy', '--model-version', 'v2.3.0');
    await first.event('the first bake', isBaking(20));
    const before = await scene.status();
    for (const version of ['v2.4.0', 'v2.3.0']) {
      const { code, stdout, stderr } = await scene.run('deploy', '--model-version', version);
      expect([code, stdout]).toEqual([5, '']);
      expect(stderr).toContain(before.rollout.rollout);
      expect(stderr).toContain(`ada on ${before.owner.host} (pid ${first.pid})`);
      expect(stderr).toMatch(/ \d+ s ago/);
    }
    const after = await scene.status();
    expect(after).toMatchObject({ alias: before.alias, owner: before.owner });
    expect(first.isOver()).toBe(false);
    await succeeds(scene.run('abort'));
    expect((await first.ended).code).toBe(9);
    scene.configure(quick);
  });
});
