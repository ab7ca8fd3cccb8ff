import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { UserError } from '../../src/domain/user-error.ts';
import { later } from '../../src/domain/units.ts';
import type { Store } from '../../src/ports/store.ts';
import { baking, type CliWorld, type Ran, serving } from '../support/cli-world.ts';
import { readOnlyStore } from '../support/model-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const home = { functionVersion: '7', weights: {} };

/** Nothing of it can be read or written. */
const outOfReach = new Proxy({} as Store, {
  get: () => () => Promise.reject(new UserError('unavailable', "mlreg's state can't be read: AccessDenied")),
});

/** The same command by somebody who may move the alias, and may not read the store that its owner reads. */
async function withoutStore(cli: CliWorld, words: string): Promise<Ran> {
  cli.connectTo = () => ({ store: outOfReach });
  try {
    return await cli.run(words, { as: 'bob' });
  } finally {
    cli.connectTo = () => ({});
  }
}

/** A person rolls back while the rollout is where `holds` says; its owner has its store. */
async function broughtBack(
  cli: CliWorld,
  holds: (entry: Entry) => boolean,
  words = deploy,
): Promise<{ readonly owner: Ran; readonly person: Ran; readonly lookedAfterMs: number }> {
  let other: Promise<Ran> | undefined;
  let at = 0;
  cli.when(holds, () => {
    other = withoutStore(cli, 'rollback').finally(() => (at = cli.clock.now()));
  });
  const owner = await cli.run(words);
  const end = cli.clock.now();
  return { owner, person: await other!, lookedAfterMs: end - at };
}

describe('a rollback by the alias alone while the owner lives, and has its store', () => {
  it.each([
    { where: 'in a bake', words: deploy, holds: baking(10) },
    {
      where: 'while it waits for approval',
      words: `${deploy} --environment staging`,
      holds: ({ kind }: Entry) => kind === 'held',
    },
    {
      where: 'in shadow',
      words: 'deploy --strategy shadow --model-version v2.3.0',
      holds: ({ kind }: Entry) => kind === 'observed',
    },
    {
      where: 'in a blue-green bake',
      words: 'deploy --strategy blue-green --model-version v2.3.0',
      holds: ({ kind }: Entry) => kind === 'observed',
    },
  ])('is noticed $where at the next tick, recorded, and said', async ({ words, holds }) => {
    const cli = await serving();
    const { owner, person, lookedAfterMs } = await broughtBack(cli, holds, words);
    expect([person.code, person.stdout]).toEqual([0, expect.stringContaining('Lambda version 7 alone')]);
    expect(owner.stderr).toContain(
      'users were brought back by hand to v2.2.0 (Lambda version 7), after 15:06:',
    );
    expect(owner.stdout + owner.stderr).not.toContain('goes on there');
    expect(owner.code).toBe(9);
    // A bake lasts 10 s, an approval two minutes; a tick 1 s, and without news the alias is read every 10 s.
    expect(lookedAfterMs).toBeLessThanOrEqual(words.includes('staging') ? 12_000 : 3_000);
    expect(cli.model.alias().target).toEqual(home);
    const at = words.includes('staging') ? ' --environment staging' : '';
    const status = await cli.ask(`status${at}`);
    expect(status).toMatchObject({ champion: 'v2.2.0', rollout: null });
    expect(status).not.toHaveProperty('marker');
    expect(status).not.toHaveProperty('broughtBack');
    expect((await cli.run(`audit verify${at}`)).code).toBe(0);
  });

  it('is said while the store is out for its owner as well, and recorded when it answers again', async () => {
    const cli = await serving();
    let other: Promise<Ran> | undefined;
    cli.when(baking(10), () => {
      cli.model.fault = readOnlyStore;
      other = cli.run('rollback', { as: 'bob' }).finally(() => {
        void cli.clock.sleepUntil(later(cli.clock.now(), 15_000)).then(() => (cli.model.fault = () => null));
      });
    });
    const owner = await cli.run(deploy);
    await other;
    const said = owner.stderr.split('\n').filter((line) => line.includes('brought back by hand'));
    expect(said[0]).toContain(
      'The registry does not know yet. Next: make the store usable again, then: mlreg resume --environment dev',
    );
    expect(said).toHaveLength(2);
    expect(owner.code).toBe(9);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it('leaves the recording to whoever comes first', async () => {
    const cli = await serving();
    const ran: number[] = [];
    let others: Promise<void> | undefined;
    cli.when(baking(10), () => {
      others = (async () => {
        ran.push((await withoutStore(cli, 'rollback')).code);
        ran.push((await cli.run('resume', { as: 'cat' })).code);
      })();
    });
    const owner = await cli.run(deploy);
    await others;
    expect([owner.code, ran[0]]).toEqual([9, 0]);
    expect([2, 9]).toContain(ran[1]);
    expect(owner.stdout + owner.stderr).not.toContain('goes on there');
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
    expect((await cli.run('audit verify')).code).toBe(0);
  });
});

describe('status while a rollback stands on the alias alone', () => {
  it('says that first, with the time, the version and the next command, and nothing against it', async () => {
    const cli = await serving();
    cli.when(baking(50), () => {
      cli.model.fault = () => 'crash-before';
    });
    await cli.run(deploy);
    cli.model.fault = () => null;
    expect((await withoutStore(cli, 'rollback')).code).toBe(0);
    const { stdout } = await cli.run('status');
    expect(stdout).toMatchSnapshot();
    expect(stdout.split('\n')[0]).toMatch(
      /^users were brought back by hand to v2\.2\.0 \(Lambda version 7\), after [\d:]+Z; next: mlreg resume --environment dev$/,
    );
    expect(stdout).not.toMatch(/baking|at 50 %|under way/);
    expect(await cli.ask('status')).toMatchObject({
      broughtBack: { byHand: true, functionVersion: '7', version: 'v2.2.0', rollout: 'r-1' },
      rollout: { headline: expect.stringContaining('brought back by hand') },
    });
    expect((await cli.run('resume')).code).toBe(9);
    expect((await cli.run('status')).stdout).not.toContain('by hand');
  });
});
