import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bucketOf, bucketRanks, bucketsAt } from '../../src/domain/user-bucket.ts';
import { generateLoad } from '../../src/local-aws/data-plane/load.ts';
import { createScene, isBaking, type Json, quick, root, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
const settings = {
  ...quick,
  sagemaker: { image: `local://${join(root, 'test/fixtures/picky-server.mjs')}`, maxConcurrency: 100 },
  strategies: { canary: { ...quick.strategies.canary, bake: '10s' } },
};

async function register(version: string, mood: string): Promise<void> {
  const file = join(scene.dir, 'moods', `${version}.tar.gz`);
  mkdirSync(join(scene.dir, 'moods'), { recursive: true });
  writeFileSync(file, gzipSync(createTar([{ name: 'model.json', data: JSON.stringify({ version, mood }) }])));
  await succeeds(scene.run('register', version, '--artifact', file));
}

beforeAll(async () => {
  scene = createScene('refused-callers', settings);
  await scene.up({ controller: false });
  await register('v1', 'well');
  await register('v2-well', 'well');
  await register('v3-fails', 'fails');
  await register('v4-refuses', 'refuses');
  await succeeds(scene.run('deploy', '--model-version', 'v1'));
});

afterAll(() => scene.end());

/** Three ids that the challenger answers send so many malformed requests a second, until the test is over. */
async function attack(rate: number): Promise<{ sent: () => number }> {
  const { entries } = (await scene.newest()) as { entries: readonly Json[] };
  const ranks = bucketRanks(String(entries[0]?.salt));
  const ids = Array.from({ length: 10_000 }, (_, i) => `caller-${i}`)
    .filter((id) => ranks[bucketOf(id)]! < bucketsAt(20))
    .slice(0, 3);
  const over = new AbortController();
  let sent = 0;
  const done = generateLoad({
    url: scene.gatewayUrl,
    path: '/recommend',
    rate,
    connections: 15,
    body: (index) => {
      sent++;
      return { body: JSON.stringify({ userId: ids[index % ids.length] }), headers: scene.gatewayHeaders };
    },
    signal: over.signal,
  });
  onTestFinished(async () => {
    over.abort();
    await done;
  });
  return { sent: () => sent };
}

describe('callers whose requests the model calls bad', () => {
  it('roll no version back that answers all others, though they are most of its requests', async () => {
    const traffic = await startTraffic(scene, 30);
    const deploying = scene.start('deploy', '--model-version', 'v2-well');
    await deploying.event('the first bake', isBaking(20));
    const { sent } = await attack(15);
    const { code, stdout, stderr } = await deploying.ended;
    await traffic.stop();
    expect(code, stdout + stderr).toBe(0);
    expect(sent()).toBeGreaterThan(100);
    await expectServing(scene, 'v2-well');
  });

  it('hide no version that fails', async () => {
    const traffic = await startTraffic(scene, 30);
    const deploying = scene.start('deploy', '--model-version', 'v3-fails');
    await deploying.event('the first bake', isBaking(20));
    await attack(15);
    const { code, stdout } = await deploying.ended;
    await traffic.stop();
    expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*(requests failed|errors)/)]);
    await expectServing(scene, 'v2-well');
  });
});

it('a version that calls everybody’s requests bad is rolled back', async () => {
  const traffic = await startTraffic(scene, 30);
  const { code, stdout } = await scene.run('deploy', '--model-version', 'v4-refuses');
  await traffic.stop();
  expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*refused by the model/)]);
  await expectServing(scene, 'v2-well');
});
