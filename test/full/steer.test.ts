import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  calm,
  createScene,
  eventually,
  isBaking,
  type Running,
  type Scene,
  succeeds,
  type Json,
} from '../support/e2e.ts';
import { answering, recommendations } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('steer', calm);
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  const deploying = await baking('v2.3.0');
  await succeeds(scene.run('promote', '--full'));
  expect((await deploying.ended).code).toBe(0);
});

afterAll(() => scene.end());

async function baking(version: string): Promise<Running> {
  const deploying = scene.start('deploy', '--model-version', version);
  await deploying.event('the first bake', isBaking(20));
  return deploying;
}

describe('a running rollout, steered from another terminal', () => {
  it('goes back to a version by name, and to the one before', async () => {
    await succeeds(scene.run('rollback', '--to', 'v2.2.0', '--reason', 'complaints'));
    await expectServing(scene, 'v2.2.0');
    // The same order once more, a moment later and without a name, changes nothing.
    const again = await scene.run('rollback');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing was changed')]);
    // v2.3.0 was rolled back from, so nothing before v2.2.0 is known good.
    const none = await scene.run('rollback', '--to', 'previous');
    expect([none.code, none.stderr]).toEqual([5, expect.stringContaining('no earlier version known good')]);
    expect(await scene.ask('rollback', '--to', 'v2.2.0')).toMatchObject({ result: 'already-serving' });

    await succeeds(scene.run('rollback', '--to', 'v2.3.0', '--yes'));
    await expectServing(scene, 'v2.3.0');
  });

  it('is rolled back in the middle, and leaves the champion', async () => {
    const deploying = await baking('v2.2.0');
    await succeeds(scene.run('rollback'));
    expect((await deploying.ended).code).toBe(9);
    const rollout = await expectServing(scene, 'v2.3.0');
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'abort' } });
  });

  it('is aborted while it bakes, and while it is paused', async () => {
    for (const isPaused of [false, true]) {
      const deploying = await baking('v2.2.0');
      if (isPaused) await succeeds(scene.run('pause'));
      await succeeds(scene.run('abort'));
      const { code, stdout } = await deploying.ended;
      expect([code, stdout]).toEqual([9, expect.stringContaining('aborted by ada')]);
      await expectServing(scene, 'v2.3.0');
    }
    expect((await scene.run('abort')).code).toBe(5);
    expect(await scene.ask('abort', '--if-running')).toMatchObject({ result: 'nothing-running' });
  });

  it('is aborted while its endpoint is being created, before a single user was moved', async () => {
    await scene.register('v2.5.0');
    const deploying = scene.start('deploy', '--model-version', 'v2.5.0');
    await deploying.event(
      'provisioning',
      ({ type, effect }) => type === 'effect.start' && effect === 'ensure-endpoint',
    );
    // In this process: another one takes longer to start than the endpoint does.
    await succeeds(scene.inside('abort'));
    expect((await deploying.ended).code).toBe(9);
    const rollout = await expectServing(scene, 'v2.3.0');
    expect(
      rollout.entries.some((entry: Json) => entry.kind === 'intent' && entry.effect.purpose === 'route'),
    ).toBe(false);
    expect(answering(await recommendations(scene, 30))).toEqual(['v2.3.0']);
  });
});
