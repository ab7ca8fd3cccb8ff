import { describe, expect, it } from 'vitest';
import { bad, baking, began, cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

describe('deploy, in plain lines', () => {
  it('promotes a healthy version', async () => {
    const cli = await serving();
    expect(await cli.run(deploy)).toMatchSnapshot();
    expect(await cli.ask('versions')).toMatchObject({
      versions: [
        { version: 'v2.2.0', status: 'archived' },
        { version: 'v2.3.0', status: 'champion' },
      ],
    });
  });

  it('rolls a failing one back', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    expect(await cli.run(deploy)).toMatchSnapshot();
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('of the first version, of which there is no way back', async () => {
    const cli = cliWorld();
    await cli.register('v2.3.0');
    expect(await cli.run(deploy)).toMatchSnapshot();
  });

  it('says a line at least each minute', async () => {
    const cli = await serving();
    const { stderr } = await cli.run(`${deploy} --bake 3m`);
    expect(stderr.split('\n').filter((line) => line.includes('observed'))).toHaveLength(6);
  });

  it('of what serves already changes nothing', async () => {
    const cli = await serving();
    expect(await cli.run('deploy --model-version v2.2.0')).toEqual({
      code: 0,
      stdout: 'v2.2.0 serves dev already; nothing to do\n',
      stderr: '',
    });
    expect(await cli.ask('deploy --model-version v2.2.0')).toMatchObject({
      kind: 'Deploy',
      result: 'already-serving',
    });
    expect(cli.model.calls).not.toContain('writeAlias');
  });

  it('--dry-run is the plan, and changes nothing', async () => {
    const cli = await serving();
    const dry = await cli.run(`${deploy} --dry-run`);
    expect(dry).toEqual(await cli.run('plan --model-version v2.3.0'));
    expect(dry.code).toBe(0);
    expect(await cli.store.rollouts()).toEqual([]);
  });
});

describe('deploy, for machines', () => {
  it('-o json answers once, with the outcome', async () => {
    const cli = await serving();
    const { code, stdout } = await cli.run(`${deploy} -o json --reason "new features"`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchSnapshot({ planHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('-o ndjson streams each event, and then the outcome', async () => {
    const cli = await serving();
    const { stdout, stderr } = await cli.run(`${deploy} -o ndjson`);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ apiVersion: 'mlreg/v1', kind: 'Rollout', exitCode: 0 });
    const events = lines.slice(0, -1);
    expect(
      events.every(({ at, type, rollout, text }) => at && type && rollout === 'r-1' && text !== undefined),
    ).toBe(true);
    expect(new Set(events.map(({ type }) => type))).toMatchSnapshot();
    expect(stderr).not.toContain('rollout.start');
  });

  it('MLREG_OUTPUT_FILE gets each event beside what people see', async () => {
    const cli = await serving();
    const { stderr } = await cli.run(deploy, { env: { MLREG_OUTPUT_FILE: '/events.ndjson' } });
    const events = (cli.files.get('/events.ndjson') ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({
      at: '2025-06-15T15:06:40.000Z',
      type: 'rollout.start',
      rollout: 'r-1',
      to: 'v2.3.0',
    });
    expect(events.at(-1)).toMatchObject({ type: 'rollout.end', result: 'succeeded' });
    expect(stderr).toContain('rollout.end');
  });

  it('a file that cannot be written is said once, and stops nothing', async () => {
    const cli = await serving();
    const files = cli.files;
    files.set = () => {
      throw new Error('disk full');
    };
    const { code, stderr } = await cli.run(deploy, { env: { MLREG_OUTPUT_FILE: '/events.ndjson' } });
    expect([code, stderr.match(/disk full/g)?.length]).toEqual([0, 1]);
  });

  it('--quiet leaves the answer', async () => {
    const cli = await serving();
    expect(await cli.run(`${deploy} --quiet`)).toEqual({
      code: 0,
      stdout: 'succeeded  v2.3.0 serves 100 % in dev (r-1, 23s)\n',
      stderr: '',
    });
  });
});

describe('colour', () => {
  const escape = '\u001b[';
  it.each([
    ['a pipe', {}, false, '', false],
    ['a pipe, forced', { FORCE_COLOR: '1' }, false, '', true],
    ['a pipe, forced off', { FORCE_COLOR: '0' }, false, '', false],
    ['NO_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, false, '', false],
    ['an empty NO_COLOR', { NO_COLOR: '', FORCE_COLOR: '1' }, false, '', true],
    ['a dumb terminal', { TERM: 'dumb' }, true, '', false],
    ['--no-color', { FORCE_COLOR: '1' }, true, '--no-color', false],
  ] as const)('%s', async (_name, env, terminal, flag, expected) => {
    const cli = await serving();
    const { stdout } = await cli.run(`plan --model-version v2.3.0 ${flag}`, { env, terminal });
    expect(stdout.includes(escape)).toBe(expected);
  });

  it('a terminal', async () => {
    const cli = await serving();
    const { stdout } = await cli.run('plan --model-version v2.3.0', { terminal: true });
    expect(stdout).toContain(escape);
    const failed = await cli.run('plan --model-version v9', { terminal: true });
    expect(failed.stderr).toContain(escape);
    expect((await cli.run('plan --model-version v9 --no-color', { terminal: true })).stderr).not.toContain(
      escape,
    );
  });
});

describe('a time limit', () => {
  it('--timeout leaves the rollout where it is, for resume or abort: exit 6', async () => {
    const cli = await serving();
    const { code, stdout, stderr } = await cli.run(`${deploy} --timeout 5s`);
    expect([code, stdout]).toEqual([6, expect.stringContaining('not over')]);
    expect(stderr).toMatch(/not finished in time.*\n?.*mlreg resume/);
    const status = await cli.ask('status');
    expect(status.rollout).toMatchObject({ phase: 'forward', challengerPercent: 10 });
    expect((await cli.run('resume')).code).toBe(0);
  });

  it('is a duration', async () => {
    const cli = await serving();
    expect(await cli.run(`${deploy} --timeout 5`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--timeout: '5' is not a duration"),
    });
  });
});

describe('a protected environment', () => {
  const prod = `${deploy} -e prod`;

  it('where nobody can be asked: exit 2, and nothing is begun', async () => {
    const cli = await serving();
    expect(await cli.run(prod)).toEqual({
      code: 2,
      stdout: '',
      stderr: '✖ prod is protected and nobody can be asked\n  try  add --yes to the command\n',
    });
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('--yes confirms', async () => {
    const cli = await serving();
    expect((await cli.run(`${prod} --yes`)).code).toBe(0);
  });

  it('on a terminal its name confirms, and nothing else does', async () => {
    const cli = await serving();
    for (const answer of ['yes', 'y', '', 'Prod']) {
      const { code, stderr } = await cli.run(prod, { terminal: true, answers: [answer] });
      expect([code, stderr]).toEqual([2, expect.stringContaining('not confirmed; nothing was changed')]);
    }
    expect(cli.questions[0]).toContain("Type the environment's name (prod) to go on: ");
    expect((await cli.run(`${prod} --quiet`, { terminal: true, answers: [' prod '] })).code).toBe(0);
  });

  it('never stands in the way of going back', async () => {
    const cli = await serving();
    cli.when(baking(10), () => void cli.run('abort -e prod', { as: 'bob' }));
    expect((await cli.run(`${prod} --yes`)).code).toBe(9);
  });
});

describe('words that cannot be done', () => {
  it.each([
    ['deploy', 'which version?'],
    ['deploy --model-version v9', 'v9 is not registered in dev'],
    ['deploy --model-version "v 9"', "'v 9' is not a version"],
    [`${deploy} --strategy greedy`, "'greedy' is not a strategy"],
    [`${deploy} --percent 10 --steps 10,50`, '--percent and --steps exclude each other'],
    [`${deploy} --steps 50,10`, '10 % does not grow on 50 %'],
    [`${deploy} --steps 30,50`, 'the first step would be 30 %'],
    [`${deploy} --percent 0`, "--percent: '0' is not a share of traffic"],
    [`${deploy} --bake 15`, "--bake: '15' is not a duration"],
    [
      `${deploy} --bake 1s`,
      '--bake: a bake of 1s is shorter than judge.minimumBake, 5s, so it could never pass',
    ],
    [`${deploy} --tick 5s`, '--tick: a bake of 10s is shorter than judge.minimumTicks, 3 ticks of 5s'],
    [`${deploy} --tick 7s`, 'CloudWatch has no periods of 7s'],
    [`${deploy} --detach`, 'nothing else drives rollouts in dev'],
    [`${deploy} -e produ`, "there is no environment 'produ'"],
    [`${deploy} -c other.yaml`, 'there is no file other.yaml'],
  ])('%s: exit 2', async (words, what) => {
    const cli = await serving();
    const { code, stdout, stderr } = await cli.run(words);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(what)]);
    expect(stderr).toMatch(/^ {2}try {2}/m);
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('all mistakes of mlreg.yaml at once', async () => {
    const cli = await serving(`${projectConfig}\nrouting: slippery\nguardrails: { errorRate: 5 }\n`);
    const { code, stderr } = await cli.run(deploy);
    expect([code, stderr.match(/mlreg\.yaml:\d+:\d+/g)?.length]).toEqual([2, 2]);
  });

  it('an artifact that has changed, and metrics that are too low', async () => {
    const cli = await serving();
    await cli.register('v2.4.0', { metrics: { auc: 0.5 } });
    expect((await cli.run('deploy --model-version v2.4.0')).stderr).toContain('auc is 0.5, wanted >= 0.6');
    cli.artifacts.set('s3://models/v2.3.0.tar.gz', 'ff'.repeat(32));
    const changed = await cli.run(deploy);
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringContaining('is not the one that was registered'),
    ]);
  });
});
