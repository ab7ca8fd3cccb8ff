import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, baking, installAction, type StartStep } from '../support/action-step.ts';
import { createScene, endless, limitNow, quick, type Scene } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;
let step: StartStep;

const deploy = { command: 'deploy', 'model-version': 'v2.3.0' };

beforeAll(async () => {
  scene = createScene('action', quick);
  const installed = installAction(scene);
  step = installed.step;
  // It must run without what its own package.json depends on.
  expect(existsSync(join(installed.action, 'node_modules'))).toBe(false);
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  const first = step('main', { command: 'deploy', 'model-version': 'v2.2.0' });
  const { code, stderr } = await first.running.ended;
  if (code !== 0) throw new Error(stderr);
});

afterAll(() => scene.end());

describe('the action, as a runner runs it', () => {
  it('rolls a failing version back: the step fails, and says why in an annotation, a summary and outputs', async () => {
    scene.configure(quick);
    const traffic = await startTraffic(scene, 60);
    const ran = step('main', { ...deploy, 'model-version': 'v2.4.0' });
    const ended = await ran.running.ended;
    await traffic.stop();
    await expectServing(scene, 'v2.2.0');
    expect(ended.code).toBe(3);
    expect(annotations(ended).filter((line) => line.startsWith('::error '))).toEqual([
      expect.stringMatching(/^::error title=v2\.4\.0 rolled back::.+/),
    ]);
    expect(ran.summary()).toMatch(/^## ❌ recommendation · local: v2\.4\.0 rolled back\n/);
    expect(ran.outputs()).toMatchObject({
      'exit-code': '3',
      result: 'rolled-back',
      champion: 'v2.2.0',
      'challenger-percent': '0',
      'rollout-id': expect.stringMatching(/^r-/),
    });
    expect(ran.state()).toMatchObject({ over: '3' });
  });

  it('cancelled: the challenger is at 0 within 3 s, and nothing is left to clean up', async () => {
    scene.configure({ ...endless, onInterrupt: 'rollback' });
    const ran = step('main', deploy);
    await baking(ran);
    const signalled = Date.now();
    ran.running.kill('SIGINT');
    const ended = await ran.running.ended;
    const rollout = await expectServing(scene, 'v2.2.0');
    expect(ended.code).toBe(130);
    expect(rolledBackAt(rollout) - signalled).toBeLessThan(await limitNow(3_000));
    expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'interrupt' } });
    expect(ran.outputs()).toMatchObject({ result: 'rolled-back', 'exit-code': '130' });

    const post = step('post', deploy, { state: ran.state() });
    expect(await post.running.ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('says what is wrong with its inputs, and does nothing', async () => {
    const ended = await step('main', { command: 'rollback', strategy: 'canary' }).running.ended;
    expect([ended.code, annotations(ended)]).toEqual([
      2,
      [expect.stringMatching(/^::error title=mlreg::input strategy: rollback does not take it%0A/)],
    ]);
  });
});
