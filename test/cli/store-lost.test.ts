import { describe, expect, it } from 'vitest';
import { rolloutId } from '../../src/domain/units.ts';
import { baking, type CliWorld, serving } from '../support/cli-world.ts';
import { readOnlyStore, v22, v23 } from '../support/model-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const home = { functionVersion: '7', weights: {} };

/** v2.3.0 has 50 % of users, its owner is dead, and the store can be read and not written. */
async function orphaned(): Promise<CliWorld> {
  const cli = await serving();
  cli.when(baking(50), () => {
    cli.model.fault = () => 'crash-before';
  });
  await cli.run(deploy);
  cli.model.fault = readOnlyStore;
  return cli;
}

/** The store takes writes again: one resume, and journal, registry and alias agree. */
async function expectRepaired(cli: CliWorld, champion: string, version: string): Promise<void> {
  cli.model.fault = () => null;
  expect([0, 9]).toContain((await cli.run('resume')).code);
  const status = await cli.ask('status');
  expect(status).toMatchObject({ champion, alias: { functionVersion: version }, rollout: null });
  expect(status).not.toHaveProperty('marker');
  expect((await cli.run('audit verify')).code).toBe(0);
}

describe('a store that can be read and not written', () => {
  it.each(['rollback', 'abort', 'rollback --to v2.2.0'])('does not stand in the way of %s', async (words) => {
    const cli = await orphaned();
    const { code, stdout, stderr } = await cli.run(words, { as: 'bob' });
    expect([code, stdout]).toEqual([0, expect.stringContaining('serves Lambda version 7 alone, read back')]);
    expect(stderr).toContain("state can't be written");
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { detail: { purpose: 'blind' } } });
    expect(await cli.ask('status')).toMatchObject({
      marker: { isBehind: false, mend: 'mlreg resume --environment dev' },
    });
    await expectRepaired(cli, v22, '7');
  });

  it('is repaired by one resume while the owner lives as well, and does not know of the rollback', async () => {
    const cli = await serving();
    const ran: { words: string; code: number }[] = [];
    let others: Promise<void> | undefined;
    cli.when(baking(50), () => {
      others = (async () => {
        cli.model.fault = readOnlyStore;
        ran.push({ words: 'rollback', code: (await cli.run('rollback', { as: 'bob' })).code });
        cli.model.fault = () => null;
        ran.push({ words: 'resume', code: (await cli.run('resume', { as: 'bob' })).code });
      })();
    });
    await cli.run(deploy);
    await others;
    expect(ran).toEqual([
      { words: 'rollback', code: 0 },
      { words: 'resume', code: 9 },
    ]);
    expect(cli.model.alias().target).toEqual(home);
    expect(await cli.ask('status')).toMatchObject({ champion: v22, rollout: null });
    expect((await cli.run('audit verify')).code).toBe(0);
  });

  it('is repaired also where its rollout had ended: resume counts no step after the last', async () => {
    const cli = await serving();
    await cli.run(deploy);
    cli.model.fault = readOnlyStore;
    expect((await cli.run('rollback', { as: 'bob' })).code).toBe(0);
    cli.model.fault = () => null;
    const { stderr } = await cli.run('resume');
    expect(stderr).toContain('taking up r-1: canary of v2.3.0, after its last step');
    expect(await cli.ask('status')).toMatchObject({ champion: v22, rollout: null });
  });

  it('lets nothing go forward', async () => {
    const cli = await orphaned();
    expect((await cli.run('resume', { as: 'bob' })).code).toBe(1);
    expect(cli.model.alias().target).not.toEqual(home);
    cli.model.fault = () => null;
    await cli.run('abort');
    await cli.register('v2.4.0');
    cli.model.fault = readOnlyStore;
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(1);
    expect(cli.model.alias().target).toEqual(home);
  });

  it("shows another person's rollback to another version, and goes over it by force alone", async () => {
    const cli = await orphaned();
    await cli.register('v2.1.0', { status: 'archived', functionVersion: '5' });
    await cli.run('rollback --to v2.1.0', { as: 'bob' });
    expect(cli.model.alias().target.functionVersion).toBe('5');
    const refused = await cli.run('rollback --to v2.2.0', { as: 'cat' });
    expect([refused.code, refused.stdout]).toEqual([
      2,
      expect.stringContaining('another person rolled back'),
    ]);
    expect(cli.model.alias().target.functionVersion).toBe('5');
    expect((await cli.run('rollback --to v2.2.0 --force --reason "v2.1.0 fails"', { as: 'cat' })).code).toBe(
      0,
    );
    expect(cli.model.alias().target).toEqual(home);
    await expectRepaired(cli, v22, '7');
  });

  it('undoes no rollout that began after the one that is aborted', async () => {
    const cli = await orphaned();
    const { target, stamp } = cli.model.alias();
    if (stamp === undefined) throw new Error('a rollout that bakes has marked its alias');
    cli.model.fault = (index, name) => {
      const fault = readOnlyStore(index, name);
      const later = { ...stamp, token: stamp.token + 5, rollout: rolloutId('r-later') };
      if (fault !== null) cli.model.makeAlias('live', target, later);
      return fault;
    };
    const { code, stdout } = await cli.run('abort', { as: 'bob' });
    expect([code, stdout]).toEqual([2, expect.stringContaining('is over: r-later has alias live since')]);
    expect(stdout).toContain('to roll that one back: mlreg rollback --environment dev');
    expect(cli.model.alias().target).toEqual(target);
  });

  it('is repaired with what the person chose: it keeps serving, and is the champion', async () => {
    const cli = await orphaned();
    await cli.register('v2.1.0', { status: 'archived', functionVersion: '5' });
    await cli.run('rollback --to v2.1.0', { as: 'bob' });
    await expectRepaired(cli, 'v2.1.0', '5');
    const { versions } = await cli.ask('versions');
    const statuses = Object.fromEntries(versions.map(({ version, status }: any) => [version, status]));
    expect(statuses).toEqual({ [v22]: 'rolled_back', [v23]: 'rolled_back', 'v2.1.0': 'champion' });
  });

  it('lets its owner judge on in memory, and go back on a breach', async () => {
    const cli = await serving();
    cli.when(baking(50), () => {
      cli.model.fault = readOnlyStore;
      cli.model.behaviour[v23] = { errors: 0.5, latencyMs: 20 };
    });
    const { code, stdout, stderr } = await cli.run(deploy);
    expect([code, stderr]).toEqual([3, expect.stringContaining('journal entries could not be written')]);
    expect(stdout + stderr).not.toContain('the store could not be written for');
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { detail: { purpose: 'back' } } });
    await expectRepaired(cli, v22, '7');
  });

  it('takes users off an unjudged version when the outage has lasted too long', async () => {
    const cli = await serving();
    cli.when(baking(50), () => (cli.model.fault = readOnlyStore));
    const { code, stdout } = await cli.run(deploy);
    expect([code, stdout]).toEqual([3, expect.stringContaining('the store could not be written for')]);
    expect(cli.model.alias().target).toEqual(home);
    await expectRepaired(cli, v22, '7');
  });
});

