import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scene } from '../support/e2e.ts';
import { answering, harmOf, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';
import { createShadowScene, expectHarmless, shadow } from '../support/shadow-scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await createShadowScene();
});

afterAll(() => scene.end());

describe('a shadow under real traffic', () => {
  it('of a version that gives other advice fails, though it answers in time and without an error', async () => {
    const traffic = await startTraffic(scene, 60);
    const { code, stdout } = await shadow(scene, 'v2.6.0');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([
      3,
      expect.stringMatching(/why +\d+ % of the answers differ, 40 % allowed/),
    ]);
    expect(rollout).toMatchObject({ harmedRequests: 0, evidence: { finding: { metric: 'disagreement' } } });
    expect(rollout.shadow.report.rows.length).toBeGreaterThan(3);
    expect([harmOf(report), answering(sent)]).toEqual([{}, ['v2.2.0']]);
    expect((await scene.versions()).find(({ version }) => version === 'v2.6.0')).toMatchObject({
      status: 'rolled_back',
    });
  });

  it.each(['talksNonsense', 'dies'])(
    'of a version that %s fails by its errors, and changes nothing for callers',
    (mood) => expectHarmless(scene, mood),
  );
});
