import { describe, expect, it } from 'vitest';
import { instant, rolloutId } from '../../src/domain/units.ts';
import { baking, cliWorld, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

describe('a lock', () => {
  it('is seen: who, where, for how long, and by which command', async () => {
    const cli = await serving();
    await cli.store.acquire({
      owner: { name: 'bob', host: 'desk', pid: 77, command: 'mlreg deploy --model-version v9' },
      rollout: rolloutId('r-lost'),
      takeOver: false,
      at: instant(cli.clock.now() - 30_000),
    });
    const { stdout } = await cli.run('status');
    expect(stdout).toContain('owner     bob (pid 77 on desk) for 30s: mlreg deploy --model-version v9');
    expect(await cli.ask('status')).toMatchObject({ owner: { name: 'bob', host: 'desk', pid: 77 } });
  });

  it('that nobody will ever give back is broken by force, and not without a reason', async () => {
    const cli = await serving();
    // Of a rollout without a first entry it would be taken over after a heartbeat; a gc may be silent for longer.
    const lock = { rollout: null, takeOver: false, at: cli.clock.now() };
    await cli.store.acquire({
      owner: { name: 'bob', host: 'desk', pid: 77, command: 'mlreg gc' },
      ...lock,
    });
    const refused = await cli.run(deploy);
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('--force --reason WHY')]);
    expect(await cli.run(`${deploy} --force`)).toMatchObject({ code: 2 });
    expect((await cli.store.lock()).owner?.name).toBe('bob');
    expect((await cli.run(`${deploy} --force --reason "the desk burnt down"`)).code).toBe(0);
    const [newest] = await cli.store.rollouts();
    expect((await cli.store.journal(newest!))[0]).toMatchObject({
      kind: 'started',
      reason: 'the desk burnt down',
    });
  });

  it('of a running rollout is taken by resume --force; its owner stops, and the journal says why', async () => {
    const cli = await serving();
    let taken: Promise<{ readonly code: number }> | undefined;
    cli.when(baking(10), () => {
      taken = cli.run('resume --force --reason "their laptop sleeps"', { as: 'bob', host: 'desk' });
    });
    await cli.run(deploy);
    expect((await taken)?.code).toBe(0);
    const [newest] = await cli.store.rollouts();
    const owned = (await cli.store.journal(newest!)).filter(({ kind }) => kind === 'owned');
    expect(owned).toMatchObject([{ by: { name: 'bob' }, forced: 'their laptop sleeps' }]);
  });

  it('of a running rollout is not broken by another deploy', async () => {
    const cli = await serving();
    let other: Promise<{ readonly code: number }> | undefined;
    cli.when(baking(10), () => {
      other = cli.run('deploy --model-version v2.4.0 --force --reason "mine first"', { as: 'bob' });
    });
    await cli.run(deploy);
    expect((await other)?.code).toBe(5);
  });

  it('of nobody needs no force', async () => {
    expect((await cliWorld().run('resume --force')).code).toBe(2);
  });
});
