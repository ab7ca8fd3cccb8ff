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
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.3.0'));
});

afterAll(() => scene.end());

const owners = ({ entries }: Json): readonly string[] =>
  (entries as Json[]).filter(({ kind }) => kind === 'owned').map(({ by }) => by.command);
const ended = async (): Promise<boolean> => (await scene.status()).rollout === null;

describe('the rollout controller of this machine', () => {
  it('judges what is held, moves nobody up, and makes way for whoever resumes', async () => {
    scene.configure({ ...calm, onInterrupt: 'hold' });
    const traffic = await startTraffic(scene, 60);
    const deploying = scene.start('deploy', '--model-version', 'v2.2.0');
    await deploying.event('the first bake', isBaking(20));
    deploying.kill('SIGTERM');
    const { code, stderr } = await deploying.ended;
    expect([code, stderr]).toEqual([143, expect.stringContaining('goes on judging')]);
    await eventually('the controller', async () => (await scene.status()).rollout?.paused === true);
    const before = (await scene.newest()).entries.length;
    await eventually('a look', async () =>
      (await scene.newest()).entries.slice(before).some(({ kind }: Json) => kind === 'observed'),
    );
    expect(await scene.status()).toMatchObject({
      drivenBy: 'controller',
      rollout: { challengerPercent: 20 },
    });
    expect(answering(await recommendations(scene, 60))).toEqual(['v2.2.0', 'v2.3.0']);

    const resumed = scene.start('resume');
    await eventually('the new owner', async () => (await scene.status()).owner?.pid === resumed.pid);
    await eventually('its going on', async () => (await scene.status()).rollout?.paused === false);
    await succeeds(scene.run('promote', '--full'));
    expect((await resumed.ended).code).toBe(0);
    await traffic.stop();
    await expectServing(scene, 'v2.2.0');
  });
});

describe('a controller whose process is killed', () => {
  const controllerPid = (): number =>
    (JSON.parse(readFileSync(join(scene.dir, '.mlreg/local/controller.json'), 'utf8')) as Json).pid;

  it('is told until another one runs, which drives rollouts', async () => {
    const pid = controllerPid();
    process.kill(pid, 'SIGKILL');
    const { trouble, mend } = await eventually(
      'local status tells of it',
      async () => {
        const status = await scene.ask('local', 'status');
        return status.controller === 'dead' ? status : false;
      },
      { everyMs: 1, timeoutMs: 900 },
    ).catch(() => ({ trouble: undefined, mend: undefined }) as Json);
    // On a slow machine another one may run before the first question is answered.
    if (trouble !== undefined)
      expect([trouble, mend]).toEqual([
        expect.stringContaining(`pid ${pid}) has died`),
        expect.stringContaining('mlreg local up'),
      ]);
    await eventually('another one', () => controllerPid() !== pid);
    expect(await scene.ask('local', 'status')).toMatchObject({ controller: 'runs' });
    scene.configure(calm);
    const traffic = await startTraffic(scene, 60);
    await succeeds(scene.run('deploy', '--model-version', 'v2.3.0', '--detach'));
    await eventually('a first share', async () => (await scene.status()).rollout?.challengerPercent === 20);
    await succeeds(scene.run('abort'));
    await traffic.stop();
    await expectServing(scene, 'v2.2.0');
  });
});
