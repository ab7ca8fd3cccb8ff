import { describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Lap, Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { later } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { baking, type CliWorld, serving } from '../support/cli-world.ts';
import { readOnlyStore } from '../support/model-world.ts';

const deploy = 'deploy --model-version v2.3.0';

/** A project whose environment has a controller, which laps when it is told to. */
async function watched(): Promise<{
  readonly cli: CliWorld;
  readonly dispatched: string[];
  laps(until: (lap: Lap) => boolean): Promise<Lap>;
}> {
  const cli = await serving();
  const dispatched: string[] = [];
  cli.controller = {
    name: 'the controller',
    dispatch: async (rollout, token) => void dispatched.push(`${rollout} ${token}`),
  };
  const post: Post = {
    ports: { ...cli.model.ports, clock: cli.clock },
    sightings: memorySightings(),
    actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
    silenceMs: 60_000,
    isAlive: () => 'unknown',
  };
  return {
    cli,
    dispatched,
    async laps(until) {
      for (let count = 0; count < 300; count++) {
        const result = await lap(post, true);
        if (until(result)) return result;
        await cli.clock.sleepUntil(later(cli.clock.now(), 1_000));
      }
      throw new Error('300 laps in vain');
    },
  };
}

const isBaking = ({ kind, ...rest }: Lap): boolean =>
  kind === 'again' && (rest as { why: string }).why === 'baking';
const hasEnded = ({ kind }: Lap): boolean => kind === 'ended';

describe('deploy --detach', () => {
  it("begins in the person's name, lets go, and wakes the controller", async () => {
    const { cli, dispatched, laps } = await watched();
    const { code, stdout } = await cli.run(`${deploy} --detach --reason better`);
    expect({ code, stdout }).toMatchSnapshot();
    expect(dispatched).toEqual(['r-1 1']);
    expect(await cli.store.lock()).toMatchObject({ token: 1, owner: null });
    expect(await laps(hasEnded)).toMatchObject({ outcome: { kind: 'succeeded' } });
    const rollout = await cli.ask('show r-1');
    expect(rollout).toMatchObject({ by: 'ana', owner: { name: 'controller' }, challenger: 'v2.3.0' });
  });

  it('is driven here where the controller can not be woken: nobody is left unwatched', async () => {
    const { cli } = await watched();
    cli.controller = {
      name: 'the controller',
      dispatch: () =>
        Promise.reject(
          new PlatformError({ kind: 'denied', action: 'states:StartExecution', message: 'denied' }),
        ),
    };
    const { code, stderr } = await cli.run(`${deploy} --detach`);
    expect([code, stderr]).toEqual([0, expect.stringContaining('could not be woken: denied')]);
    expect(await cli.ask('show r-1')).toMatchObject({
      owner: { name: 'ana' },
      outcome: { kind: 'succeeded' },
    });
  });

  it('is refused before anything is changed where there is no controller', async () => {
    const cli = await serving();
    expect((await cli.run(`${deploy} --detach`)).code).toBe(2);
    expect(await cli.store.rollouts()).toEqual([]);
  });
});

describe('a rollout that the controller drives', () => {
  it('status says who drives it', async () => {
    const { cli, laps } = await watched();
    await cli.run(`${deploy} --detach`);
    expect((await cli.run('status')).stdout).toContain(
      'owner     nobody drives it: the controller takes it up; or: mlreg resume',
    );
    await laps(isBaking);
    expect((await cli.run('status')).stdout).toContain(
      'owner     the rollout controller (pid 1 on lambda) for ',
    );
    expect(await cli.ask('status')).toMatchObject({ drivenBy: 'controller', controller: 'the controller' });
  });

  it("is steered through its inbox, and stays the controller's", async () => {
    const { cli, laps } = await watched();
    await cli.run(`${deploy} --detach`);
    await laps(isBaking);
    const asking = cli.run('pause');
    let answered = false;
    void asking.then(() => (answered = true));
    await laps(() => answered);
    expect(await asking).toMatchObject({ code: 0, stdout: expect.stringContaining('paused') });
    expect((await cli.run('status')).stdout).toContain('paused: mlreg resume');
    expect(await cli.store.lock()).toMatchObject({ owner: { command: controllerCommand } });
  });

  it('makes way for whoever resumes it', async () => {
    const { cli, laps } = await watched();
    await cli.run(`${deploy} --detach`);
    await laps(isBaking);
    expect((await cli.run('resume', { as: 'bob' })).code).toBe(0);
    expect(await cli.ask('show r-1')).toMatchObject({
      owner: { name: 'bob' },
      outcome: { kind: 'succeeded' },
    });
  });

  it('is aborted like any other', async () => {
    const { cli, laps } = await watched();
    await cli.run(`${deploy} --detach`);
    await laps(isBaking);
    expect((await cli.run('abort')).code).toBe(0);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(await laps(() => true)).toEqual({ kind: 'rest', why: 'r-1 has ended' });
  });
});

describe('a rollout whose process leaves', () => {
  it('held by an interrupt is judged on and not advanced; resume goes on', async () => {
    const { cli, dispatched, laps } = await watched();
    cli.when(baking(10), () => cli.signal('SIGTERM'));
    const { code, stderr } = await cli.run(deploy);
    expect([code, stderr]).toEqual([
      143,
      expect.stringContaining('holding; the controller goes on judging r-1'),
    ]);
    expect(dispatched).toEqual(['r-1 1']);
    let count = 0;
    await laps(() => ++count > 30);
    const { rollout } = await cli.ask('status');
    expect(rollout).toMatchObject({ paused: true, challengerPercent: 10, outcome: null });
    expect(rollout.observed.ticks).toBeGreaterThan(20);
    expect((await cli.run('resume')).code).toBe(0);
  });

  it('held, goes bad: the controller takes it back', async () => {
    const { cli, laps } = await watched();
    cli.when(baking(10), () => cli.signal('SIGTERM'));
    await cli.run(deploy);
    cli.model.behaviour['v2.3.0'] = { errors: 0.3, latencyMs: 20 };
    expect(await laps(hasEnded)).toMatchObject({
      outcome: { kind: 'rolled-back', cause: { kind: 'verdict' } },
    });
  });

  it('for want of time is gone on with', async () => {
    const { cli, dispatched, laps } = await watched();
    const { code, stderr } = await cli.run(`${deploy} --timeout 8s`);
    expect([code, stderr]).toEqual([6, expect.stringContaining('the controller goes on with it')]);
    expect(dispatched).toEqual(['r-1 1']);
    expect(await laps(hasEnded)).toMatchObject({ outcome: { kind: 'succeeded' } });
  });

  it('is given back by resume --detach', async () => {
    const { cli, dispatched, laps } = await watched();
    cli.when(baking(10), () => cli.signal('SIGTERM'));
    await cli.run(deploy);
    expect((await cli.run('resume --detach')).code).toBe(0);
    expect(dispatched).toEqual(['r-1 1', 'r-1 2']);
    expect(await laps(hasEnded)).toMatchObject({ outcome: { kind: 'succeeded' } });
  });
});

describe('a rollback that the store does not know, of a rollout that has ended', () => {
  /** v2.3.0 was promoted, and all is over. */
  async function ended() {
    const world = await watched();
    const endpoint = { name: 'recommendation-dev-v2-1-0-76322e31', generation: 1 };
    await world.cli.register('v2.1.0', { status: 'archived', functionVersion: '5', endpoint });
    expect((await world.cli.run(deploy)).code).toBe(0);
    return world;
  }
  const statusesOf = async (cli: CliWorld): Promise<Record<string, string>> =>
    Object.fromEntries((await cli.ask('versions')).versions.map((one: any) => [one.version, one.status]));

  it.each([
    ['rollback', '7', { 'v2.1.0': 'archived', 'v2.2.0': 'champion', 'v2.3.0': 'rolled_back' }],
    ['rollback --to v2.1.0', '5', { 'v2.1.0': 'champion', 'v2.2.0': 'archived', 'v2.3.0': 'rolled_back' }],
  ])('%s is recorded by the controller, which keeps what serves', async (words, serves, statuses) => {
    const { cli, laps } = await ended();
    cli.model.fault = readOnlyStore;
    expect((await cli.run(words, { as: 'bob' })).code).toBe(0);
    cli.model.fault = () => null;
    const home = { functionVersion: serves, weights: {} };
    expect((await cli.run('deploy --model-version v2.1.0')).code).toBe(5);
    const served = new Set<string>();
    const result = await laps((one) => {
      served.add(cli.model.alias().target.functionVersion);
      return one.kind === 'ended';
    });
    expect(result).toMatchObject({ rollout: 'r-1', outcome: { kind: 'rolled-back' } });
    expect([...served]).toEqual([serves]);
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { detail: { purpose: 'back' } } });
    expect(await statusesOf(cli)).toEqual(statuses);
    expect(await laps(() => true)).toMatchObject({ kind: 'rest' });
    expect((await cli.run('audit verify')).code).toBe(0);
    await cli.register('v2.4.0');
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(0);
  });

  it('so is one of an owner who could not tell the journal', async () => {
    const { cli, laps } = await ended();
    const { stamp } = cli.model.alias();
    if (stamp?.detail === undefined) throw new Error('the alias carries no marker');
    const detail = { ...stamp.detail, purpose: 'back', target: '7' } as const;
    cli.model.makeAlias(
      'live',
      { functionVersion: '7', weights: {} },
      { ...stamp, seq: stamp.seq + 50, detail },
    );
    expect((await cli.run('deploy --model-version v2.1.0')).code).toBe(5);
    expect(await laps(hasEnded)).toMatchObject({ outcome: { kind: 'rolled-back' } });
    expect(await statusesOf(cli)).toMatchObject({ 'v2.2.0': 'champion', 'v2.3.0': 'rolled_back' });
  });

  it('is left to a person who has the lock', async () => {
    const { cli, laps } = await ended();
    cli.model.fault = readOnlyStore;
    await cli.run('rollback', { as: 'bob' });
    cli.model.fault = () => null;
    const owner = { name: 'bob', host: 'desk', pid: 9, command: 'mlreg resume' };
    await cli.store.acquire({ owner, rollout: null, takeOver: false, at: cli.clock.now() });
    const before = cli.model.alias();
    expect(await laps(() => true)).toMatchObject({ kind: 'rest' });
    expect(cli.model.alias()).toEqual(before);
  });

  it('does not keep the controller from its rest where the alias cannot be read', async () => {
    const { cli, laps } = await ended();
    cli.model.fault = (_at, name) => (name === 'readAlias' ? 'error-before' : null);
    expect(await laps(() => true)).toMatchObject({ kind: 'rest' });
  });
});

describe('a store that must move nobody', () => {
  const newer = (cli: CliWorld): void => {
    const { stamp, target } = cli.model.alias();
    if (stamp === undefined) throw new Error('the alias carries no marker');
    cli.model.makeAlias('live', target, { ...stamp, token: stamp.token + 5 });
  };

  it('fails the lap, which raises the alarm, at rest and where a rollout is an orphan', async () => {
    for (const isOrphan of [false, true]) {
      const { cli, laps } = await watched();
      if (isOrphan)
        cli.when(baking(50), () => {
          cli.model.fault = () => 'crash-before';
        });
      await cli.run(deploy);
      cli.model.fault = () => null;
      newer(cli);
      const before = cli.model.alias();
      await expect(laps(() => false)).rejects.toThrow('which this store does not know');
      expect(cli.model.alias()).toEqual(before);
    }
  });
});
