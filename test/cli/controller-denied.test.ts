import { describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { later } from '../../src/domain/units.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { baking, type CliWorld, serving } from '../support/cli-world.ts';

/** A rollout that the controller drives, with 50 % of users on it; it laps every second, as beside local AWS. */
async function driven(): Promise<{ readonly cli: CliWorld; lapFor(ms: number): Promise<void> }> {
  const cli = await serving();
  cli.controller = { name: 'the controller', dispatch: async () => undefined };
  const post: Post = {
    ports: { ...cli.model.ports, clock: cli.clock },
    sightings: memorySightings(),
    actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
    silenceMs: 60_000,
    isAlive: () => 'unknown',
  };
  const lapFor = async (ms: number): Promise<void> => {
    const until = later(cli.clock.now(), ms);
    while (cli.clock.now() < until) {
      await lap(post, true);
      await cli.clock.sleepUntil(later(cli.clock.now(), 1_000));
    }
  };
  await cli.run('deploy --model-version v2.3.0 --detach');
  for (let count = 0; !(await cli.store.journal('r-1' as never)).some(baking(50)); count++) {
    if (count > 200) throw new Error('200 s in vain');
    await lapFor(1_000);
  }
  return { cli, lapFor };
}

const deny = (cli: CliWorld): void => {
  cli.model.fault = (_at, name) => (name === 'writeAlias' ? 'denied' : null);
};

/** A rollback that AWS has denied for a minute, and lets through from now on. */
async function allowedAgain() {
  const { cli, lapFor } = await driven();
  deny(cli);
  const asked = cli.run('rollback', { as: 'bob' });
  await lapFor(60_000);
  await asked;
  cli.model.fault = () => null;
  return { cli, lapFor };
}

describe('a rollback for which UpdateAlias is denied', () => {
  it('is tried by the controller every 30 s, and answers the person with 4', async () => {
    const { cli, lapFor } = await driven();
    deny(cli);
    const asked = cli.run('rollback', { as: 'bob' });
    await lapFor(60_000);
    const { code, stderr } = await asked;
    expect([code, stderr]).toEqual([4, expect.stringMatching(/AWS denies it too: .*writeAlias is denied/)]);
    const [{ token }, { length }] = [await cli.store.lock(), await cli.store.journal('r-1' as never)];
    await lapFor(600_000);
    const after = await cli.store.lock();
    expect(after.token - token).toBeGreaterThanOrEqual(18);
    expect(after.token - token).toBeLessThanOrEqual(21);
    expect((await cli.store.journal('r-1' as never)).length - length).toBeLessThanOrEqual(4 * 21);
  });

  it('is told by status, with what is denied and to whom', async () => {
    const { cli, lapFor } = await driven();
    deny(cli);
    const asked = cli.run('rollback', { as: 'bob' });
    await lapFor(60_000);
    await asked;
    expect((await cli.run('status')).stdout).toMatch(
      /^denied +the rollback is denied to controller: alias live of dev: writeAlias is denied; next: mlreg rollback/m,
    );
    expect(await cli.ask('status')).toMatchObject({
      rollout: { denied: { error: expect.stringContaining('denied') } },
    });
  });

  it('delays nobody whose credentials serve', async () => {
    const { cli, lapFor } = await allowedAgain();
    const began = cli.clock.now();
    expect((await cli.run('rollback', { as: 'cat' })).code).toBe(0);
    expect(cli.clock.now() - began).toBeLessThan(5_000);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('ends under the controller within 30 s of being allowed', async () => {
    const { cli, lapFor } = await allowedAgain();
    await lapFor(32_000);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });
});
