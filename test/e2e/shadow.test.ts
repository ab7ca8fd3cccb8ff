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
  it('of a better version passes with a report; nobody was answered by it, and its endpoint is gone', async () => {
    const traffic = await startTraffic(scene, 60);
    const { code, stdout } = await shadow(scene, 'v2.3.0');
    const rollout = await expectServing(scene, 'v2.2.0');
    const { report, sent } = await traffic.stop();

    expect([code, stdout]).toEqual([0, expect.stringContaining('passed in shadow  v2.3.0 answered nobody')]);
    expect(harmOf(report)).toEqual({});
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

  it('of a version that hangs fails by its errors, and changes nothing for callers', () =>
    expectHarmless(scene, 'hangs'));
});
