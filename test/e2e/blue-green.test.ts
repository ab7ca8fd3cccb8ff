import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Json, type Scene, succeeds } from '../support/e2e.ts';
import { answering, startTraffic, type Traffic } from '../support/e2e-traffic.ts';
import { rolledBackAt } from '../support/e2e-truth.ts';
import { createTwinScene, deployTwin, expectAtRest, isSwap, twinSettings } from '../support/twin-scene.ts';

let scene: Scene;
let traffic: Traffic;

beforeAll(async () => {
  scene = await createTwinScene();
});

beforeEach(() => scene.configure(twinSettings({})));
afterAll(() => scene.end());

/** When the stage was seen to name this alias, first after some instant (epoch ms). */
function swappedAt(rollout: Json, alias: string): number {
  const entries = rollout.entries as readonly Json[];
  const intents = new Set(
    entries
      .filter(({ kind, effect }) => kind === 'intent' && effect.kind === 'swap-stage' && effect.to === alias)
      .map(({ seq }) => seq),
  );
  const result = entries.find(({ kind, intent }) => kind === 'result' && intents.has(intent));
  if (result === undefined) throw new Error(`the stage was never seen to name ${alias}`);
  return Number(result.at);
}

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
    expect([report.harmed, sent.length > 300]).toEqual([0, true]);
    // From the swap on the challenger alone, also while it comes to the other alias, the stage returns, and blue goes.
    const [from, to] = [swappedAt(rollout, 'green'), Number((back.entries as readonly Json[])[0]?.at)];
    const between = sent.filter(({ at }) => at >= from && at < to);
    expect(between.length).toBeGreaterThan(80);
    expect(answering(between)).toEqual(['v2.3.0']);
    expect(answering(sent.filter(({ at }) => at < from))).toEqual(['v2.2.0', 'v2.3.0']);
  });

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
    const rollout = await expectAtRest(scene, 'v2.2.0#2');
    const { report, sent } = await traffic.stop();

    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(report.harmed).toBe(0);
    const [swap, home] = [swappedAt(rollout, 'green'), rolledBackAt(rollout)];
    expect(answering(sent.filter(({ at }) => at >= swap && at < home - 1_000))).toEqual(['v2.3.0']);
    // By the first write, of the alias that users were on: the second, and the stage, came after it.
    const after = sent.filter(({ at }) => at >= home);
    expect(answering(after)).toEqual(['v2.2.0#2']);
    expect(after.length).toBeGreaterThan(20);
  });
});
