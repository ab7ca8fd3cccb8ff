import { describe, expect, it } from 'vitest';
import { began, cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const changes = ['code', 'variable LOG_LEVEL (changed)'];
const told = '$LATEST differs from what serves v2.2.0: code, variable LOG_LEVEL (changed)';

describe('where $LATEST is not what serves', () => {
  it('deploy refuses with exit 2, says what differs, and touches nothing', async () => {
    const cli = await serving();
    cli.model.latest = changes;
    const { code, stderr } = await cli.run(deploy);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
    expect(stderr).toContain('mlreg deploy --model-version v2.3.0 --environment dev --with-latest');
    expect(stderr).toContain('environments.dev.lambda.latest: take');
    expect(cli.model.calls.filter((name) => /publish|writeAlias|ensureEndpoint/.test(name))).toEqual([]);
    expect((await cli.ask('history')).rollouts).toEqual([]);
  });

  it.each([
    ['--with-latest', projectConfig],
    ['', projectConfig.replace('dev: { approvals: 0 }', 'dev: { approvals: 0, lambda: { latest: take } }')],
  ])('deploy %s puts the changes on trial, and the plan in the journal says so', async (flag, config) => {
    const cli = await serving(config);
    cli.model.latest = changes;
    expect((await cli.run(`${deploy} ${flag}`)).code).toBe(0);
    const { entries } = await cli.ask('show r-1');
    expect(entries[0].plan.latest).toEqual({ differences: changes, take: true });
  });

  it('plan and --dry-run list the differences, and refuse nothing', async () => {
    const cli = await serving();
    cli.model.latest = changes;
    for (const words of ['plan --model-version v2.3.0', `${deploy} --dry-run`]) {
      const { code, stdout } = await cli.run(words);
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining(
          'differs from what serves: code, variable LOG_LEVEL (changed); mlreg deploy refuses, unless --with-latest is given',
        ),
      ]);
    }
    expect((await cli.run('plan --model-version v2.3.0 --with-latest')).stdout).toContain(
      'that is on trial, too',
    );
  });

  it('doctor lists them', async () => {
    const cli = await serving();
    const check = async () =>
      (await cli.ask('doctor')).findings.find(({ check: name }: { check: string }) => name === '$LATEST');
    expect(await check()).toMatchObject({ ok: true });
    cli.model.latest = changes;
    expect(await check()).toMatchObject({
      ok: false,
      detail: 'differs from what serves: code, variable LOG_LEVEL (changed)',
    });
  });

  it('a first deploy is free, and a plan without differences says nothing of them', async () => {
    const cli = cliWorld();
    cli.model.latest = changes;
    await cli.register('v2.3.0');
    expect((await cli.run(deploy)).code).toBe(0);
    const other = await serving();
    expect((await other.ask('plan --model-version v2.3.0')).plan.latest).toBeUndefined();
  });

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['', 'none was planned', [], ['timeout (30 s instead of 10 s)']],
    ['--with-latest', 'others were planned', changes, [...changes, 'memory (256 MB instead of 128 MB)']],
  ])(
    'what changes after the plan and before the publication moves nobody: deploy %s, %s',
    async (flag, _what, before, after) => {
      const cli = await serving();
      cli.model.latest = before;
      const served = cli.model.alias().target;
      cli.when(began, () => {
        cli.model.latest = after;
      });
      const { code, stdout } = await cli.run(`${deploy} ${flag}`);
      const news = after.filter((one) => !before.includes(one)).join(', ');
      expect([code, stdout]).toEqual([
        3,
        expect.stringContaining(
          `$LATEST was changed after this rollout was planned: ${news}. Nobody was moved`,
        ),
      ]);
      expect(cli.model.alias().target).toEqual(served);
      cli.model.latest = [];
      expect((await cli.run(deploy)).code).toBe(0);
    },
  );

  it('what was planned and is undone before the publication rides along with nobody', async () => {
    const cli = await serving();
    cli.model.latest = changes;
    cli.when(began, () => {
      cli.model.latest = [];
    });
    expect((await cli.run(`${deploy} --with-latest`)).code).toBe(0);
  });

  it('a rollback needs none of it', async () => {
    const cli = await serving();
    await cli.run(deploy);
    cli.model.latest = changes;
    expect((await cli.run('rollback')).code).toBe(0);
  });
});
