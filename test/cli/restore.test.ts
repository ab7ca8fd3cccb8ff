import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { place, runs, seenFrom, servingFrom, users } from '../support/backup-scene.ts';
import { baking, projectConfig } from '../support/cli-world.ts';
import { copyOfTable, keptInFile, keptInTable } from '../support/kept-stores.ts';
import { expectWell } from '../support/recovered.ts';
import { expectRestored, marks, movedOn } from '../support/restore-routes.ts';

describe('mlreg restore, while others write the aliases', () => {
  it('looks again where one was changed, and takes an epoch above what it finds then', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const cli = seenFrom(keptInFile(), aws);
    const { target, stamp } = cli.model.alias('green');
    let changed = 0;
    cli.model.fault = (_at, name) => {
      if (name === 'writeAlias' && changed++ === 0) {
        const detail = { ...stamp!.detail!, store: { ...stamp!.detail!.store, epoch: 7 } };
        cli.model.makeAlias('green', target, { ...stamp!, token: 500, detail });
      }
      return null;
    };
    const before = users(cli);
    const ran = await cli.run(`restore --from ${backup} --apply --force --reason drill`);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('looking again')]);
    expect(users(cli)).toEqual(before);
    for (const one of marks(cli)) {
      expect(one?.detail?.store.epoch).toBeGreaterThan(7);
      expect(one?.token).toBeGreaterThan(500);
    }
  });

  it('makes what was promoted meanwhile the champion, and never sets it back', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const cli = seenFrom(keptInFile(), aws);
    const { stamp } = cli.model.alias();
    let changed = 0;
    cli.model.fault = (_at, name) => {
      if (name === 'writeAlias' && changed++ === 0)
        cli.model.makeAlias(
          'live',
          { functionVersion: '7', weights: {} },
          { ...stamp!, seq: stamp!.seq + 5 },
        );
      return null;
    };
    expect(await cli.ask(`restore --from ${backup} --apply`)).toMatchObject({
      champion: { version: 'v2.2.0' },
    });
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect((await cli.ask('status')).champion).toBe('v2.2.0');
  });

  it('gives up where that does not end, and says what to type', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const cli = seenFrom(keptInFile(), aws);
    cli.model.fault = (_at, name) => {
      const { target, stamp } = cli.model.alias();
      if (name === 'writeAlias') cli.model.makeAlias('live', target, stamp);
      return null;
    };
    const ran = await cli.run(`restore --from ${backup} --apply`);
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('was changed while its store was')]);
  });
});

describe('mlreg restore, where something is there', () => {
  it('sets the records of a file aside, and restores in its place', async () => {
    const own = keptInFile();
    const { aws, backup } = await movedOn(own);
    const bytes = readFileSync(own.path);
    const cli = seenFrom(own, aws);
    const shown = await cli.run(`restore --from ${backup}`);
    expect(shown.stdout).toMatch(
      /into .*, which holds later records: they are set aside\n(.*\n)? {2}lost +r-\d+: their/,
    );
    expect(readdirSync(dirname(own.path)).filter((name) => name.includes('replaced'))).toEqual([]);
    const { setAside, champion } = await cli.ask(`restore --from ${backup} --apply`);
    expect(readFileSync(setAside)).toEqual(bytes);
    expect(champion.version).toBe('v2.4.0');
    const done = marks(cli);
    expect(await cli.ask(`restore --from ${backup} --apply`)).toMatchObject({ result: 'nothing-to-restore' });
    expect(marks(cli)).toEqual(done);
    await expectWell(cli, 'v2.4.0');
    // Used since: the same order once more is no retry.
    expect((await cli.run(`restore --from ${backup} --apply`)).code).toBe(5);
  });

  it('changes no record of a table: it names a new one, into which --table leads', async () => {
    const own = keptInTable('mlreg-dev');
    const { aws, backup } = await movedOn(own);
    const items = structuredClone([...own.fake.items]);
    const fresh = keptInTable('mlreg-dev-2');
    const cli = seenFrom(own, aws, { 'mlreg-dev-2': fresh });
    const ran = await cli.run(`restore --from ${backup} --apply`);
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringContaining(`--from ${backup} --table NEW --apply`),
    ]);
    expect([...own.fake.items]).toEqual(items);
    const said = await runs(cli, `restore --from ${backup} --table mlreg-dev-2 --apply`);
    expect(said).toContain('mlreg-dev is sealed');
    expect(said).toContain('set environments.dev.table to mlreg-dev-2 in mlreg.yaml');
    expect((await own.store.lock()).sealedBy?.id).toBe((await fresh.store.lock()).store?.id);
    await expectWell(seenFrom(fresh, cli), 'v2.4.0');
  });

  it('refuses while somebody drives a rollout in the store that it replaces, without --force', async () => {
    const own = keptInFile();
    const { aws, backup } = await movedOn(own);
    await aws.register('v2.5.0');
    let tried: Promise<any> | undefined;
    aws.when(baking(10), () => {
      tried = aws.run(`restore --from ${backup} --apply`);
    });
    await aws.run('deploy --model-version v2.5.0');
    const ran = await tried;
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringContaining('drives a rollout in the store that is to be replaced'),
    ]);
    expect((await aws.ask('status')).champion).toBe('v2.5.0');
  });

  it('needs --force and a reason where another store has the aliases', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const other = seenFrom(keptInFile(), aws);
    await runs(other, 'recover --yes');
    const own = keptInFile();
    const cli = seenFrom(own, other);
    const before = [users(cli), marks(cli)];
    expect((await cli.run(`restore --from ${backup}`)).stdout).toContain('took the place of this store');
    const refused = await cli.run(`restore --from ${backup} --apply`);
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining('--apply --force --reason WHY'),
    ]);
    expect([users(cli), marks(cli)]).toEqual(before);
    expect(existsSync(own.path)).toBe(false);
    expect((await cli.run(`restore --from ${backup} --apply --force`)).code).toBe(2);
    await runs(cli, `restore --from ${backup} --apply --force --reason "that machine is gone"`);
    expect(marks(cli)[0]?.detail?.store.epoch).toBe((before[1]?.[0] as any).detail.store.epoch + 1);
    await expectWell(cli, 'v2.4.0');
  });

  it('asks before it restores a protected environment: by its name, or --yes', async () => {
    const config = projectConfig.replace('dev: { approvals: 0 }', 'dev: { approvals: 0, protected: true }');
    const { aws, backup } = await movedOn(keptInFile());
    const cli = seenFrom(keptInFile(), aws, {}, config);
    expect((await cli.run(`restore --from ${backup}`)).code).toBe(0);
    const before = marks(cli);
    expect((await cli.run(`restore --from ${backup} --apply`)).code).toBe(2);
    expect(
      (await cli.run(`restore --from ${backup} --apply`, { terminal: true, answers: ['yes'] })).code,
    ).toBe(2);
    expect([marks(cli), (await cli.store.lock()).token]).toEqual([before, 0]);
    expect(
      (await cli.run(`restore --from ${backup} --apply`, { terminal: true, answers: ['dev'] })).code,
    ).toBe(0);
    const again = seenFrom(keptInFile(), aws, {}, config);
    await runs(again, `restore --from ${backup} --apply --yes`);
  });

  it('says what it restores from', async () => {
    const cli = await servingFrom(keptInFile());
    for (const words of ['restore', 'restore --table a', 'restore --table a --supersedes a'])
      expect([words, (await cli.run(words)).code]).toEqual([words, 2]);
    expect(existsSync(place('none'))).toBe(false);
    expect((await cli.run(`restore --from ${place('none')}`)).code).toBe(2);
  });
});

