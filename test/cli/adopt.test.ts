import { describe, expect, it } from 'vitest';
import { bad, baking, cliWorld, digestOf, serving } from '../support/cli-world.ts';

const endpoint = 'shop-scorer';
const uri = 's3://models/v1.tar.gz';

/** A function, an alias and an endpoint that somebody made by hand: Lambda version 7 asks the endpoint. */
async function brownfield(variables: Readonly<Record<string, string>> = { MODEL_ENDPOINT: endpoint }) {
  const cli = cliWorld();
  cli.model.publishAs('7', variables);
  cli.model.endpoints.set(endpoint, 'in-service');
  cli.artifacts.set(uri, digestOf('v1'));
  cli.served.set(endpoint, { uri, image: 'models:1', role: null, serverless: null });
  return cli;
}

describe('mlreg adopt', () => {
  it('registers what serves as the champion, and moves nobody', async () => {
    const cli = await brownfield();
    const before = cli.model.alias();
    const { code, stdout } = await cli.run('adopt v1 --reason "it has served for a year"');
    expect(code).toBe(0);
    expect(stdout).toContain('v1 is the champion of dev; no user was moved');
    expect(cli.model.alias()).toEqual(before);
    expect(cli.model.calls.filter((name) => /write|publish|ensure|delete/i.test(name))).toEqual([]);
    expect((await cli.ask('versions')).versions).toMatchObject([
      {
        version: 'v1',
        status: 'champion',
        statusReason: 'adopted: it has served for a year',
        functionVersion: '7',
        endpoint: { name: endpoint, generation: 1 },
        artifact: { uri, digest: digestOf('v1') },
      },
    ]);
    expect((await cli.store.lock()).owner).toBeNull();
    expect((await cli.run('status')).stdout).toContain('v1');
  });

  it.each([
    ['a good one is promoted', undefined, 0],
    ['a bad one goes back to the Lambda version that was adopted', bad, 3],
  ] as const)('is what the next version is compared with: %s', async (_what, behaviour, code) => {
    const cli = await brownfield();
    await cli.run('adopt v1');
    await cli.register('v2.3.0');
    if (behaviour !== undefined)
      cli.when(baking(10), () => {
        cli.model.behaviour['v2.3.0'] = behaviour;
      });
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(code);
    if (code === 3) expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    else {
      const back = await cli.run('rollback');
      expect(back.code).toBe(0);
      expect(cli.model.alias().target.functionVersion).toBe('7');
    }
  });

  it('its endpoint is never deleted by mlreg', async () => {
    const cli = await brownfield();
    await cli.run('adopt v1');
    await cli.register('v2.3.0');
    await cli.run('deploy --model-version v2.3.0');
    cli.clock.advance(30 * 86_400_000);
    expect((await cli.run('gc')).code).toBe(0);
    expect(cli.model.endpoints.get(endpoint)).toBe('in-service');
  });

  it('takes endpoint and artifact from the command where AWS names none', async () => {
    const cli = await brownfield({});
    cli.served.clear();
    expect((await cli.run('adopt v1')).stderr).toContain('adopt v1 --endpoint NAME');
    expect((await cli.run(`adopt v1 --endpoint ${endpoint}`)).stderr).toContain('--artifact s3://');
    expect((await cli.run(`adopt v1 --endpoint ${endpoint} --artifact ${uri}`)).code).toBe(0);
  });

  it('takes a version that is registered, with the same artifact', async () => {
    const cli = await brownfield();
    await cli.register('v1');
    expect((await cli.run('adopt v1')).code).toBe(0);
  });

  it('asks in a protected environment', async () => {
    const cli = await brownfield();
    expect((await cli.run('adopt v1 -e prod')).code).toBe(2);
    expect(await cli.store.versions()).toEqual([]);
    expect((await cli.run('adopt v1 -e prod --yes')).code).toBe(0);
  });
});

describe('mlreg adopt refuses', () => {
  const refused = async (cli: Awaited<ReturnType<typeof brownfield>>, why: RegExp, code: number) => {
    const before = await cli.store.versions();
    const ran = await cli.run('adopt v1');
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(why)]);
    expect(await cli.store.versions()).toEqual(before);
  };

  it('where the registry has a champion', async () => {
    const cli = await serving();
    await refused(cli, /has a champion already: v2\.2\.0/, 5);
  });

  it('an alias on $LATEST', async () => {
    const cli = await brownfield();
    cli.model.meddle({ functionVersion: '$LATEST', weights: {} });
    await refused(cli, /can't be rolled back to/, 5);
  });

  it('an alias that splits traffic', async () => {
    const cli = await brownfield();
    cli.model.publishAs('8', {});
    cli.model.meddle({ functionVersion: '7', weights: { '8': 0.1 } });
    await refused(cli, /splits traffic/, 5);
  });

  it('an endpoint that is not in service', async () => {
    const cli = await brownfield();
    cli.model.endpoints.delete(endpoint);
    await refused(cli, /endpoint shop-scorer is absent/, 2);
  });

  it('variables that name two endpoints', async () => {
    await refused(await brownfield({ A_ENDPOINT: 'one', B_ENDPOINT: 'two' }), /one and two/, 2);
  });

  it('a version that is registered with another artifact', async () => {
    const cli = await brownfield();
    await cli.register('v1', { artifact: { uri: 's3://x/y.tar.gz', digest: digestOf('other') } });
    cli.artifacts.set(uri, digestOf('v1'));
    await refused(cli, /registered in dev with another artifact/, 5);
  });
});
