import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { artifact, createScene, type Ended, quick, type Scene, succeeds } from '../support/e2e.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('bad-input');
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());
beforeEach(() => scene.configure(quick));

/** Refused with this exit code, in one message without a stack, and with something to try. */
function expectRefused(
  { code, stdout, stderr }: Omit<Ended, 'signal'>,
  expected: number,
  ...words: readonly string[]
): void {
  expect([code, stdout], stderr).toEqual([expected, '']);
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(stderr).not.toContain('a mistake in mlreg');
  expect(stderr.match(/✖/g)).toHaveLength(1);
}

/** Whatever was refused has left everything as it was. */
const expectUntouched = async (): Promise<void> => {
  const rollout = await expectServing(scene, 'v2.2.0');
  expect(rollout).toMatchObject({ challenger: 'v2.2.0', strategy: 'all-at-once' });
};

describe('bad input is refused, and changes nothing', () => {
  it('words', async () => {
    expectRefused(
      await scene.run('deploy', '--model-version', 'v9.9.9'),
      2,
      'v9.9.9 is not registered in local',
      'v2.2.0',
      'mlreg register v9.9.9',
    );
    for (const percent of ['0', '101', 'NaN', '10%x', '-5', '1e1', '']) {
      expectRefused(
        await scene.inside('deploy', '--model-version', 'v2.3.0', `--percent=${percent}`),
        2,
        `'${percent}' is not a share`,
      );
    }
    expectRefused(
      await scene.run('deploy', '--model-version', 'v2.3.0', '--steps', '50,10'),
      2,
      'does not grow',
    );
    expectRefused(
      await scene.run('deploy', '--model-version', 'v2.3.0', '--bake', '5'),
      2,
      "'5' is not a duration",
    );
    expectRefused(await scene.run('deploy', '--model-version', '../v1'), 2, 'is not a version');
    expectRefused(
      await scene.run('deploy', '--strategy', 'canari', '--model-version', 'v2.3.0'),
      2,
      '--strategy canary',
    );
    const unknown = await scene.run('deploy', '--modelversion', 'v2.3.0');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--model-version')]);
    await expectUntouched();
  });

  it('mlreg.yaml, with all its mistakes at once', async () => {
    writeFileSync(
      join(scene.dir, 'mlreg.yaml'),
      [
        'model: recommendation',
        'defaultEnvironment: local',
        'guardrals: {}',
        'environments:',
        '  local:',
        '    sagmaker: {}',
        '    maxTries: many',
        '',
      ].join('\n'),
    );
    const refused = await scene.run('deploy', '--model-version', 'v2.3.0');
    expectRefused(
      refused,
      2,
      'mlreg.yaml:3',
      'guardrals',
      'mlreg.yaml:6',
      'sagmaker',
      'mlreg.yaml:7',
      'maxTries',
    );
    expect(refused.stderr).toContain('guardrails');
    scene.configure(quick);
    await expectUntouched();
  });

  it('names, artifacts', async () => {
    const long = `v${'1'.repeat(47)}`;
    await succeeds(scene.run('register', long, '--artifact', artifact('v2.3.0')));
    expectRefused(await scene.run('deploy', '--model-version', long), 2, '63');

    expectRefused(await scene.run('register', 'v3.0.0', '--artifact', 'nowhere.tar.gz'), 2, 'nowhere.tar.gz');
    copyFileSync(artifact('v2.3.0'), join(scene.dir, 'mine.tar.gz'));
    await succeeds(scene.run('register', 'v3.0.1', '--artifact', 'mine.tar.gz'));
    appendFileSync(join(scene.dir, 'mine.tar.gz'), 'x');
    expectRefused(
      await scene.run('deploy', '--model-version', 'v3.0.1'),
      2,
      'is not the one that was registered',
      'mlreg register',
    );
    expectRefused(
      await scene.run('register', 'v3.0.1', '--artifact', 'mine.tar.gz'),
      5,
      'with another artifact',
    );
    await expectUntouched();
  });

  it('a call that AWS denies', async () => {
    await scene.faults({ deny: { 'lambda:GetAlias': true } });
    expectRefused(await scene.run('deploy', '--model-version', 'v2.3.0'), 4, 'lambda:GetAlias');
    await scene.faults({ reset: true, deny: { 'lambda:GetFunctionConfiguration': true } });
    expectRefused(
      await scene.run('deploy', '--model-version', 'v2.3.0'),
      4,
      'lambda:GetFunctionConfiguration',
    );
    await scene.faults({ reset: true });
    await expectUntouched();
  });

  it('the right to move the alias, which is missed before anything is made', async () => {
    await scene.faults({ deny: { 'lambda:UpdateAlias': true } });
    const ran = await scene.run('deploy', '--model-version', 'v2.3.0');
    await scene.faults({ reset: true });
    expectRefused(ran, 4, 'lambda:UpdateAlias', 'allow lambda:UpdateAlias for this identity');
    await expectUntouched();
  });
});

it('rolls back although mlreg.yaml has mistakes elsewhere, and the file of its smoke requests is gone', async () => {
  await succeeds(scene.run('deploy', '--model-version', 'v2.3.0', '--strategy', 'all-at-once'));
  writeFileSync(
    join(scene.dir, 'mlreg.yaml'),
    [
      'model: recommendation',
      'defaultEnvironment: local',
      'guardrals: {}',
      'requests: { smoke: gone.json }',
      `environments: { local: ${JSON.stringify({ ...quick, maxTries: 'many' })}, staging: { region: 7 } }`,
      '',
    ].join('\n'),
  );
  const doctor = await scene.run('doctor');
  for (const word of ['guardrals', 'maxTries', 'environments.staging.region'])
    expect(doctor.stdout).toContain(word);
  const { code, stderr } = await scene.run('rollback');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('mlreg.yaml:3:1 guardrals');
  await expectServing(scene, 'v2.2.0');
});

describe('where nothing can work', () => {
  it('says so: AWS on this machine does not run, or its directory is none', async () => {
    const other = createScene('nowhere');
    try {
      for (const words of [['status'], ['deploy', '--model-version', 'v2.3.0'], ['local', 'traffic']]) {
        expectRefused(await other.run(...words), 2, 'AWS on this machine is not running', 'mlreg local up');
      }
      mkdirSync(join(other.dir, '.mlreg'));
      writeFileSync(join(other.dir, '.mlreg/local'), 'not a directory');
      expectRefused(await other.run('status'), 2, '.mlreg/local');
      expectRefused(
        await other.run('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0'),
        2,
        '.mlreg/local',
      );
    } finally {
      await other.end();
    }
  });
});
