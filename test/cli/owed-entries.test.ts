import { describe, expect, it } from 'vitest';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';
import { readOnlyStore, v22, v23 } from '../support/model-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const home = { functionVersion: '7', weights: {} };

/** Where the store stopped taking entries before its owner rolled back and ended. The store takes writes again by now. */
const ends = {
  'before the verdict': (cli: CliWorld) =>
    cli.when(baking(50), () => {
      cli.model.fault = readOnlyStore;
      cli.model.behaviour[v23] = bad;
    }),
  'after the entry that sends it back': (cli: CliWorld) => {
    cli.model.behaviour[v23] = bad;
    cli.when(
      ({ kind }) => kind === 'rolling-back',
      () => void (cli.model.fault = readOnlyStore),
    );
  },
  'before its last entry': (cli: CliWorld) => {
    cli.model.behaviour[v23] = bad;
    cli.when(
      ({ kind }) => kind === 'labelled',
      () => void (cli.model.fault = readOnlyStore),
    );
  },
} as const;

async function ended(how: keyof typeof ends): Promise<CliWorld> {
  const cli = await serving();
  await cli.register('v2.4.0');
  ends[how](cli);
  const { code, stderr } = await cli.run(deploy);
  expect([code, stderr]).toEqual([
    3,
    expect.stringMatching(/\d+ journal entries could not be written; run: mlreg resume/),
  ]);
  expect(cli.model.alias().target).toEqual(home);
  cli.model.fault = () => null;
  return cli;
}

async function expectWhole(cli: CliWorld): Promise<void> {
  expect(cli.model.alias().target).toEqual(home);
  const status = await cli.ask('status');
  expect(status).toMatchObject({ champion: v22, alias: { functionVersion: '7' }, rollout: null });
  expect(status).not.toHaveProperty('marker');
  expect(await cli.store.version(v23)).toMatchObject({ status: 'rolled_back' });
  expect((await cli.run('audit verify')).code).toBe(0);
}

describe.each(Object.keys(ends) as (keyof typeof ends)[])(
  'an owner that ended while it owed entries, the store out from %s on',
  (how) => {
    it.each(['resume', 'rollback', 'abort'])('is completed by the next mlreg %s', async (words) => {
      const cli = await ended(how);
      expect([0, 3, 9]).toContain((await cli.run(words, { as: 'bob' })).code);
      if (words === 'rollback') await cli.run('resume');
      await expectWhole(cli);
    });

    it.each(['status', 'doctor', 'deploy --model-version v2.4.0', 'gc'])(
      'makes the next mlreg %s say what is missing, and moves nobody',
      async (words) => {
        const cli = await ended(how);
        const { revisionId } = cli.model.alias();
        const { stdout, stderr } = await cli.run(words);
        expect(stdout + stderr).toMatch(/mlreg (resume|abort)/);
        expect(cli.model.alias().revisionId).toBe(revisionId);
        await cli.run('resume');
        await expectWhole(cli);
      },
    );
  },
);

describe('an owner whose verdict no entry tells of, because it ended before the store came back', () => {
  it('leaves the marker to say so: status before the journal is told, and history and status after', async () => {
    const cli = await ended('before the verdict');
    const said =
      'rolled back while the store could not be written; the reason was printed by the owner at the time';
    const { stdout } = await cli.run('status');
    expect(stdout).toContain('brought back by the owner of r-1, which could not write the store, to v2.2.0');
    expect(stdout).toContain('mlreg resume --environment dev');
    await cli.run('resume', { as: 'bob' });
    expect((await cli.run('history')).stdout).toContain(said);
    expect((await cli.run('status')).stdout).toContain(said);
  });
});

it('an owner that lives when the store comes back writes its verdict, and history gives that as the reason', async () => {
  const cli = await serving();
  cli.when(baking(50), () => {
    cli.model.behaviour[v23] = bad;
    // The store takes writes again as soon as users are home.
    cli.model.fault = (at, name) =>
      cli.model.alias().target.functionVersion === '7' ? null : readOnlyStore(at, name);
  });
  const ran = await cli.run(deploy);
  expect([ran.code, ran.stderr]).toEqual([3, expect.not.stringContaining('could not be written; run')]);
  const [rollout] = (await cli.ask('history')).rollouts;
  expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
  const { stdout } = await cli.run('history');
  expect(stdout).toContain(rollout.outcome.cause.sentence);
  expect(stdout).not.toContain('the reason was printed');
});
