import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { expect } from 'vitest';
import { createScene, type Ended, quick, root, type Scene, succeeds } from './e2e.ts';
import { answering, harmOf, startTraffic } from './e2e-traffic.ts';
import { expectServing } from './e2e-truth.ts';

const compare = {
  class: 'recommendations.0.destination',
  score: 'recommendations.0.pLate',
  tolerance: 0.02,
  show: ['origin', 'hour'],
  disagreement: '40%',
};
/** Failed challengers keep their endpoints until gc: together they must stay within the account's concurrency. */
const sagemaker = { ...quick.sagemaker, maxConcurrency: 50 };
const settings = {
  ...quick,
  sagemaker,
  strategies: { ...quick.strategies, shadow: { bake: '3s', tick: '1s', extend: '30s', compare } },
};
/** Challengers that answer their smoke requests, and then are as moody as their names say. */
const moody = {
  ...settings,
  sagemaker: { ...sagemaker, image: `local://${join(root, 'test/fixtures/moody-server.mjs')}` },
};

/** v2.2.0 serves; v2.3.0 and v2.6.0 are registered. */
export async function createShadowScene(): Promise<Scene> {
  const scene = createScene('shadow', settings);
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.6.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  return scene;
}

export const shadow = (scene: Scene, version: string): Promise<Ended> =>
  scene.run('deploy', '--strategy', 'shadow', '--model-version', version, '--sample', '50');

async function registerMoody(scene: Scene, mood: string): Promise<string> {
  const version = `v9-${mood}`;
  const file = join(scene.dir, 'moods', `${version}.tar.gz`);
  mkdirSync(join(scene.dir, 'moods'), { recursive: true });
  writeFileSync(file, gzipSync(createTar([{ name: 'model.json', data: JSON.stringify({ version, mood }) }])));
  await succeeds(scene.run('register', version, '--artifact', file));
  return version;
}

/** A shadow of a version of this mood fails by its errors, and callers see nothing of it. */
export async function expectHarmless(scene: Scene, mood: string): Promise<void> {
  scene.configure(moody);
  const version = await registerMoody(scene, mood);
  const traffic = await startTraffic(scene, 60);
  const { code, stdout } = await shadow(scene, version);
  await expectServing(scene, 'v2.2.0');
  const { report, sent } = await traffic.stop();

  expect([code, stdout]).toEqual([3, expect.stringMatching(/failed in shadow .*\n +why .*(error|fail)/)]);
  expect(harmOf(report)).toEqual({});
  expect([answering(sent), sent.filter(({ status }) => status !== 200)]).toEqual([['v2.2.0'], []]);
  scene.configure(settings);
}
