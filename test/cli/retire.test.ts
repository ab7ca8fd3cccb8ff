import { describe, expect, it } from 'vitest';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';

const first = 'recommendation-dev-v2-2-0-76322e32';
const second = 'recommendation-dev-v2-3-0-76322e33';

/** v2.2.0 serves, v2.3.0 was rolled back a moment ago. */
async function rolledBack(): Promise<CliWorld> {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(3);
  expect([...cli.model.endpoints.keys()].sort()).toEqual([first, second]);
  return cli;
}

describe('mlreg retire --rolled-back', () => {
  it('makes room at once, where gc keeps a version that was rolled back', async () => {
    const cli = await rolledBack();
    expect((await cli.run('gc')).stdout).toMatch(new RegExp(`kept +v2.3.0 +${second} +until`));
    expect((await cli.run('retire --rolled-back --dry-run')).stdout).toMatch(
      new RegExp(`would go +v2.3.0 +${second}`),
    );
    expect([...cli.model.endpoints.keys()].sort()).toEqual([first, second]);
    expect((await cli.run('retire --rolled-back')).code).toBe(0);
    expect([...cli.model.endpoints.keys()]).toEqual([first]);
  });

  it('keeps what was replaced by a promotion: that is the way back', async () => {
    const cli = await serving();
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
    expect((await cli.run('retire --rolled-back')).stdout).toContain('0 endpoints retired');
    expect([...cli.model.endpoints.keys()].sort()).toEqual([first, second]);
  });
});

describe('mlreg retire --all', () => {
  const all = 'retire --all --reason done --yes';

  it('deletes every endpoint, also the one that serves, and moves no alias', async () => {
    const cli = await rolledBack();
    const before = cli.model.alias('live').target;
    expect((await cli.run('retire --all --dry-run')).stdout).toContain('2 endpoints would be retired in dev');
    expect(cli.model.endpoints.size).toBe(2);
    const ran = await cli.run(all);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('2 endpoints retired in dev')]);
    expect(cli.model.endpoints.size).toBe(0);
    expect(cli.model.alias('live').target).toEqual(before);
    expect((await cli.store.lock()).owner).toBeNull();
    expect((await cli.run(all)).stdout).toContain('0 endpoints retired in dev');
  });

  it('goes on where AWS refused a deletion', async () => {
    const cli = await rolledBack();
    cli.model.fault = (_at, name) => (name === 'deleteEndpoint' ? 'error-before' : null);
    const cut = await cli.run(all);
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringContaining('the same command goes on')]);
    cli.model.fault = () => null;
    expect((await cli.run(all)).code).toBe(0);
    expect(cli.model.endpoints.size).toBe(0);
  });

  it('asks for a reason, and for one of the two', async () => {
    const cli = await serving();
    for (const words of ['retire', 'retire --all', 'retire --all --rolled-back --reason x'])
      expect([words, (await cli.run(words)).code]).toEqual([words, 2]);
    expect(cli.model.endpoints.size).toBe(1);
  });

  it('refuses while a rollout is under way', async () => {
    const cli = await serving();
    let tried: Promise<{ code: number; stderr: string }> | undefined;
    cli.when(baking(10), () => void (tried = cli.run(all)));
    await cli.run('deploy --model-version v2.3.0');
    const { code, stderr } = (await tried) ?? { code: 0, stderr: '' };
    expect([code, stderr]).toEqual([5, expect.stringContaining('is not over in dev')]);
    expect(cli.model.endpoints.size).toBe(2);
  });

  it('leaves an environment that a deploy begins anew', async () => {
    const cli = await serving();
    await cli.run('deploy --model-version v2.3.0');
    expect((await cli.run(all)).code).toBe(0);
    expect((await cli.store.versions()).map(({ status }) => status)).toEqual(['archived', 'archived']);
    const ran = await cli.run('deploy --model-version v2.3.0');
    expect([ran.code, ran.stderr]).toEqual([0, expect.anything()]);
    expect([...cli.model.endpoints.keys()]).toEqual([`${second}-g2`]);
  });
});
