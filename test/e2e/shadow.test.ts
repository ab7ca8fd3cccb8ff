import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, quick, root, type Scene, succeeds } from '../support/e2e.ts';
import { answering, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

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

let scene: Scene;

async function registerMoody(mood: string): Promise<string> {
  const version = `v9-${mood}`;
  const file = join(scene.dir, 'moods', `${version}.tar.gz`);
  mkdirSync(join(scene.dir, 'moods'), { recursive: true });
  writeFileSync(file, gzipSync(createTar([{ name: 'model.json', data: JSON.stringify({ version, mood }) }])));
  await succeeds(scene.run('register', version, '--artifact', file));
  return version;
}

beforeAll(async () => {
  scene = createScene('shadow', settings);
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.6.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

const shadow = (version: string, ...more: string[]) =>
  scene.run('deploy', '--strategy', 'shadow', '--model-version', version, '--sample', '50', ...more);

describe('a shadow under real traffic', () => {
  it('of a better version passes with a report; nobody was answered by it, and its endpoint is gone', async () => {
    const traffic = await startTraffic(scene, 60);
    const { code, stdout } = await shadow('v2.3.0');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([0, expect.stringContaining('passed in shadow  v2.3.0 answered nobody')]);
    expect(report.harmed).toBe(0);
    expect([answering(sent), sent.filter(({ status }) => status !== 200)]).toEqual([['v2.2.0'], []]);
    expect(rollout).toMatchObject({
      outcome: { kind: 'succeeded' },
      harmedRequests: 0,
      shadow: { dropped: 0, duplicates: 0, allowed: 0.4, report: { complete: true } },
    });
    const { sampled, compared, disagreed, report: differences } = rollout.shadow;
    expect(compared).toBeGreaterThan(60);
    // Those under way when the bake ended are of another tick.
    expect(Math.abs(sampled - compared)).toBeLessThan(30);
    expect(disagreed / compared).toBeGreaterThan(0.1);
    expect(disagreed / compared).toBeLessThan(0.4);
    expect(Object.keys(differences.examples[0].shown).sort()).toEqual(['hour', 'origin']);
    expect(JSON.stringify(differences)).not.toContain('e2e-');
    const versions = await scene.versions();
    expect(versions.find(({ version }) => version === 'v2.3.0')).toMatchObject({
      status: 'candidate',
      tombstone: { endpoint: expect.any(String) },
    });
  });

  it('of a version that gives other advice fails, though it answers in time and without an error', async () => {
    const traffic = await startTraffic(scene, 60);
    const { code, stdout } = await shadow('v2.6.0');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([
      3,
      expect.stringMatching(/why +\d+ % of the answers differ, 40 % allowed/),
    ]);
    expect(rollout).toMatchObject({ harmedRequests: 0, evidence: { finding: { metric: 'disagreement' } } });
    expect(rollout.shadow.report.rows.length).toBeGreaterThan(3);
    expect([report.harmed, answering(sent)]).toEqual([0, ['v2.2.0']]);
    expect((await scene.versions()).find(({ version }) => version === 'v2.6.0')).toMatchObject({
      status: 'rolled_back',
    });
  });

  it.each(['hangs', 'talksNonsense', 'dies'])(
    'of a version that %s fails by its errors, and changes nothing for callers',
    async (mood) => {
      scene.configure(moody);
      const version = await registerMoody(mood);
      const traffic = await startTraffic(scene, 60);
      const { code, stdout } = await shadow(version);
      await expectServing(scene, 'v2.2.0');
      const { report, sent } = await traffic.stop();

      expect([code, stdout]).toEqual([3, expect.stringMatching(/failed in shadow .*\n +why .*(error|fail)/)]);
      expect(report.harmed).toBe(0);
      expect([answering(sent), sent.filter(({ status }) => status !== 200)]).toEqual([['v2.2.0'], []]);
      scene.configure(settings);
    },
  );
});
