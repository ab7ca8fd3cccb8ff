import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  calm,
  createScene,
  eventually,
  isBaking,
  type Json,
  quick,
  type Scene,
  succeeds,
} from '../support/e2e.ts';
import { answering, recommendations, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('controller');
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

const owners = ({ entries }: Json): readonly string[] =>
  (entries as Json[]).filter(({ kind }) => kind === 'owned').map(({ by }) => by.command);
const ended = async (): Promise<boolean> => (await scene.status()).rollout === null;

describe('the rollout controller of this machine', () => {
  it('drives a detached rollout to its end, and steering reaches it', async () => {
    scene.configure(calm);
    const traffic = await startTraffic(scene, 60);
    const { code, stdout } = await scene.run('deploy', '--model-version', 'v2.3.0', '--detach');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('the rollout controller of this machine drives it'),
    ]);
    await eventually(
      'the first share',
      async () => (await scene.status()).rollout?.challengerPercent === 20,
      {
        everyMs: 200,
      },
    );
    expect(await scene.status()).toMatchObject({
      drivenBy: 'controller',
      owner: { command: 'mlreg controller', process: 'alive' },
      rollout: { by: 'ada' },
    });
    expect((await scene.run('status')).stdout).toContain('owner     the rollout controller (pid ');
    const following = scene.start('watch');
    await succeeds(scene.run('promote', '--full'));
    expect((await following.ended).code).toBe(0);
    const rollout = await expectServing(scene, 'v2.3.0');
    const { sent } = await traffic.stop();
    expect(owners(rollout)).toEqual(['mlreg controller']);
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('takes a bad version back whose deploy was killed, and nobody types anything', async () => {
    scene.configure({
      ...quick,
      strategies: { canary: { ...quick.strategies.canary, steps: [10], bake: '30s' } },
    });
    const traffic = await startTraffic(scene, 80);
    const deploying = scene.start('deploy', '--model-version', 'v2.4.0');
    await deploying.event('the first share', isBaking(10));
    deploying.kill('SIGKILL');
    expect((await deploying.ended).signal).toBe('SIGKILL');
    await eventually('the end', ended, { everyMs: 250 });
    const rollout = await expectServing(scene, 'v2.3.0');
    await traffic.stop();
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
    expect(owners(rollout)).toEqual(['mlreg controller']);
  });
});