describe('mlreg restore --table, of a table that AWS restored', () => {
  it.each(['nothing', 'a promotion'])('takes the place of the old one, with %s lost', async (lost) => {
    const old = keptInTable('mlreg-dev');
    const aws = await servingFrom(old);
    await runs(aws, 'deploy --model-version v2.3.0');
    const fresh = keptInTable('mlreg-dev-2', copyOfTable(old.fake, 'mlreg-dev-2'));
    if (lost !== 'nothing') {
      await aws.register('v2.4.0');
      await runs(aws, 'deploy --model-version v2.4.0');
    }
    const champion = lost === 'nothing' ? 'v2.3.0' : 'v2.4.0';
    const tables = { 'mlreg-dev-2': fresh, 'mlreg-dev': old };
    const cli = seenFrom(old, aws, tables);
    const before = [users(cli), marks(cli)[0]?.token ?? 0] as const;
    const words = 'restore --table mlreg-dev-2 --supersedes mlreg-dev';
    expect(await runs(cli, words)).toContain('table mlreg-dev-2, which keeps its records');
    expect(marks(cli)[0]?.token).toBe(before[1]);
    expect(await cli.ask(`${words} --apply`)).toMatchObject({
      ...{ result: 'restored', champion: { version: champion }, isComplete: lost === 'nothing' },
      sealed: [{ where: 'mlreg-dev', isSealed: true }],
    });
    expect(users(cli)).toEqual(before[0]);
    const left = await cli.run('resume');
    expect([left.code, left.stderr]).toEqual([5, expect.stringContaining('took the place of this store')]);
    const config = projectConfig.replace(
      'dev: { approvals: 0 }',
      'dev: { approvals: 0, table: mlreg-dev-2 }',
    );
    const now = seenFrom(fresh, cli, tables, config);
    await expectRestored(now, { token: before[1], epoch: 1 });
    expect(await now.ask(`${words} --apply`)).toMatchObject({ result: 'nothing-to-restore' });
    await expectWell(now, champion);
  });

  it('refuses a table that was not restored from the old one, and an empty one', async () => {
    const old = keptInTable('mlreg-dev');
    const aws = await servingFrom(old);
    await runs(aws, 'deploy --model-version v2.3.0');
    const other = keptInTable('other');
    await runs(await servingFrom(other), 'deploy --model-version v2.3.0');
    const cli = seenFrom(old, aws, { other, empty: keptInTable('empty'), 'mlreg-dev': old });
    for (const [table, sentence] of [
      ['other', 'was not restored from table mlreg-dev'],
      ['empty', 'is empty'],
    ] as const) {
      const ran = await cli.run(`restore --table ${table} --supersedes mlreg-dev --apply`);
      expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining(sentence)]);
    }
  });
});
