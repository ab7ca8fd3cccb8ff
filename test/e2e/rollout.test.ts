import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, type Scene, succeeds } from '../support/e2e.ts';
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
  it('of a failing version rolls back, and nobody is answered by it afterwards', async () => {
    const traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run('deploy', '--model-version', 'v2.4.0');
    const rollout = await expectServing(scene, 'v2.2.0');
    await traffic.more(40);
    const { sent } = await traffic.stop();

    expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*(requests failed|errors)/)]);
    expect(stdout).toContain('v2.2.0 serves 100 % in local');
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
    const home = rolledBackAt(rollout);
    expect(answering(sent.filter(({ at }) => at < home))).toEqual(['v2.2.0', 'v2.4.0']);
    const after = sent.filter(({ at }) => at >= home);
    expect(after.length).toBeGreaterThan(20);
    expect(answering(after)).toEqual(['v2.2.0']);
    expect(sent.filter(({ version, status }) => version === 'v2.2.0' && status !== 200)).toEqual([]);
    const failed = sent.filter(({ version, status }) => version === 'v2.4.0' && Number(status) >= 500).length;
    expect(rollout.outcome.harmedRequests).toBeGreaterThan(0);
    expect(rollout.outcome.harmedRequests).toBeLessThanOrEqual(failed);
    expect((await scene.versions()).find(({ version }) => version === 'v2.4.0')).toMatchObject({
      status: 'rolled_back',
    });
  });

  it('of a healthy version promotes it, and no user sees a failure', async () => {
    const traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run('deploy', '--model-version', 'v2.3.0');
    const rollout = await expectServing(scene, 'v2.3.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
    expect(rollout.outcome).toMatchObject({ kind: 'succeeded' });
    expect(harmOf(report)).toEqual({});
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answering(sent)).toEqual(['v2.2.0', 'v2.3.0']);
    const versions = await scene.versions();
    expect(versions.find(({ version }) => version === 'v2.2.0')).toMatchObject({ status: 'archived' });
    // Nor does a file that can't be written stand in the way of the next.
    scene.variables.MLREG_OUTPUT_FILE = scene.dir;
    const back = await scene.run('rollback', '--to', 'v2.2.0');
    expect([back.code, back.stderr.match(/MLREG_OUTPUT_FILE can't be written/g)]).toEqual([
      0,
      ["MLREG_OUTPUT_FILE can't be written"],
    ]);
    delete scene.variables.MLREG_OUTPUT_FILE;
    await succeeds(scene.run('rollback', '--to', 'v2.3.0', '--yes'));
    // Once more is done already.
    expect(await scene.ask('deploy', '--model-version', 'v2.3.0')).toMatchObject({
      result: 'already-serving',
    });
  });
});
