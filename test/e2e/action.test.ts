import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  createScene,
  endless,
  isBaking,
  limitNow,
  type Json,
  quick,
  root,
  type Running,
  type Scene,
} from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing, rolledBackAt } from '../support/e2e-truth.ts';

let scene: Scene;
/** `./node_modules/mlreg` as npm installs it, without what mlreg's own package.json depends on. */
let action: string;
let files = 0;

/** One step of a job, as GitHub's runner starts it and as it reads what the step has left in files. */
interface Step {
  readonly running: Running;
  outputs(): Record<string, string>;
  state(): Record<string, string>;
  summary(): string;
}

function step(
  file: 'main' | 'post',
  inputs: Readonly<Record<string, string>>,
  { actor = 'ana', state = {} }: { readonly actor?: string; readonly state?: Record<string, string> } = {},
): Step {
  const at = (name: string): string => join(scene.dir, `runner-${files}-${name}`);
  files++;
  const paths = {
    GITHUB_OUTPUT: at('output'),
    GITHUB_STATE: at('state'),
    GITHUB_STEP_SUMMARY: at('summary'),
  };
  for (const path of Object.values(paths)) writeFileSync(path, '');
  const { runs } = parse(readFileSync(join(action, 'action.yml'), 'utf8')) as {
    runs: Record<string, string>;
  };
  const running = scene.startScript(join(action, runs[file] ?? ''), {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: actor,
    GITHUB_RUN_ID: '42',
    GITHUB_REPOSITORY: 'acme/models',
    ...paths,
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
    ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
  });
  return {
    running,
    outputs: () => entriesOf(readFileSync(paths.GITHUB_OUTPUT, 'utf8')),
    state: () => entriesOf(readFileSync(paths.GITHUB_STATE, 'utf8')),
    summary: () => readFileSync(paths.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

function entriesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', , value = ''] of text.matchAll(/^([^\n]+?)<<([^\n]+)\n([\s\S]*?)\n\2$/gm))
    found[name] = value;
  return found;
}

const annotations = ({ stdout, stderr }: { stdout: string; stderr: string }): readonly string[] =>
  `${stdout}${stderr}`.split('\n').filter((line) => /^::(error|warning|notice) /.test(line));

const deploy = { command: 'deploy', 'model-version': 'v2.3.0' };

beforeAll(async () => {
  scene = createScene('action', quick);
  action = installPackage(scene.dir);
  expect(existsSync(join(action, 'node_modules'))).toBe(false);
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  const first = step('main', { command: 'deploy', 'model-version': 'v2.2.0' });
  const { code, stderr } = await first.running.ended;
  if (code !== 0) throw new Error(stderr);
});

afterAll(() => scene.end());

/** @returns where the package is, packed as npm publishes it */
function installPackage(dir: string): string {
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: root, encoding: 'utf8' }).trim();
  const packed = run('npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', dir);
  const folder = join(dir, 'node_modules/mlreg');
  mkdirSync(folder, { recursive: true });
  run('tar', '-xzf', join(dir, packed), '--strip-components=1', '-C', folder);
  return folder;
}

async function baking(started: Step): Promise<void> {
  await started.running.event('the first bake', isBaking(20));
}

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

  it('says what is wrong with its inputs, and does nothing', async () => {
    const ended = await step('main', { command: 'rollback', strategy: 'canary' }).running.ended;
    expect([ended.code, annotations(ended)]).toEqual([
      2,
      [expect.stringMatching(/^::error title=mlreg::input strategy: rollback does not take it%0A/)],
    ]);
  });
});
