import { describe, expect, it } from 'vitest';
import { rows } from '../../src/surface/index.ts';
import { bad, cliWorld, serving } from '../support/cli-world.ts';

describe('--version', () => {
  it.each(['--version', '-V'])('%s alone prints the version', async (words) => {
    expect(await cliWorld(null).run(words)).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each([
    ['rollback --version v2.2.0', 'mlreg rollback --to v2.2.0'],
    ['rollback --version=v2.2.0 -e dev', 'mlreg rollback --to v2.2.0'],
    ['-e dev rollback --reason bad -V v2.2.0', 'mlreg rollback --to v2.2.0'],
    ['rollback -Vv2.2.0', 'mlreg rollback --to v2.2.0'],
    ['rollback --version', 'mlreg rollback --to VERSION'],
    ['rollback --version -e dev', 'mlreg rollback --to VERSION'],
    ['deploy --version v2.3.0', 'mlreg deploy --model-version v2.3.0'],
    ['plan --strategy shadow --version v2.3.0', 'mlreg plan --model-version v2.3.0'],
    ['register --version v2.3.0 --artifact x', 'mlreg register v2.3.0'],
    ['validate --version v2.3.0', 'mlreg validate v2.3.0'],
    ['monitor --version v2.3.0', 'mlreg watch --help'],
    ['status -V', 'mlreg status --help'],
    ['local up --version', 'mlreg local up --help'],
    ['local --version', 'mlreg local --help'],
    ['--version rollback --to v2.2.0', 'mlreg --version'],
    ['-V deploy', 'mlreg --version'],
    ['--version v2.2.0', 'mlreg --version'],
    ['-e dev --version', 'mlreg --version'],
    ['--version -o text', 'mlreg --version'],
  ])('%j: exit 2, nothing changes, and the right flag is named', async (words, fix) => {
    const cli = await serving();
    const before = JSON.stringify(await cli.store.versions());
    const { code, stdout, stderr } = await cli.run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`  try  ${fix}\n`);
    expect(JSON.stringify(await cli.store.versions())).toBe(before);
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it.each(rows.filter(({ hidden }) => hidden !== true).map(({ name }) => name.replace(/ [<[].*/, '')))(
    'mlreg %s refuses it',
    async (name) => {
      const cli = await serving();
      const { code, stdout, stderr } = await cli.run(`${name} --version v2.2.0`);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(new RegExp(`^✖ mlreg ${name} has no option --version\n`));
    },
  );

  it('is said to machines as well', async () => {
    expect(await (await serving()).ask('rollback --version v2.2.0')).toMatchObject({
      kind: 'Error',
      exitCode: 2,
      mend: ['mlreg rollback --to v2.2.0'],
    });
  });

  it('is a text like any other where an option takes one', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    expect((await cli.run('deploy --model-version v2.3.0 --reason -V')).code).toBe(3);
    expect((await cli.ask('history')).rollouts).toMatchObject([{ rollout: 'r-1', reason: '-V' }]);
  });
});

describe('global options', () => {
  it.each([
    ['-e staging config show -e prod -o json', 'prod'],
    ['config show -e staging -e prod -o json', 'prod'],
    ['config -e staging show -o json', 'staging'],
    ['-o json -e staging config show', 'staging'],
    ['config show -o json', 'dev'],
  ])('%s: the last one counts, wherever it stands', async (words, environment) => {
    const { code, stdout } = await cliWorld().run(words);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).environment).toBe(environment);
  });

  it('--no-color before the command holds after it', async () => {
    const cli = await serving();
    const colours = async (words: string) =>
      (await cli.run(words, { terminal: true })).stdout.includes('\u001b[');
    expect([
      await colours('versions'),
      await colours('--no-color versions'),
      await colours('versions --no-color'),
    ]).toEqual([true, false, false]);
  });

  it.each([
    ['init -e prod', 'mlreg init does not use --environment'],
    ['init -c other.yaml', 'mlreg init does not use --config'],
    ['-e prod local up', 'mlreg local up does not use --environment'],
    ['local down -e prod', 'mlreg local down does not use --environment'],
    ['local traffic --profile admin', 'mlreg local traffic does not use --profile'],
    ['local up --region us-east-1', 'mlreg local up does not use --region'],
  ])('%s: exit 2 where it would change nothing', async (words, said) => {
    const { code, stdout, stderr } = await cliWorld().run(words);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(said)]);
  });

  it('says nothing about an environment that the shell sets, nor about the one that is meant', async () => {
    expect((await cliWorld().run('local down', { env: { MLREG_ENVIRONMENT: 'prod' } })).code).toBe(0);
    expect((await cliWorld().run('local down -e local')).code).toBe(0);
  });

  it('mlreg init takes the name of the model by either flag', async () => {
    const cli = cliWorld(null);
    expect((await cli.run('init --model fraud')).code).toBe(0);
    expect(cli.files.get('/project/mlreg.yaml')).toContain('model: fraud');
    expect((await cli.run('init --model fraud --model-name spam')).code).toBe(2);
  });
});
