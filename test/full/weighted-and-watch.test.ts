import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, quick, type Scene, succeeds } from '../support/e2e.ts';
import { harmOf, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
const weighted = { ...quick, routing: 'weighted' } as const;

beforeAll(async () => {
  scene = createScene('weighted', weighted);
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

describe('weighted routing', () => {
  it('promotes a healthy one', async () => {
    const traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run('deploy', '--model-version', 'v2.3.0');
    const rollout = await expectServing(scene, 'v2.3.0');
    const { report } = await traffic.stop();
    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
    expect(rollout.plan.routing).toBe('weighted');
    expect(harmOf(report)).toEqual({});
  });
});

describe('watch', () => {
  it('ends well where nothing is breached', async () => {
    scene.configure(quick);
    const traffic = await startTraffic(scene, 40);
    const { code, stdout } = await scene.run('watch', '--duration', '5');
    await traffic.stop();
    expect([code, stdout]).toEqual([0, expect.stringContaining('nothing breached in ')]);
    await expectServing(scene, 'v2.3.0');
  });

  it('tells silence from health', async () => {
    const { code, stdout } = await scene.run('watch', '--duration', '1');
    expect([code, stdout]).toEqual([6, expect.stringContaining('no request was seen')]);
    await expectServing(scene, 'v2.3.0');
  });

  it('moves nobody when it is interrupted, killed, or aborted', async () => {
    scene.configure({ ...quick, onInterrupt: 'rollback' });
    const interrupted = scene.start('watch');
    await interrupted.event('its fence', ({ type }) => type === 'effect.done');
    interrupted.kill('SIGTERM');
    expect((await interrupted.ended).code).toBe(143);
    await expectServing(scene, 'v2.3.0');

    const killed = scene.start('watch');
    await killed.event('its fence', ({ type }) => type === 'effect.done');
    killed.kill('SIGKILL');
    await killed.ended;
    const again = await scene.run('watch', '--duration', '1');
    expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('nobody drives it')]);
    await succeeds(scene.run('abort'));
    await expectServing(scene, 'v2.3.0');
  });
});
