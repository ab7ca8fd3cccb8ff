import { describe, expect, it } from 'vitest';
import { PlatformError } from '../../src/ports/platform.ts';
import { bad, type CliWorld, cliWorld, projectConfig, type Ran, serving } from '../support/cli-world.ts';

const deploy = 'deploy --strategy blue-green --model-version v2.3.0';

/** Somebody types this once the stage has been swapped. */
async function behindTheSwap(cli: CliWorld, words: string) {
  let said: ReturnType<CliWorld['run']> | undefined;
  cli.when(
    ({ kind }) => kind === 'observed' && cli.model.stage().alias === 'green',
    () => {
      said = cli.run(words, { as: 'bob' });
    },
  );
  const ended = await cli.run(deploy);
  return { ended, said: await said };
}

const served = ({ model }: CliWorld) => [
  model.alias('live').target,
  model.alias('green').target,
  model.stage().alias,
];

describe('a blue-green deploy', () => {
  it('promotes a healthy version', async () => {
    const cli = await serving();
    expect(await cli.run(deploy)).toMatchSnapshot();
    const target = cli.model.alias().target;
    expect(served(cli)).toEqual([target, target, 'live']);
    expect((await cli.run('status')).stdout).not.toContain('stage ');
  });

  it('rolls back one that fails behind the swap', async () => {
    const cli = await serving();
    const { fault } = cli.model;
    cli.model.fault = (at, name) => {
      if (cli.model.stage().alias === 'green') cli.model.behaviour['v2.3.0'] = bad;
      return fault(at, name);
    };
    const { code, stdout } = await cli.run(deploy);
    expect([code, stdout]).toEqual([3, expect.stringContaining('v2.2.0 serves 100 % in dev')]);
    const home = { functionVersion: '7', weights: {} };
    expect(served(cli)).toEqual([home, home, 'live']);
  });

  it('says what the stage names while it is swapped', async () => {
    const { said } = await behindTheSwap(await serving(), 'status');
    expect(said?.stdout).toMatchSnapshot();
  });

  it.each(['abort', 'rollback'])('is ended by %s behind the swap', async (words) => {
    const cli = await serving();
    const { ended, said } = await behindTheSwap(cli, words);
    expect([said?.code, ended.code]).toEqual([0, 9]);
    const home = { functionVersion: '7', weights: {} };
    expect(served(cli)).toEqual([home, home, 'live']);
  });

  describe('whose stage somebody moves by hand', () => {
    /** Swaps the stage to `name` at the first tick of the bake at this share. */
    async function moved(from: string, name: string, mended = false) {
      const cli = await serving();
      const said: Promise<Ran>[] = [];
      let ticks = 0;
      cli.when(
        ({ kind }) => kind === 'observed' && cli.model.stage().alias === from && ticks === 0,
        () => {
          ticks++;
          cli.model.swap(name, cli.model.stage().stamp);
        },
      );
      cli.when(
        (entry) => entry.kind === 'held',
        () => {
          for (const words of ['status', 'status -o json', 'doctor'])
            said.push(cli.run(words, { as: 'bob' }));
          if (mended) cli.model.swap(from, cli.model.stage().stamp);
        },
      );
      const ended = await cli.run(deploy);
      return { cli, ended, said: await Promise.all(said) };
    }

    it.each([
      ['live', 'green'],
      ['green', 'live'],
    ])('from %s to %s: says where users are, goes no further, and rolls back', async (from, to) => {
      const { cli, ended, said } = await moved(from, to);
      const sentence = `the stage names alias ${to}, but r-1 has users on alias ${from}: something other than mlreg moved it`;
      const [status, json, doctor] = said;
      expect(status?.stdout).toContain(
        `${sentence}, and users get what alias ${to} serves; next: point the stage`,
      );
      expect(status?.stdout).toContain(`or: mlreg rollback --environment dev`);
      expect(JSON.parse(json?.stdout ?? '').stage.astray.detail).toContain(sentence);
      expect([doctor?.code, doctor?.stdout]).toEqual([
        1,
        expect.stringContaining(`✖ stage      ${sentence}`),
      ]);
      expect(ended.stderr).toContain(sentence);
      expect([ended.code, ended.stdout]).toEqual([3, expect.stringContaining('v2.2.0 serves 100 % in dev')]);
      const home = { functionVersion: '7', weights: {} };
      expect(served(cli).slice(0, 2)).toEqual([home, home]);
    });

    it.each(['live', 'green'])('and points it back at %s: the rollout goes on', async (from) => {
      const { cli, ended } = await moved(from, from === 'live' ? 'green' : 'live', true);
      expect(ended.stderr).toContain(`goes on: the stage names alias ${from} again`);
      expect(ended.code).toBe(0);
      const target = cli.model.alias().target;
      expect(target.functionVersion).not.toBe('7');
      expect(served(cli)).toEqual([target, target, 'live']);
    });

    it('goes on where the stage can not be read', async () => {
      const cli = await serving();
      cli.model.fault = (_at, name) =>
        name === 'readStage' && cli.model.stage().alias === 'green' && cli.model.calls.length % 2 === 0
          ? 'error-before'
          : null;
      expect((await cli.run(deploy)).code).toBe(0);
    });
  });

  it('tells what could not be tidied', async () => {
    const cli = await serving();
    cli.when(
      ({ kind }) => kind === 'observed' && cli.model.stage().alias === 'green',
      () => {
        cli.model.behaviour['v2.3.0'] = bad;
        cli.model.ports.platform.writeStage = () =>
          Promise.reject(
            new PlatformError({ kind: 'denied', action: 'apigateway:PATCH', message: 'denied' }),
          );
      },
    );
    const { code, stdout } = await cli.run(deploy);
    expect([code, stdout]).toEqual([
      3,
      expect.stringContaining('left    the stage may not name live: denied'),
    ]);
    expect((await cli.run('doctor')).stdout).toContain('the stage names green, not live');
  });

  it('where the first version is no version after', async () => {
    const cli = cliWorld();
    await cli.register('v2.3.0');
    expect((await cli.run(deploy)).code).toBe(0);
    expect(cli.model.calls).not.toContain('writeStage');
  });
});

