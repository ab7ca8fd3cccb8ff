import { describe, expect, it } from 'vitest';
import { type Lap, lap, type Post } from '../../src/controller/lap.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { later } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { baking, type CliWorld, serving } from '../support/cli-world.ts';

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
