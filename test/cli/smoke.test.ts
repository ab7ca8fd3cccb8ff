import { describe, expect, it } from 'vitest';
import { serving } from '../support/cli-world.ts';

const untested = async () => {
  const cli = await serving();
  cli.smokeRequests = 0;
  cli.model.smokeRequests = 0;
  return cli;
};

describe('without smoke requests', () => {
  it('deploy says that no smoke test ran', async () => {
    const cli = await untested();
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(0);
    expect(stderr).toContain('no smoke test will run');
    expect(stderr).toContain('no smoke test ran');
    expect(stderr).not.toContain('smoke requests passed');
    expect((await cli.run('status')).stdout).not.toContain('smoke requests passed');
  });

  it('a protected environment refuses, and says what to do', async () => {
    const cli = await untested();
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0 -e prod --yes');
    expect(code).toBe(2);
    expect(stderr).toContain('prod is protected and has no smoke requests');
    expect(stderr).toContain('set requests.smoke in mlreg.yaml');
    expect(stderr).toContain('--no-smoke --reason "why"');
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('a protected environment takes it with --no-smoke and a reason', async () => {
    const cli = await untested();
    const ran = await cli.run(
      'deploy --model-version v2.3.0 -e prod --yes --no-smoke --reason "same answers"',
    );
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('no smoke test ran');
  });

  it('--no-smoke without a reason is refused', async () => {
    const cli = await untested();
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0 -e prod --yes --no-smoke');
    expect(code).toBe(2);
    expect(stderr).toContain('--no-smoke needs --reason');
  });

  it('a rollback in a protected environment goes through', async () => {
    const cli = await untested();
    expect((await cli.run('deploy --model-version v2.3.0 -e prod --yes --no-smoke --reason x')).code).toBe(0);
    expect((await cli.run('rollback --yes -e prod')).code).toBe(0);
  });

  it('validate does not call it passed', async () => {
    const cli = await untested();
    expect((await cli.run('validate v2.2.0')).stdout).toContain('no smoke test ran');
  });
});

it('--no-smoke beside smoke requests is refused', async () => {
  const cli = await serving();
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0 --no-smoke --reason x');
  expect(code).toBe(2);
  expect(stderr).toContain('dev has 3 smoke requests, and they are always sent');
});