describe('a blue-green deploy is refused before anything is made', () => {
  const refused: readonly (readonly [string, (cli: CliWorld) => void, number, string])[] = [
    ['a stage that was left on green', ({ model }) => model.swap('green'), 5, 'names alias green, not live'],
    [
      'a stage that names no alias',
      ({ model }) => {
        model.ports.platform.readStage = () =>
          Promise.resolve({ alias: undefined, stamp: undefined, deploymentId: undefined, autoDeploy: true });
      },
      2,
      'names no alias that could be swapped',
    ],
    [
      'no stage',
      ({ model }) => {
        model.ports.platform.readStage = () =>
          Promise.reject(new PlatformError({ kind: 'missing', message: 'there is no HTTP API named x' }));
      },
      1,
      'there is no HTTP API named x',
    ],
    [
      'a gateway that may not invoke green',
      ({ model }) => {
        model.ports.platform.swapProblems = () => Promise.resolve(['API Gateway may not invoke alias green']);
      },
      2,
      'API Gateway may not invoke alias green',
    ],
  ];
  it.each(refused)('%s', async (_name, spoil, code, sentence) => {
    const cli = await serving();
    spoil(cli);
    const ran = await cli.run(deploy);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(sentence)]);
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('no second alias', async () => {
    const cli = await serving(projectConfig.replace('dev: {', 'dev: { lambda: { green: "off" },'));
    const ran = await cli.run(deploy);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('has no second alias')]);
  });

  it('and so is a canary that would reach nobody, but none where no stage is', async () => {
    const cli = await serving();
    cli.model.swap('green');
    const ran = await cli.run('deploy --model-version v2.3.0');
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('mlreg gc --environment dev')]);
    cli.model.ports.platform.readStage = () =>
      Promise.reject(new PlatformError({ kind: 'missing', message: 'no API' }));
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  });
});

describe('gc', () => {
  it('says what is kept and until when, what would go, and what went', async () => {
    const cli = await serving();
    await cli.run(deploy);
    expect(await cli.run('gc')).toMatchSnapshot('kept');
    cli.clock.advance(3_600_000);
    expect(await cli.run('gc --dry-run')).toMatchSnapshot('would go');
    expect(await cli.run('gc')).toMatchSnapshot('went');
    expect(await cli.run('gc')).toMatchSnapshot('nothing left');
    expect((await cli.run('versions')).stdout).toContain('retired');
  });

  it('says which Lambda versions go, and keeps as many as mlreg.yaml says', async () => {
    const cli = await serving(projectConfig.replace('dev: {', 'dev: { lambda: { keepVersions: 2 },'));
    await cli.run(deploy);
    const publish = async (n: number): Promise<unknown> =>
      cli.model.ports.platform.publish({
        variables: { N: `${n}` },
        codeSha256: 'code',
        description: 'mlreg r',
      });
    for (let n = 0; n < 9; n++) await publish(n);
    const [first] = cli.model.functionVersions().slice(-9).map(Number);
    if (first === undefined) throw new Error('nothing was published');
    cli.model.makeAlias('debug', { functionVersion: String(first + 3), weights: {} });
    const range = `${first} to ${first + 2}, ${first + 4} to ${first + 6}`;
    expect((await cli.run('gc --dry-run')).stdout).toContain(`would go   6 Lambda versions  ${range}\n`);
    expect((await cli.run('gc')).stdout).toContain(`deleted    6 Lambda versions  ${range}\n`);
    expect((await cli.run('gc')).stdout).not.toContain('Lambda version');
    await publish(9);
    cli.model.fault = (_index, name) => (name === 'deleteFunctionVersion' ? 'denied' : null);
    expect(await cli.run('gc')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('left       Lambda versions  deleteFunctionVersion is denied\n'),
    });
  });

  it('and a rollback to what went provisions it under a new name', async () => {
    const cli = await serving();
    await cli.run(deploy);
    cli.clock.advance(3_600_000);
    await cli.run('gc');
    const before = [...cli.model.endpoints.keys()];
    const { code, stderr } = await cli.run('rollback --to v2.2.0');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('has to be built first: its endpoint was retired'),
    ]);
    const made = [...cli.model.endpoints.keys()].filter((name) => !before.includes(name));
    expect(made).toEqual([expect.stringMatching(/v2-2-0-[0-9a-f]{8}-g2$/)]);
    const { versions } = await cli.ask('versions');
    expect(versions.find(({ version }: { version: string }) => version === 'v2.2.0#2')).toMatchObject({
      status: 'champion',
      endpoint: { name: made[0], generation: 2 },
    });
    // And once more under that very name, for it was not retired.
    await cli.run('rollback --to v2.3.0 --yes');
    await cli.run('rollback --to v2.2.0 --yes');
    expect([...cli.model.endpoints.keys()]).toEqual([...before, ...made]);
  });

  it('exits 1 where AWS has not finished, 5 while a rollout runs', async () => {
    const cli = await serving();
    await cli.run(deploy);
    cli.clock.advance(3_600_000);
    cli.model.ports.platform.deleteEndpoint = () =>
      Promise.reject(new PlatformError({ kind: 'throttled', message: 'still being deleted' }));
    expect((await cli.run('gc')).code).toBe(1);
    const other = await serving();
    expect((await behindTheSwap(other, 'gc')).said?.code).toBe(5);
  });
});