describe('a store that is not the newest', () => {
  it('moves nobody: deploy, resume and gc are refused, and status, doctor and audit verify say why', async () => {
    const cli = await serving();
    const { stamp, target } = cli.model.alias();
    expect(stamp).toBeUndefined();
    await cli.run(deploy);
    const marked = cli.model.alias();
    // An older copy of the store: it never heard of the rollout.
    const before = await serving();
    before.model.publishAs(marked.target.functionVersion, {});
    before.model.makeAlias('live', marked.target, marked.stamp);
    const refused = await before.run(deploy);
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining('which this store does not know'),
    ]);
    expect(refused.stderr).not.toContain('--to');
    expect((await before.run('gc')).code).toBe(5);
    expect(before.model.alias().target).toEqual(marked.target);
    const status = await before.ask('status');
    expect(status.marker).toMatchObject({ isBehind: true });
    const doctor = await before.ask('doctor');
    const alias = doctor.findings.find(({ check }: any) => check === 'alias');
    expect(alias).toMatchObject({ ok: false, detail: expect.stringContaining('does not know') });
    expect(JSON.stringify(doctor)).not.toContain('rollback --to');
    const audit = await before.run('audit verify');
    expect([audit.code, audit.stderr]).toEqual([5, expect.stringContaining('the records are whole, but')]);
    expect(target).toEqual(home);
  });

  it('names a marker that nobody can read, instead of calling it a mistake in mlreg', async () => {
    const cli = await serving();
    await cli.run(deploy);
    await cli.register('v2.4.0');
    const text = 'mlreg/1 env=local token=9007199254740991 seq=1 rollout=r-1 back=7';
    cli.model.describe('live', text);
    const { code, stderr } = await cli.run('deploy --model-version v2.4.0');
    expect([code, stderr]).toEqual([5, expect.stringContaining(`can't be read: ${text}`)]);
    expect(stderr).not.toContain('mistake in mlreg');
    expect(await cli.ask('status')).toMatchObject({
      marker: { detail: expect.stringContaining("can't be read") },
    });
    expect((await cli.run('rollback --to v2.2.0')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: v22 });
  });
});
