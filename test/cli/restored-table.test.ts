import { describe, expect, it } from 'vitest';
import { runs, seenFrom, servingFrom, users } from '../support/backup-scene.ts';
import { projectConfig } from '../support/cli-world.ts';
import { copyOfTable, keptInTable } from '../support/kept-stores.ts';
import { expectWell } from '../support/recovered.ts';

/*
 * A table that AWS restored, and that mlreg.yaml names before anybody took it into use. Its records are whole, and the
 * aliases' markers are its own: nothing but the table's id tells it from the one that is in use.
 */

const named = projectConfig.replace('dev: { approvals: 0 }', 'dev: { approvals: 0, table: mlreg-dev-2 }');
const words = 'mlreg restore --table mlreg-dev-2 --supersedes mlreg-dev';

async function restored() {
  const old = keptInTable('mlreg-dev');
  const aws = await servingFrom(old);
  await runs(aws, 'deploy --model-version v2.3.0');
  const fresh = keptInTable('mlreg-dev-2', copyOfTable(old.fake, 'mlreg-dev-2'));
  const tables = { 'mlreg-dev-2': fresh, 'mlreg-dev': old };
  return { old, fresh, cli: seenFrom(fresh, aws, tables, named) };
}

describe('a table that AWS restored from another one', () => {
  it.each(['deploy --model-version v2.2.0', 'gc', 'resume'])(
    'lets nobody go forward: %s',
    async (command) => {
      const { cli, fresh } = await restored();
      const before = [users(cli), (await fresh.store.lock()).token];
      const ran = await cli.run(command);
      expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining(words)]);
      expect(ran.stderr).toContain('table mlreg-dev-2 was restored from table mlreg-dev');
      expect([users(cli), (await fresh.store.lock()).token]).toEqual(before);
    },
  );

  it('is named by status and doctor, with what to type', async () => {
    const { cli } = await restored();
    expect((await cli.run('status')).stdout).toContain('was restored from table mlreg-dev');
    expect((await cli.run('doctor')).stdout).toContain(words);
  });

  it('gives out no token, also where no alias carries a marker', async () => {
    const { fresh } = await restored();
    const owner = { name: 'm', host: 'h', pid: 1, command: 'deploy' };
    const request = { owner, rollout: null, takeOver: true, at: 0 as never };
    await expect(fresh.store.acquire(request)).rejects.toMatchObject({
      message: 'table mlreg-dev-2 was restored from table mlreg-dev',
    });
  });

  it('stands in no rollback’s way', async () => {
    const { cli } = await restored();
    expect(cli.model.alias('live').target.functionVersion).not.toBe('7');
    const ran = await cli.run('rollback --reason harm --yes');
    expect([ran.code, ran.stderr]).toEqual([0, expect.anything()]);
    expect(cli.model.alias('live').target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('is used like any other once it has taken the place of the old one', async () => {
    const { cli, fresh } = await restored();
    await runs(cli, `${words.replace('mlreg ', '')} --apply`);
    expect(await fresh.store.lock()).toMatchObject({ table: `mlreg-dev-2/${fresh.fake.tableId}` });
    await expectWell(cli, 'v2.3.0');
  });

  it('takes the place of a table that had taken another one’s place before', async () => {
    const { cli, fresh } = await restored();
    await runs(cli, `${words.replace('mlreg ', '')} --apply`);
    const third = keptInTable('mlreg-dev-3', copyOfTable(fresh.fake, 'mlreg-dev-3'));
    const again = seenFrom(third, cli, { 'mlreg-dev-3': third, 'mlreg-dev-2': fresh });
    const answer = await again.ask('restore --table mlreg-dev-3 --supersedes mlreg-dev-2 --apply');
    expect(answer).toMatchObject({ result: 'restored', champion: { version: 'v2.3.0' } });
  });

  it('may have the name of the old one, which is gone', async () => {
    const { cli: aws, old } = await restored();
    old.fake.tableId = 'made-anew';
    const cli = seenFrom(old, aws, { 'mlreg-dev': old });
    const own = 'restore --table mlreg-dev --supersedes mlreg-dev';
    const refused = await cli.run('deploy --model-version v2.2.0');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining(own)]);
    await runs(cli, `${own} --apply`);
    await expectWell(cli, 'v2.3.0');
    const done = await cli.run(`${own} --apply`);
    expect([done.code, done.stderr]).toEqual([
      2,
      expect.stringContaining('a table does not take its own place'),
    ]);
  });

  it('is not told from the old one where mlreg may not ask for its id, and markers still tell', async () => {
    const { cli, fresh } = await restored();
    fresh.fake.fate = (operation) => (operation === 'DescribeTable' ? 'denied' : 'pass');
    expect((await cli.run('gc')).code).toBe(0);
  });
});
