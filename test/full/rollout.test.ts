import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, endless, isBaking, quick, type Scene, succeeds } from '../support/e2e.ts';
import { answering, startTraffic } from '../support/e2e-traffic.ts';
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
    expect(report.harmed).toBe(0);
  });
});
