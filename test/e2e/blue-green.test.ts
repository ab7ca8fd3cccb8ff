import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Json, type Scene, succeeds } from '../support/e2e.ts';
import { answering, harmOf, startTraffic, type Traffic } from '../support/e2e-traffic.ts';
import { swappedAt } from '../support/e2e-truth.ts';
import { createTwinScene, deployTwin, expectAtRest, isSwap, twinSettings } from '../support/twin-scene.ts';

let scene: Scene;
let traffic: Traffic;

beforeAll(async () => {
  scene = await createTwinScene();
});

beforeEach(() => scene.configure(twinSettings({})));
afterAll(() => scene.end());

describe('blue-green under real traffic', () => {
  it('swaps to a healthy version, promotes it, retires blue, and comes back by a rollback: no request fails', async () => {
    traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run(...deployTwin, 'v2.3.0');
    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
    const rollout = await expectAtRest(scene, 'v2.3.0');
    const due = await eventually('blue to be due', async () => {
      const { retired } = await scene.look('gc', '--dry-run');
      return (retired as readonly Json[]).find(({ version }) => version === 'v2.2.0');
    });
    expect(await scene.ask('gc')).toMatchObject({ retired: [due], unfinished: [] });
    const { endpoints } = await scene.look('local', 'status');
    expect(JSON.stringify(endpoints ?? '')).not.toContain(due.endpoint);
    // Whoever wants it again gets its next generation, under a new name.
    await succeeds(scene.run('rollback', '--to', 'v2.2.0'));
    const back = await expectAtRest(scene, 'v2.2.0#2');
    const { endpoint } = (await scene.versions()).find(({ version }) => version === 'v2.2.0#2') ?? {};
    expect([endpoint.generation, endpoint.name]).toEqual([2, `${due.endpoint}-g2`]);
    const { report, sent } = await traffic.stop();

    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect([harmOf(report), sent.length > 300]).toEqual([{}, true]);
    // From the swap on the challenger alone, also while it comes to the other alias, the stage returns, and blue goes.
    const [from, to] = [swappedAt(rollout, 'green'), Number((back.entries as readonly Json[])[0]?.at)];
    const between = sent.filter(({ at }) => at >= from && at < to);
    expect(between.length).toBeGreaterThan(80);
    expect(answering(between)).toEqual(['v2.3.0']);
    expect(answering(sent.filter(({ at }) => at < from))).toEqual(['v2.2.0', 'v2.3.0']);
  });
});
