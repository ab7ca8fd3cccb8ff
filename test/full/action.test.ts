import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, baking, installAction, type StartStep } from '../support/action-step.ts';
import { createScene, endless, type Json, quick, type Scene } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
let step: StartStep;

const deploy = { command: 'deploy', 'model-version': 'v2.3.0' };

beforeAll(async () => {
  scene = createScene('action', quick);
  step = installAction(scene).step;
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  const first = step('main', { command: 'deploy', 'model-version': 'v2.2.0' });
  const { code, stderr } = await first.running.ended;
  if (code !== 0) throw new Error(stderr);
});

afterAll(() => scene.end());

describe('the action, as a runner runs it', () => {
  it.each([
    ['refuses', 'effect.failed', { deny: { 'lambda:UpdateAlias': true } }],
    // Nor does it answer the controller, which takes up what the step leaves behind.
    [
      'does not answer',
      'effect.start',
      { faults: [{ action: 'lambda:UpdateAlias', kind: 'hang', times: 1_000 }] },
    ],
  ])(
    'cancelled while AWS %s, and then terminated: the post step brings it to an end',
    async (_, type, faults) => {
      scene.configure({ ...endless, onInterrupt: 'rollback' });
      const ran = step('main', deploy);
      await baking(ran);
      await scene.faults(faults);
      const before = ran.running.events().filter((event) => event.type === type).length;
      ran.running.kill('SIGINT');
      await ran.running.event('a try of the way back', (event) => event.type === type, before + 1);
      ran.running.kill('SIGTERM');
      const { code, stderr } = await ran.running.ended;
      expect([code, stderr]).toEqual([143, expect.stringContaining('mlreg abort')]);
      expect((await scene.status()).rollout).toMatchObject({ phase: 'rolling-back' });

      await scene.faults({ reset: true });
      const post = step('post', deploy, { state: ran.state() });
      expect(await post.running.ended).toMatchObject({ code: 0 });
      await expectServing(scene, 'v2.2.0');
    },
  );

  it('killed with the runner: the post step ends the rollout it began, and never another', async () => {
    scene.configure(endless);
    const ran = step('main', deploy);
    await baking(ran);
    ran.running.kill('SIGKILL');
    await ran.running.ended;
    const state = ran.state();
    expect(Object.keys(state)).toEqual(['rollout']);

    const other = step('post', deploy, { state: { rollout: 'r-00000000' } });
    expect((await other.running.ended).code).toBe(0);
    expect((await scene.status()).rollout).toMatchObject({ rollout: state.rollout, phase: 'forward' });

    const post = step('post', deploy, { state });
    expect((await post.running.ended).code).toBe(0);
    const rollout = await expectServing(scene, 'v2.2.0');
    expect(rollout.outcome.cause.sentence).toContain('the job that drove it was cancelled or lost');
  });

  it('waits for the approval of a second person, who names the plan, and promotes', async () => {
    scene.configure({ ...quick, approvals: 1 });
    const traffic = await startTraffic(scene, 60);
    const ran = step('main', deploy);
    const held = await ran.running.event('that it waits', (event: Json) => event.type === 'hold');
    const [, rollout = '', hash = ''] =
      /mlreg approve (\S+) .*--plan-hash (\S+)/.exec(String(held.text)) ?? [];
    const approve = (actor: string, planHash: string): Promise<{ code: number | null }> =>
      step('main', { command: 'approve', rollout, 'plan-hash': planHash }, { actor }).running.ended;
    expect((await approve('ana', hash)).code).toBe(5);
    expect((await approve('bob', 'deadbeef')).code).toBe(5);
    expect((await approve('bob', hash)).code).toBe(0);
    const ended = await ran.running.ended;
    await traffic.stop();
    await expectServing(scene, 'v2.3.0');
    expect(ended.code).toBe(0);
    expect(annotations(ended).at(-1)).toMatch(/^::notice title=v2\.3\.0 succeeded/);
    expect(ran.summary()).toMatch(
      /^## ✅ recommendation · local: v2\.3\.0 serves 100 %\n[\s\S]*approved by bob/,
    );
    expect(ran.outputs()).toMatchObject({
      result: 'succeeded',
      champion: 'v2.3.0',
      'previous-version': 'v2.2.0',
    });
  });
});
