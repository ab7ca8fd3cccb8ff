import { describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Lap, Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { later } from '../../src/domain/units.ts';
import { type EndpointState, PlatformError } from '../../src/ports/platform.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { bad, baking, type CliWorld, digestOf, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const champion = 'recommendation-dev-v2-2-0-76322e32';
const artifact = 's3://models/v2.2.0.tar.gz';

/** v2.3.0 fails in its bake at this share, and by then nothing is left of the champion's endpoint. */
async function failing(share: number, spoil: (cli: CliWorld) => void): Promise<CliWorld> {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  cli.when(baking(share), () => spoil(cli));
  return cli;
}

const gone = (cli: CliWorld): void => void cli.model.endpoints.delete(champion);
const failed = (cli: CliWorld): void => void cli.model.endpoints.set(champion, 'failed');

/** What the journal says was done on the way back, in order. */
async function wayBack(cli: CliWorld): Promise<readonly string[]> {
  const [newest] = await cli.store.rollouts();
  const entries = newest === undefined ? [] : await cli.store.journal(newest);
  return entries
    .slice(entries.findLastIndex(({ kind }) => kind === 'rolling-back'))
    .flatMap((entry) =>
      entry.kind === 'intent' && entry.effect.kind !== 'notify' ? [entry.effect.kind] : [],
    )
    .filter((kind, index, all) => kind !== all[index - 1]);
}

describe('an automatic rollback whose champion has no endpoint', () => {
  it.each([
    ['is gone', 10, gone, 'keeps 10 % of the users'],
    ['is gone', 50, gone, 'keeps 50 % of the users'],
    ['has failed', 10, failed, 'keeps 10 % of the users'],
  ])(
    'that %s, at a share of %s, builds it, tests it and moves users only then',
    async (what, share, spoil, held) => {
      const cli = await failing(share, spoil);
      if (share === 50) cli.model.behaviour['v2.3.0'] = { errors: 0, latencyMs: 20 };
      if (share === 50) cli.when(baking(50), () => (cli.model.behaviour['v2.3.0'] = bad));
      let asked: EndpointState['kind'] | undefined;
      cli.when(
        ({ kind, effect }: any) =>
          kind === 'intent' && effect.kind === 'smoke' && effect.version === 'v2.2.0',
        () => (asked = cli.model.endpoints.get(champion)),
      );
      const ran = await cli.run(deploy);
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain(`v2.2.0 can not answer: endpoint ${champion} ${what}`);
      expect(ran.stderr).toContain(held);
      expect(await wayBack(cli)).toEqual(['ensure-endpoint', 'smoke', 'warm-up', 'set-alias']);
      expect(asked).toBe('in-service');
      expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
      expect(cli.model.endpoints.get(champion)).toBe('in-service');
    },
  );

  it('moves nobody where it can not be built, and says what users get and what to type', async () => {
    const cli = await failing(10, (world) => {
      gone(world);
      world.artifacts.set(artifact, 'ff'.repeat(32));
    });
    const ran = await cli.run(deploy);
    const before = cli.model.alias().target;
    expect(before.functionVersion).not.toBe('7');
    expect([ran.code, ran.stdout]).toEqual([7, expect.stringContaining('could not be built again')]);
    expect(ran.stdout).toContain('v2.3.0 still gets 10 % of the users, and requests to v2.2.0 fail');
    expect(ran.stdout).toContain('mlreg rollback --environment dev');
    const again = await cli.run('rollback');
    expect([again.code, cli.model.alias().target]).toEqual([7, before]);
    cli.artifacts.set(artifact, digestOf('v2.2.0'));
    const ended = await cli.run('rollback');
    expect([ended.code, cli.model.alias().target.functionVersion]).toEqual([0, '7']);
    expect(cli.model.endpoints.get(champion)).toBe('in-service');
  });

  it('moves users at once where AWS does not say that it is gone', async () => {
    const cli = await failing(10, (world) => {
      const { endpoint } = world.model.ports.platform;
      Object.assign(world.model.ports.platform, {
        endpoint: (name: string) =>
          name === champion
            ? Promise.reject(new PlatformError({ kind: 'throttled', message: 'throttled!' }))
            : endpoint(name),
      });
    });
    expect((await cli.run(deploy)).code).toBe(3);
    expect(await wayBack(cli)).toEqual(['set-alias']);
  });

  it('is not looked for where nobody was moved', async () => {
    const cli = await serving();
    cli.model.fails = () => 'no capacity';
    gone(cli);
    await cli.run(deploy);
    expect(await wayBack(cli)).toEqual(['set-alias']);
  });
});

it('a person goes on to another version that is known good, where the champion can not be built', async () => {
  const cli = await serving();
  expect((await cli.run(deploy)).code).toBe(0);
  await cli.register('v2.4.0');
  const lost = [...cli.model.endpoints.keys()].find((name) => name.includes('v2-3-0'))!;
  cli.model.behaviour['v2.4.0'] = bad;
  cli.when(baking(10), () => {
    cli.model.endpoints.delete(lost);
    cli.artifacts.set('s3://models/v2.3.0.tar.gz', 'ff'.repeat(32));
  });
  expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(7);
  const ran = await cli.run('rollback --to v2.2.0');
  expect([ran.code, cli.model.alias().target]).toEqual([0, { functionVersion: '7', weights: {} }]);
});

it('an abort by a person builds the champion first, too', async () => {
  const cli = await serving();
  let aborted: Promise<{ code: number; stderr: string }> | undefined;
  cli.when(baking(10), () => {
    gone(cli);
    aborted = cli.run('abort --reason "looks odd"');
  });
  await cli.run(deploy);
  const { code, stderr } = (await aborted)!;
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('is built again, smoke-tested and warmed first'),
  ]);
  expect(await wayBack(cli)).toEqual(['ensure-endpoint', 'smoke', 'warm-up', 'set-alias']);
});

it('the controller builds it, too', async () => {
  const cli = await serving();
  cli.controller = { name: 'the controller', dispatch: () => Promise.resolve() };
  expect((await cli.run(`${deploy} --detach`)).code).toBe(0);
  cli.model.behaviour['v2.3.0'] = bad;
  let isGone = false;
  const post: Post = {
    ports: { ...cli.model.ports, clock: cli.clock },
    sightings: memorySightings(),
    actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
    silenceMs: 60_000,
    isAlive: () => 'unknown',
  };
  let result: Lap | undefined;
  for (let count = 0; count < 300 && result?.kind !== 'ended'; count++) {
    result = await lap(post, true);
    if (!isGone && cli.model.entries.some(baking(10))) gone(cli);
    isGone = cli.model.entries.some(baking(10));
    await cli.clock.sleepUntil(later(cli.clock.now(), 1_000));
  }
  expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
  expect(await wayBack(cli)).toEqual(['ensure-endpoint', 'smoke', 'warm-up', 'set-alias']);
});
