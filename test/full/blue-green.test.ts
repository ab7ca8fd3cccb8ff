import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Json, type Scene, succeeds } from '../support/e2e.ts';
import { answering, harmOf, startTraffic, type Traffic } from '../support/e2e-traffic.ts';
import { rolledBackAt, swappedAt } from '../support/e2e-truth.ts';
import { createTwinScene, deployTwin, expectAtRest, isSwap, twinSettings } from '../support/twin-scene.ts';

let scene: Scene;
let traffic: Traffic;

beforeAll(async () => {
  scene = await createTwinScene();
});

beforeEach(() => scene.configure(twinSettings({})));
afterAll(() => scene.end());

describe('blue-green under real traffic', () => {
  it.each(['sticky', 'weighted'] as const)(
    'rolls a failing version back before the swap: few meet it, and the stage never moves, %s',
    async (routing) => {
      scene.configure(twinSettings({ percent: 20 }, routing));
      traffic = await startTraffic(scene, 80);
      const { code } = await scene.run(...deployTwin, 'v2.4.0');
      const rollout = await expectAtRest(scene, 'v2.2.0');
      const { sent } = await traffic.stop();
      expect([code, rollout.plan.routing]).toEqual([3, routing]);
      expect(rollout.entries.filter(({ effect }: Json) => effect?.kind === 'swap-stage')).toEqual([]);
      expect(sent.filter(({ version, status }) => version === 'v2.2.0' && status !== 200)).toEqual([]);
      expect(answering(sent.filter(({ at }) => at >= rolledBackAt(rollout)))).toEqual(['v2.2.0']);
    },
  );

  it('is aborted behind the swap: no request fails on the way back, and all meet the champion', async () => {
    scene.configure(twinSettings({ finalBake: '10m' }));
    traffic = await startTraffic(scene, 80);
    const deploying = scene.start(...deployTwin, 'v2.3.0');
    await deploying.event('the swap', isSwap('step.done'));
    const looks = deploying.events().filter(({ type }) => type === 'observed').length;
    await deploying.event('looks behind it', ({ type }) => type === 'observed', looks + 2);
    expect((await scene.status()).stage).toMatchObject({ alias: 'green' });
    await succeeds(scene.run('abort', '--reason', 'complaints'));
    expect((await deploying.ended).code).toBe(9);
    const rollout = await expectAtRest(scene, 'v2.2.0');
    await traffic.more(40);
    const { report, sent } = await traffic.stop();

    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(harmOf(report)).toEqual({});
    const [swap, home] = [swappedAt(rollout, 'green'), rolledBackAt(rollout)];
    expect(answering(sent.filter(({ at }) => at >= swap && at < home - 1_000))).toEqual(['v2.3.0']);
    // By the first write, of the alias that users were on: the second, and the stage, came after it.
    const after = sent.filter(({ at }) => at >= home);
    expect(answering(after)).toEqual(['v2.2.0']);
    expect(after.length).toBeGreaterThan(20);
  });

  it('weighted, and killed while the stage is swapped, there and back, is promoted by two resumes: no request fails', async () => {
    scene.configure(twinSettings({}, 'weighted'));
    traffic = await startTraffic(scene, 80);
    const deploying = scene.start(...deployTwin, 'v2.3.0');
    await deploying.event('swapping', isSwap('effect.start', 'green'));
    deploying.kill('SIGKILL');
    expect((await deploying.ended).signal).toBe('SIGKILL');
    const resuming = scene.start('resume');
    await resuming.event('returning', isSwap('effect.start', 'live'));
    resuming.kill('SIGKILL');
    expect((await resuming.ended).signal).toBe('SIGKILL');
    const resumed = await scene.run('resume');
    // Returning is all but the end: between the event and the signal it may have come to it.
    const wasOver = resumed.stderr.includes('no rollout is under way');
    expect(resumed.code).toBe(wasOver ? 5 : 0);
    const rollout = await expectAtRest(scene, 'v2.3.0');
    expect([rollout.outcome.kind, rollout.plan.routing]).toEqual(['succeeded', 'weighted']);
    const { report, sent } = await traffic.stop();
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(harmOf(report)).toEqual({});
  });
});
