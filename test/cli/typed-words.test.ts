import { describe, expect, it } from 'vitest';
import { cliWorld, serving } from '../support/cli-world.ts';

describe('a word behind the command', () => {
  it.each([
    ['plan v2.3.0 -e dev', 'plan --model-version v2.3.0 -e dev'],
    ['deploy v2.3.0 --dry-run -e dev', 'deploy --model-version v2.3.0 --dry-run -e dev'],
    ['deploy --dry-run v2.3.0 --env dev', 'deploy --model-version v2.3.0 --dry-run -e dev'],
    ['--env dev status', 'status -e dev'],
    ['status dev', 'status -e dev'],
    ['status dev -e dev', 'status -e dev'],
    ['traffic 50 -e dev', 'traffic --percent 50 -e dev'],
    ['rollback v2.9.9 -e dev', 'rollback --to v2.9.9 -e dev'],
  ])('%j is %j', async (short, long) => {
    expect(await (await serving()).run(short)).toEqual(await (await serving()).run(long));
  });

  it('deploys, shows the newest rollout, and rolls back by one word each', async () => {
    const cli = await serving();
    expect(await cli.run('deploy v2.3.0 -e dev')).toMatchObject({ code: 0 });
    const { stdout } = await cli.run('show -e dev');
    expect(stdout).toBe((await cli.run(`show ${(await cli.store.rollouts())[0]} -e dev`)).stdout);
    expect(await cli.run('rollback v2.2.0 -e dev --yes')).toMatchObject({ code: 0 });
    expect((await cli.ask('status dev')).champion).toBe('v2.2.0');
  });

  it.each([
    ['deploy v2.3.0 --model-version v2.2.0 -e dev', '--model-version'],
    ['rollback v2.3.0 --to v2.2.0 -e dev', '--to'],
    ['status dev -e prod', '--environment'],
    ['status --env dev -e prod', '--environment'],
    ['traffic 5 --percent 50 -e dev', '--percent'],
  ])('%j: two values are one too many, and nothing happens', async (words, flag) => {
    const cli = await serving();
    const { code, stdout, stderr } = await cli.run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`two values for ${flag}`);
    expect(await cli.store.rollouts()).toEqual([]);
  });
});

describe('a word that is called otherwise here', () => {
  it.each([
    ['undo', 'mlreg rollback'],
    ['stop', 'mlreg abort'],
    ['list', 'mlreg versions'],
    ['-e dev cancel', 'mlreg abort'],
  ])('%j names %j', async (words, instead) => {
    const { code, stdout, stderr } = await cliWorld(null).run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`  try  ${instead}`);
    expect(stderr).not.toContain('Did you mean');
  });

  it('is said to machines as well', async () => {
    expect(await cliWorld(null).ask('undo')).toMatchObject({
      kind: 'Error',
      exitCode: 2,
      mend: [expect.stringContaining('mlreg rollback'), expect.stringContaining('mlreg abort')],
    });
  });

  it.each(['constructor', '__proto__', 'hasOwnProperty'])('%s is no such word', async (word) => {
    expect((await cliWorld(null).run(word)).stderr).not.toContain('  try  ');
  });

  it('leaves slips of the finger to what looks alike', async () => {
    expect((await cliWorld(null).run('statsu')).stderr).toContain('Did you mean status?');
  });
});

describe('traffic of 0 %', () => {
  it.each(['traffic 0', 'traffic --percent 0%', 'traffic 0.0'])('%j names abort', async (words) => {
    const { code, stderr } = await (await serving()).run(`${words} -e dev`);
    expect(code).toBe(2);
    expect(stderr).toContain('  try  mlreg abort');
  });
});

describe('report', () => {
  it('writes Markdown to stdout, and no file called -', async () => {
    const cli = await serving();
    await cli.run('deploy v2.3.0 -e dev');
    const { code, stdout } = await cli.run('report --md - -e dev');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^## .*v2\.3\.0/);
    expect(cli.files.has('-')).toBe(false);
  });

  it('has no page for stdout', async () => {
    const cli = await serving();
    await cli.run('deploy v2.3.0 -e dev');
    expect(await cli.run('report --html - -e dev')).toMatchObject({ code: 2, stdout: '' });
  });
});
