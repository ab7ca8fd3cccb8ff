import { describe, expect, it } from 'vitest';
import { cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --strategy all-at-once --model-version v2.3.0';

describe('--strategy all-at-once', () => {
  it('promotes after the smoke requests where nobody calls', async () => {
    const cli = await serving();
    cli.model.requestsPerTick = 0;
    const { code, stderr } = await cli.run(deploy);
    expect(code).toBe(0);
    expect(stderr).toContain('strategy=all-at-once');
    expect(cli.model.calls).toContain('smoke');
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0' });
    const [id] = await cli.store.rollouts();
    const [started] = await cli.store.journal(id!);
    expect(started).toMatchObject({ plan: { strategy: 'all-at-once', champion: 'v2.2.0' } });
    // The former champion is what a rollback returns to.
    expect((await cli.run('rollback --reason test')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
  });

  it('is refused where the champion has callers, and nothing is changed', async () => {
    const cli = await serving();
    const { code, stderr } = await cli.run(deploy);
    expect(code).toBe(2);
    expect(stderr).toMatch(/dev is in use, so all-at-once is refused/);
    expect(stderr).toContain('--strategy canary');
    expect(cli.model.calls).not.toContain('writeAlias');
  });

  it('is refused in a protected environment, also with --yes', async () => {
    const cli = cliWorld(projectConfig.replace('dev: { approvals: 0 }', 'dev: { protected: true }'));
    await cli.register('v2.3.0');
    const { code, stderr } = await cli.run(`${deploy} --yes`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/dev is protected, so all-at-once is refused/);
  });

  it.each(['--percent 5', '--steps 5,100', '--bake 1m', '--tick 10s', '--sample 5', '--keep'])(
    'refuses %s, which would do nothing',
    async (option) => {
      const cli = await serving();
      const { code, stderr } = await cli.run(`${deploy} ${option}`);
      expect(code).toBe(2);
      expect(stderr).toContain(`${option.split(' ')[0]} means nothing to all-at-once`);
    },
  );
});
