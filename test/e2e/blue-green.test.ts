import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createScene, eventually, type Json, quick, type Scene, succeeds } from '../support/e2e.ts';
import { answering, startTraffic, type Traffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;
let traffic: Traffic;
const twin = {
  percent: 50,
  allowLargeFirstStep: true,
  bake: '2s',
  finalBake: '2s',
  tick: '1s',
  extend: '60s',
  retireAfter: '1s',
};

/** Nothing but what the test does is to decide how these end: a starved machine makes healthy versions slow. */
const settings = (blueGreen: object, routing: 'sticky' | 'weighted' = 'sticky') => ({
  ...quick,
  routing,
  strategies: { blueGreen: { ...twin, ...blueGreen } },
  guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
  judge: { ...quick.judge, alpha: 0.00001 },
});

beforeAll(async () => {
  scene = createScene('blue-green', settings({}));
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

beforeEach(() => scene.configure(settings({})));
afterAll(() => scene.end());

const deploy = ['deploy', '--strategy', 'blue-green', '--model-version'] as const;
const isSwap =
  (type: string, to = '') =>
  (event: Json): boolean =>
    event.type === type &&
    (event.effect === 'swap-stage' || event.kind === 'swap-stage') &&
    String(event.text).includes(to);

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

async function expectAtRest(version: string): Promise<Json> {
  const rollout = await expectServing(scene, version);
  expect((await scene.status()).stage).toMatchObject({ alias: 'live' });
  const { findings } = await scene.ask('doctor');
  expect(findings.find(({ check }: Json) => check === 'stage')).toMatchObject({ ok: true });
  return rollout;
}

describe('blue-green under real traffic', () => {
  it('swaps to a healthy version, promotes it, retires blue, and comes back by a rollback: no request fails', async () => {
    traffic = await startTraffic(scene, 80);
    const { code, stdout } = await scene.run(...deploy, 'v2.3.0');
    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
    const rollout = await expectAtRest('v2.3.0');
    const due = await eventually('blue to be due', async () => {
      const { retired } = await scene.ask('gc', '--dry-run');
      return (retired as readonly Json[]).find(({ version }) => version === 'v2.2.0');
    });
    expect(await scene.ask('gc')).toMatchObject({ retired: [due], unfinished: [] });
    const { endpoints } = await scene.ask('local', 'status');
    expect(JSON.stringify(endpoints ?? '')).not.toContain(due.endpoint);
    // Whoever wants it again gets it under a new name.
    await succeeds(scene.run('rollback', '--to', 'v2.2.0'));
    const back = await expectAtRest('v2.2.0');
    const { endpoint } = (await scene.versions()).find(({ version }) => version === 'v2.2.0') ?? {};
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

  it.each(['sticky', 'weighted'] as const)(
    'rolls a failing version back before the swap: few meet it, and the stage never moves, %s',
    async (routing) => {
      scene.configure(settings({ percent: 20 }, routing));
      traffic = await startTraffic(scene, 80);
      const { code } = await scene.run(...deploy, 'v2.4.0');
      const rollout = await expectAtRest('v2.2.0');
      const { sent } = await traffic.stop();
      expect([code, rollout.plan.routing]).toEqual([3, routing]);
      expect(rollout.entries.filter(({ effect }: Json) => effect?.kind === 'swap-stage')).toEqual([]);
      expect(sent.filter(({ version, status }) => version === 'v2.2.0' && status !== 200)).toEqual([]);
      expect(answering(sent.filter(({ at }) => at >= rolledBackAt(rollout)))).toEqual(['v2.2.0']);
    },
  );

  it('is aborted behind the swap: no request fails on the way back, and all meet the champion', async () => {
    scene.configure(settings({ finalBake: '10m' }));
    traffic = await startTraffic(scene, 80);
    const deploying = scene.start(...deploy, 'v2.3.0');
    await deploying.event('the swap', isSwap('step.done'));
    const looks = deploying.events().filter(({ type }) => type === 'observed').length;
    await deploying.event('looks behind it', ({ type }) => type === 'observed', looks + 2);
    expect((await scene.status()).stage).toMatchObject({ alias: 'green' });
    await succeeds(scene.run('abort', '--reason', 'complaints'));
    expect((await deploying.ended).code).toBe(9);
    const rollout = await expectAtRest('v2.2.0');
    const { report, sent } = await traffic.stop();

    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(report.harmed).toBe(0);
    const [swap, home] = [swappedAt(rollout, 'green'), rolledBackAt(rollout)];
    expect(answering(sent.filter(({ at }) => at >= swap && at < home - 1_000))).toEqual(['v2.3.0']);
    // By the first write, of the alias that users were on: the second, and the stage, came after it.
    const after = sent.filter(({ at }) => at >= home);
    expect(answering(after)).toEqual(['v2.2.0']);
    expect(after.length).toBeGreaterThan(20);
  });

  it('weighted, and killed while the stage is swapped, there and back, is promoted by two resumes: no request fails', async () => {
    scene.configure(settings({}, 'weighted'));
    traffic = await startTraffic(scene, 80);
    const deploying = scene.start(...deploy, 'v2.3.0');
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
    const rollout = await expectAtRest('v2.3.0');
    expect([rollout.outcome.kind, rollout.plan.routing]).toEqual(['succeeded', 'weighted']);
    const { report, sent } = await traffic.stop();
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(report.harmed).toBe(0);
  });
});
