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
});

afterAll(() => scene.end());

async function baking(version: string): Promise<Running> {
  const deploying = scene.start('deploy', '--model-version', version);
  await deploying.event('the first bake', isBaking(20));
  return deploying;
}

async function shareOf(version: string): Promise<number> {
  const sent = [];
  for (let round = 0; round < 15; round++) sent.push(...(await recommendations(scene, 20)));
  expect(sent.every(({ status }) => status === 200)).toBe(true);
  return (100 * sent.filter((one) => one.version === version).length) / sent.length;
}

describe('a running rollout, steered from another terminal', () => {
  it('moves to the share asked for, pauses, goes on, promotes', async () => {
    const deploying = await baking('v2.3.0');
    // Four standard deviations of 300 users drawn at 20 %, and at 50 %.
    expect(Math.abs((await shareOf('v2.3.0')) - 20)).toBeLessThan(10);

    const refused = await scene.ask('traffic', '--percent', '51');
    expect(refused).toMatchObject({ accepted: false });
    expect(refused.answer).toContain('more than the 50 % of the plan');
    expect((await scene.run('traffic', '--percent', '51')).code).toBe(5);
    expect(await scene.status()).toMatchObject({ rollout: { challengerPercent: 20 } });

    await succeeds(scene.run('traffic', '--percent', '50'));
    await eventually('50 %', async () => (await scene.status()).rollout.challengerPercent === 50);
    expect(Math.abs((await shareOf('v2.3.0')) - 50)).toBeLessThan(12);
    await succeeds(scene.run('traffic', '--percent', '1'));
    await eventually('1 %', async () => (await scene.status()).rollout.challengerPercent === 1);
    expect(await shareOf('v2.3.0')).toBeLessThan(5);

    await succeeds(scene.run('pause', '--reason', 'lunch'));
    expect(await scene.status()).toMatchObject({ rollout: { paused: true, phase: 'forward' } });
    await succeeds(scene.run('resume'));
    expect(await scene.status()).toMatchObject({ rollout: { paused: false } });
    expect(deploying.isOver()).toBe(false);

    // The bake lasts ten minutes: only a person ends it now.
    await succeeds(scene.run('promote', '--full', '--reason', 'hotfix'));
    expect((await deploying.ended).code).toBe(0);
    const rollout = await expectServing(scene, 'v2.3.0');
    expect(
      rollout.entries
        .filter(({ kind }: { kind: string }) => kind === 'request')
        .map(({ request }: Json) => request.kind),
    ).toEqual(['traffic', 'traffic', 'traffic', 'traffic', 'pause', 'resume', 'promote']);
  });
});
