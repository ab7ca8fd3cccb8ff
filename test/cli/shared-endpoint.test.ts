import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/domain/plan.ts';
import type { VersionRecord } from '../../src/domain/registry.ts';
import { type CliWorld, serving } from '../support/cli-world.ts';

const endpoint = 'recommendation-dev-v2-2-0-76322e32';
const digest = '76322e32'.padEnd(64, '0');
const uri = 's3://models/same.tar.gz';

/** v2.2.0 serves, and an mlreg from before had let its artifact be registered again under a name of the same letters. */
async function twins(version = 'v2-2-0', over: Partial<VersionRecord> = {}): Promise<CliWorld> {
  const cli = await serving();
  cli.artifacts.set('s3://models/v2.2.0.tar.gz', digest);
  cli.artifacts.set(uri, digest);
  await cli.register(version, { artifact: { uri, digest }, ...over });
  return cli;
}

describe('register refuses a version that would have the endpoint of another one', () => {
  it.each(['v2-2-0', 'v2_2+0', 'V2.2.0'])('%s, beside v2.2.0 with the same artifact', async (version) => {
    const cli = await serving();
    cli.artifacts.set(uri, digest);
    const { code, stderr } = await cli.run(`register ${version} --artifact ${uri}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('would have the same endpoint as v2.2.0')]);
    expect(stderr).toContain('choose a name that differs in a letter or digit');
    const { versions } = await cli.ask('versions');
    expect(versions.map((record: VersionRecord) => record.version)).not.toContain(version);
  });

  it('but not one of another artifact, nor one of other letters, nor the same one again', async () => {
    const cli = await twins();
    cli.artifacts.set('s3://models/other.tar.gz', 'ab'.repeat(32));
    expect((await cli.run('register v2_2_0 --artifact s3://models/other.tar.gz')).code).toBe(0);
    expect((await cli.run(`register v2.2.0b --artifact ${uri}`)).code).toBe(0);
    expect((await cli.run(`register v2-2-0 --artifact ${uri}`)).code).toBe(0);
  });
});

describe('where two versions of one endpoint are registered', () => {
  it.each(['plan', 'deploy', 'deploy --strategy shadow'])(
    '%s of the second is refused while the first has the endpoint',
    async (verb) => {
      const cli = await twins();
      const { code, stderr } = await cli.run(`${verb} --model-version v2-2-0`);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('v2-2-0 would have the endpoint of v2.2.0'),
      ]);
      expect(cli.model.endpoints.get(endpoint)).toBe('in-service');
      expect(cli.model.calls.filter((name) => /write|publish|ensure/i.test(name))).toEqual([]);
    },
  );

  it('a shadow of one that neither has had yet leaves it in place', async () => {
    const cli = await serving();
    await cli.register('v3.0', { artifact: { uri, digest: 'cd'.repeat(32) } });
    await cli.register('v3-0', { artifact: { uri, digest: 'cd'.repeat(32) } });
    cli.artifacts.set(uri, 'cd'.repeat(32));
    const { plan } = await cli.ask('plan --strategy shadow --model-version v3.0');
    expect(plan.steps.map(({ kind }: Step) => kind)).not.toContain('retire');
  });

  it('gc leaves the endpoint of the champion where the other one was buried with it', async () => {
    const cli = await twins('v2-2-0', {
      endpoint: { name: endpoint, generation: 1 },
      tombstone: { at: 0 as VersionRecord['statusAt'], endpoint },
    });
    const { code, stdout } = await cli.run('gc');
    expect([code, stdout]).toEqual([0, expect.stringContaining('it is the endpoint of v2.2.0, too')]);
    expect(cli.model.endpoints.get(endpoint)).toBe('in-service');
  });
});
