import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createScene, isBaking, quick, root, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
const settings = {
  ...quick,
  sagemaker: { image: `local://${join(root, 'test/fixtures/picky-server.mjs')}`, maxConcurrency: 100 },
  strategies: { canary: { ...quick.strategies.canary, bake: '20s' } },
  // So long that nothing but what this test is about ends a rollout.
  maxHold: '24h',
};

async function register(version: string, mood: string): Promise<void> {
  const file = join(scene.dir, 'moods', `${version}.tar.gz`);
  mkdirSync(join(scene.dir, 'moods'), { recursive: true });
  writeFileSync(file, gzipSync(createTar([{ name: 'model.json', data: JSON.stringify({ version, mood }) }])));
  await succeeds(scene.run('register', version, '--artifact', file));
}

beforeAll(async () => {
  scene = createScene('late-metrics', settings);
  await scene.up({ controller: false });
  await register('v1', 'well');
  await register('v2-fails', 'fails');
  await succeeds(scene.run('deploy', '--model-version', 'v1'));
});

afterAll(() => scene.end());

const lagMs = 1_800_000;

it.each([
  ['both arms', { namespace: 'Mlreg', metric: 'Errors', lagMs }],
  [
    'the challenger',
    { namespace: 'Mlreg', metric: 'Errors', dimensions: { ModelVersion: 'v2-fails' }, lagMs },
  ],
])('a version whose failures show in half an hour is rolled back long before: %s', async (_who, delay) => {
  await scene.faults({ metrics: { delays: [delay] } });
  const traffic = await startTraffic(scene, 30);
  const deploying = scene.start('deploy', '--model-version', 'v2-fails');
  await deploying.event('the first bake', isBaking(20));
  const { code, stdout } = await deploying.ended;
  await traffic.stop();
  expect([code, stdout]).toEqual([
    3,
    expect.stringMatching(
      /why +metrics could not be read for 15s \(the router's metrics show no request of .* but AWS counted/,
    ),
  ]);
  expect(stdout).toMatch(/failed +not known/);
  await expectServing(scene, 'v1');
});

it('a quiet night ends nothing', async () => {
  await scene.faults({ metrics: { delays: [] } });
  const deploying = scene.start('deploy', '--model-version', 'v2-fails');
  await deploying.event('the first bake', isBaking(20));
  await deploying.event('it is held', (event) =>
    JSON.stringify(event).includes('nobody calls either version'),
  );
  const rollout = await scene.newest();
  expect(rollout.outcome).toBeNull();
  await succeeds(scene.run('abort', '--reason', 'seen enough').then((ran) => ran));
  await deploying.ended;
});
