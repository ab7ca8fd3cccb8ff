import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, quick, root, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
const settings = {
  ...quick,
  sagemaker: { image: `local://${join(root, 'test/fixtures/lying-server.mjs')}`, maxConcurrency: 50 },
  judge: { ...quick.judge, history: '1m' },
};

async function register(version: string, mood: string): Promise<void> {
  const file = join(scene.dir, 'moods', `${version}.tar.gz`);
  mkdirSync(join(scene.dir, 'moods'), { recursive: true });
  writeFileSync(file, gzipSync(createTar([{ name: 'model.json', data: JSON.stringify({ version, mood }) }])));
  await succeeds(scene.run('register', version, '--artifact', file));
}

beforeAll(async () => {
  scene = createScene('answers', settings);
  await scene.up({ controller: false });
  await register('v1', 'well');
  await register('v2-page', 'page');
  await register('v3-error', 'error');
  await succeeds(scene.run('deploy', '--model-version', 'v1'));
});

afterAll(() => scene.end());

describe('a version that says its errors with status 200', () => {
  it.each([
    {
      what: 'in pages, where the champion’s answers are JSON',
      version: 'v2-page',
      responses: {},
      plan: 'is not JSON, as the champion’s are',
    },
    {
      what: 'in members that mlreg.yaml calls errors',
      version: 'v3-error',
      responses: { errors: ['/error'] },
      plan: 'has something at /error',
    },
  ])('is rolled back: $what', async ({ version, responses, plan }) => {
    scene.configure({ ...settings, responses });
    const traffic = await startTraffic(scene, 60);
    await expect
      .poll(async () => (await scene.inside('plan', '--model-version', version)).stdout, {
        timeout: 60_000,
        interval: 1_000,
      })
      .toContain(`${plan}`);
    await expect
      .poll(async () => (await scene.inside('plan', '--model-version', version)).stdout, {
        timeout: 60_000,
        interval: 1_000,
      })
      .toContain('as the champion’s are');
    const { code, stdout } = await scene.run('deploy', '--model-version', version);
    const rollout = await expectServing(scene, 'v1');
    const { report } = await traffic.stop();

    expect([code, stdout]).toEqual([3, expect.stringMatching(/why .*(requests failed|errors)/)]);
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
    // The callers' own status says nothing of it: what the model said was passed on.
    expect(report.versions[version]?.harmed).toBe(0);
    expect(report.versions[version]?.requests).toBeGreaterThan(0);
  });
});
