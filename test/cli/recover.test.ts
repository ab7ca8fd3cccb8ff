import { describe, expect, it } from 'vitest';
import type { Stamp } from '../../src/domain/journal.ts';
import { baking, began, type CliWorld, cliWorld, serving } from '../support/cli-world.ts';
import { memoryPlace, openMemoryStore } from '../support/memory-store.ts';
import { expectWell, named, promoted, under } from '../support/recovered.ts';

const serves = (cli: CliWorld) => cli.model.alias().target;
const statuses = async (cli: CliWorld): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await cli.ask('versions')).versions.map(({ version, status }: any) => [version, status]),
  );

describe('mlreg recover, after the store was lost', () => {
  it('shows what it found, and changes nothing unattended without --yes', async () => {
    const cli = under(cliWorld(), await promoted());
    const before = cli.model.alias();
    const ran = await cli.run('recover');
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toMatchSnapshot();
    expect(cli.model.alias()).toEqual(before);
    expect(await cli.store.versions()).toEqual([]);
  });

  it('rebuilds the registry, moves nobody, and marks both aliases as restored', async () => {
    const cli = under(cliWorld(), await promoted());
    const before = serves(cli);
    const { stamp } = cli.model.alias();
    const ran = await cli.run('recover --yes --reason "table deleted"');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatchSnapshot();
    expect(serves(cli)).toEqual(before);
    for (const name of ['live', 'green'] as const)
      expect(cli.model.alias(name).stamp).toMatchObject({
        back: '7',
        detail: { purpose: 'restored', store: { epoch: (stamp?.detail?.store.epoch ?? 0) + 1 } },
      });
    expect(cli.model.alias().stamp?.token).toBeGreaterThan(stamp?.token ?? 0);
    expect(await statuses(cli)).toEqual({ 'v2.2.0': 'archived', 'v2.3.0': 'champion' });
    expect(await cli.run('history')).toMatchObject({ code: 0 });
    await expectWell(cli, 'v2.3.0');
  });

  it('answers as data', async () => {
    const cli = under(cliWorld(), await promoted());
    expect(await cli.ask('recover --yes')).toMatchObject({
      kind: 'Recover',
      result: 'recovered',
      champion: { version: 'v2.3.0' },
      previous: { version: 'v2.2.0', functionVersion: '7' },
      registered: ['v2.3.0', 'v2.2.0'],
      store: { epoch: 2, supersedes: [{ epoch: 1 }] },
      setAside: null,
    });
    expect(await cli.ask('recover --yes')).toMatchObject({ result: 'nothing-to-recover' });
  });

  it.each([
    ['n', 2],
    ['yes', 0],
  ])('asks at a terminal: "%s" is exit code %i', async (answer, code) => {
    const cli = under(cliWorld(), await promoted());
    const ran = await cli.run('recover', { terminal: true, answers: [answer] });
    expect([ran.code, cli.questions]).toEqual([code, ['Rebuild the registry of dev from this? [y/N] ']]);
  });

  it('leads a rollback right after it to the version before, by the registry and by the alias alone', async () => {
    for (const isLost of [false, true]) {
      const cli = under(cliWorld(), await promoted());
      await cli.run('recover --yes');
      if (isLost) cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'error-before' : null);
      expect((await cli.run(isLost ? 'rollback' : 'rollback --yes')).code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
      cli.model.fault = () => null;
      if (isLost) expect([0, 9]).toContain((await cli.run('resume')).code);
      expect(await statuses(cli)).toEqual({ 'v2.2.0': 'champion', 'v2.3.0': 'rolled_back' });
      expect(await cli.ask('status')).not.toHaveProperty('marker');
    }
  });

  it.each(['rollback', 'rollback --to v2.2.0'])(
    'lets %s to a version that it found go on only where somebody agrees, after its smoke test',
    async (words) => {
      const cli = under(cliWorld(), await promoted());
      const { functionVersion } = serves(cli);
      const said = await cli.run('recover --yes');
      expect(said.stderr).toContain('whether users were ever taken away from v2.2.0');
      const refused = await cli.run(words);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining(
          'v2.2.0 served before, but whether users were ever taken away from it for a reason was lost with the store',
        ),
      ]);
      expect(refused.stderr).toContain('mlreg rollback --to v2.2.0 --environment dev --yes');
      expect((await cli.run('doctor')).stdout).toContain('mlreg rollback goes to v2.2.0, and asks first');
      const declined = await cli.run(words, { terminal: true, answers: ['n'] });
      expect([declined.code, serves(cli).functionVersion]).toEqual([2, functionVersion]);
      const ran = await cli.run(words, { terminal: true, answers: ['y'] });
      expect([ran.code, serves(cli)]).toEqual([0, { functionVersion: '7', weights: {} }]);
      expect(cli.model.calls).toContain('smoke');
    },
  );

  it('is a rebuilt registry in history and status, and no watch', async () => {
    const cli = under(cliWorld(), await promoted());
    await cli.run('recover --yes');
    const { stdout } = await cli.run('history');
    expect(stdout).toMatch(/r-\d+ +\S+ +recover +v2\.2\.0 +v2\.3\.0 +registry rebuilt/);
    expect(stdout).not.toContain('watch');
    expect((await cli.run('status')).stdout).toMatch(/last +r-\d+: the registry was rebuilt/);
    expect((await cli.ask('history')).rollouts[0]).toMatchObject({ rebuiltBy: 'mlreg recover' });
  });

  it('promises nothing of a rollback that a watch would make', async () => {
    const cli = under(cliWorld(), await promoted());
    await cli.run('recover --yes');
    const ran = await cli.run('watch --duration 5');
    expect(ran.stderr).toContain(
      'no earlier version is known good: a breach will be told, and nothing moved',
    );
  });

  it.each([
    ['deploy', 'v2.3.0', 'v2.2.0'],
    ['recover --champion v2.3.0 --yes', 'v2.2.0', 'v2.3.0'],
  ])('shows the stage that names green while %s is on trial there', async (words, onTrial, champion) => {
    const aws = await serving();
    aws.model.publishAs('7', named('v2.2.0'));
    let isSwapped = false;
    aws.model.fault = () => {
      if (isSwapped) return 'crash-before';
      isSwapped = aws.model.stage().alias === 'green';
      return null;
    };
    await aws.run('deploy --model-version v2.3.0 --strategy blue-green');
    const cli = under(cliWorld(), aws);
    cli.model.swap('green', aws.model.stage().stamp);
    const before = [serves(cli), cli.model.alias('green').target, cli.model.stage().alias];
    const recover = words === 'deploy' ? 'recover --yes' : words;
    const ran = await cli.run(recover);
    expect([ran.code, ran.stderr]).toEqual([
      0,
      expect.stringMatching(
        /stage {5}names green, which serves Lambda version \d+: users reach that, and not live/,
      ),
    ]);
    expect(ran.stderr).toContain(`on trial  ${onTrial}, which nobody judges any more`);
    expect(ran.stdout).toMatch(
      new RegExp(
        `next: mlreg rollback --to ${champion} --environment dev\nthe stage names alias green, .*: mlreg gc`,
      ),
    );
    expect([serves(cli), cli.model.alias('green').target, cli.model.stage().alias]).toEqual(before);
    expect((await cli.run('rollback')).code).toBe(0);
    expect(serves(cli)).toEqual(cli.model.alias('green').target);
    expect((await cli.run('gc')).code).toBe(0);
    expect(cli.model.stage().alias).toBe('live');
    await expectWell(cli, champion);
  });

  it.each(['rollback --to v2.2.0', 'rollback'])(
    'leaves users of a split where they are, and %s is the way out',
    async (words) => {
      const aws = await serving();
      aws.model.publishAs('7', named('v2.2.0'));
      aws.when(baking(50), () => {
        aws.model.fault = () => 'crash-before';
      });
      await aws.run('deploy --model-version v2.3.0');
      const cli = under(cliWorld(), aws);
      const before = serves(cli);
      const ran = await cli.run('recover --yes');
      expect([ran.code, ran.stdout]).toEqual([
        0,
        expect.stringContaining('nobody judges it; next: mlreg rollback --to v2.2.0 --environment dev'),
      ]);
      expect(ran.stderr).toContain('v2.3.0, which nobody judges any more');
      expect(serves(cli)).toEqual(before);
      await cli.register('v2.4.0');
      expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(5);
      expect((await cli.run(words)).code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
      await expectWell(cli, 'v2.2.0');
    },
  );

  it('asks which version serves, where no Lambda version says it', async () => {
    const aws = await serving();
    await aws.run('deploy --model-version v2.3.0');
    await aws.run('rollback');
    const cli = under(cliWorld(), aws);
    cli.model.publishAs('7', {});
    const refused = await cli.run('recover --yes');
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining('mlreg recover --champion VERSION --environment dev'),
    ]);
    expect((await cli.run('recover --champion v2.2.0 --yes')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
  });

  it.each(['v2.4.0', 'v9.9.9', 'v2.2.0'])(
    'refuses --champion %s where the Lambda version that serves says another: exit 2, with the candidates',
    async (version) => {
      const cli = under(cliWorld(), await promoted());
      await cli.register('v2.4.0');
      const before = cli.model.alias();
      const ran = await cli.run(`recover --champion ${version} --yes`);
      expect([ran.code, ran.stdout]).toEqual([2, '']);
      expect(ran.stderr).toContain(`${version} can't be the champion: alias live does not serve it alone`);
      expect(ran.stderr).toMatch(
        /Lambda version \d+ says which version it serves; the champion is v2\.3\.0\n/,
      );
      expect(ran.stderr).toContain('mlreg recover --champion v2.3.0 --environment dev');
      expect([cli.model.alias(), await statuses(cli)]).toEqual([before, { 'v2.4.0': 'candidate' }]);
      expect((await cli.run('recover --champion v2.3.0 --yes')).code).toBe(0);
      await expectWell(cli, 'v2.3.0');
    },
  );

  it('takes either version of a split that somebody made for the champion, and names the way out', async () => {
    for (const version of ['v2.2.0', 'v2.3.0']) {
      const cli = under(cliWorld(), await promoted());
      const { functionVersion } = serves(cli);
      cli.model.meddle({ functionVersion, weights: { 7: 0.3 } });
      const refused = await cli.run('recover --champion v9.9.9 --yes');
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining('the champion is v2.3.0 or v2.2.0'),
      ]);
      const ran = await cli.run(`recover --champion ${version} --yes`);
      expect([ran.code, ran.stdout]).toEqual([
        0,
        expect.stringContaining(`next: mlreg rollback --to ${version} --environment dev`),
      ]);
      expect((await cli.run('rollback')).code).toBe(0);
      const home = version === 'v2.2.0' ? '7' : functionVersion;
      expect(serves(cli)).toEqual({ functionVersion: home, weights: {} });
      await expectWell(cli, version);
    }
  });

  it('names the way out also where an unnamed Lambda version has a share', async () => {
    const cli = under(cliWorld(), await promoted());
    cli.model.meddle({ ...serves(cli), weights: { 99: 0.3 } });
    expect((await cli.run('recover --yes')).stdout).toContain('next: mlreg rollback --to v2.3.0');
  });

  it('never uses the name of an endpoint again that is gone', async () => {
    const aws = await promoted();
    for (const name of aws.model.endpoints.keys())
      if (name.includes('v2-2-0')) aws.model.endpoints.delete(name);
    const cli = under(cliWorld(), aws);
    await cli.run('recover --yes');
    const { versions } = await cli.ask('versions');
    const record = versions.find(({ version }: any) => version === 'v2.2.0');
    expect(record.tombstone.endpoint).toBe(named('v2.2.0').SAGEMAKER_ENDPOINT);
  });
});

describe('mlreg recover, where an older copy was put back', () => {
  it('keeps what that knows, takes the champion from the alias, and closes what it thinks is under way', async () => {
    const old = await serving();
    old.when(began, () => {
      old.model.fault = () => 'crash-before';
    });
    await old.run('deploy --model-version v2.3.0');
    old.model.fault = () => null;
    const aws = await promoted();
    await aws.register('v2.4.0');
    expect((await aws.run('deploy --model-version v2.4.0')).code).toBe(0);
    const cli = under(old, aws);
    expect((await cli.run('resume')).code).toBe(5);
    const answer = await cli.ask('recover --yes');
    expect(answer).toMatchObject({ champion: { version: 'v2.4.0' }, closed: ['r-1'] });
    expect(await statuses(cli)).toEqual({ 'v2.2.0': 'archived', 'v2.3.0': 'archived', 'v2.4.0': 'champion' });
    const { rollouts } = await cli.ask('history');
    expect(JSON.stringify(rollouts)).toContain('the registry was rebuilt from what serves');
    const refused = await cli.run('rollback');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('v2.3.0 served before, but whether users were ever taken away'),
    ]);
    expect((await cli.run('rollback --to v2.2.0')).code).toBe(2);
    await expectWell(cli, 'v2.4.0');
  });

  it('of which another store took the place, it needs --force', async () => {
    const cli = await promoted();
    const { stamp, target } = cli.model.alias();
    const detail = stamp?.detail;
    if (stamp === undefined || detail === undefined) throw new Error('the alias carries no marker');
    cli.model.makeAlias('live', target, {
      ...stamp,
      detail: { ...detail, store: { id: '0ddba110', epoch: 7 } },
    });
    const refused = await cli.run('recover --yes');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('mlreg recover --force')]);
    await cli.run('resume');
    expect((await cli.store.lock()).sealedBy).toEqual({ id: '0ddba110', epoch: 7 });
    expect((await cli.run('recover --yes --force --reason "the other table is gone"')).code).toBe(0);
    expect(cli.model.alias().stamp?.detail?.store.epoch).toBe(8);
    await expectWell(cli, 'v2.3.0');
  });
});

describe('mlreg recover is cut off', () => {
  it.each(['store.restore', 'store.register', 'store.append', 'writeAlias', 'store.restored'] as const)(
    'at %s: nothing else acts on the store, and running it again goes on',
    async (call) => {
      for (const kind of ['crash-before', 'crash-after', 'lost', 'error-before'] as const) {
        const cli = under(cliWorld(), await promoted());
        const before = serves(cli);
        let isOver = false;
        cli.model.fault = (_at, name) => {
          if (isOver || name !== call) return null;
          isOver = true;
          return kind;
        };
        await cli.run('recover --yes').catch(() => undefined);
        expect(serves(cli)).toEqual(before);
        const { restoring } = await cli.store.lock();
        if (restoring === true) {
          for (const words of ['deploy --model-version v2.2.0', 'resume', 'gc', 'audit verify'])
            expect([words, (await cli.run(words)).code]).toEqual([words, 5]);
          expect((await cli.ask('status')).marker.detail).toContain(
            'mlreg recover, or mlreg restore, was cut off',
          );
        }
        expect((await cli.run('recover --yes')).code).toBe(0);
        await expectWell(cli, 'v2.3.0');
      }
    },
  );

  it('and a rollback in between moves the alias alone', async () => {
    const cli = under(cliWorld(), await promoted());
    cli.model.fault = (_at, name) => (name === 'store.restored' ? 'crash-before' : null);
    await cli.run('recover --yes').catch(() => undefined);
    cli.model.fault = () => null;
    expect((await cli.run('rollback')).code).toBe(0);
    expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
    expect((await cli.run('recover --yes')).code).toBe(0);
    expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
  });

  it('by somebody who writes the alias after it was shown: nothing is decided on what is gone', async () => {
    const cli = under(cliWorld(), await promoted());
    cli.whenAsked = () => cli.model.meddle({ functionVersion: '7', weights: {} });
    const ran = await cli.run('recover', { terminal: true, answers: ['y'] });
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringContaining('was changed while its store was rebuilt'),
    ]);
    expect((await cli.run('recover --yes')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
  });
});

/** Another store was recovered after this one's recovery had been cut off, and is in use. */
describe.each(['store.register', 'store.append', 'writeAlias'] as const)(
  'mlreg recover was cut off before %s, and another store was recovered since',
  (call) => {
    async function halfRecovered(): Promise<{ readonly half: CliWorld; readonly inUse: CliWorld }> {
      const half = under(cliWorld(), await promoted());
      half.model.fault = (_at, name) => (name === call ? 'crash-before' : null);
      await half.run('recover --yes').catch(() => undefined);
      half.model.fault = () => null;
      expect(await half.store.lock()).toMatchObject({ restoring: true });
      const inUse = under(cliWorld(undefined, openMemoryStore({ ...memoryPlace(), opened: 7 })), half);
      expect((await inUse.run('recover --yes --reason "table deleted"')).code).toBe(0);
      return { half: under(half, inUse), inUse };
    }

    it('refuses all but a rollback by the alias alone, and a recovery without --force', async () => {
      const { half } = await halfRecovered();
      const before = half.model.alias();
      const id = before.stamp?.detail?.store.id ?? '';
      for (const words of [
        'recover --yes',
        'deploy --model-version v2.2.0',
        'resume',
        'gc',
        'audit verify',
      ]) {
        const ran = await half.run(words);
        expect([words, ran.code, ran.stderr]).toEqual([
          words,
          5,
          expect.stringContaining(`belongs to another store: ${id}, epoch 2`),
        ]);
        expect([words, ran.stderr]).toEqual([
          words,
          expect.stringContaining('mlreg recover --force --reason WHY --environment dev'),
        ]);
      }
      expect((await half.ask('status')).marker.detail).toContain('belongs to another store');
      expect((await half.run('doctor')).code).toBe(1);
      expect(half.model.alias()).toEqual(before);
      const ran = await half.run('rollback');
      expect([ran.code, half.model.alias()]).toMatchObject([
        0,
        {
          target: { functionVersion: '7' },
          stamp: { detail: { purpose: 'blind', store: { id, epoch: 2 } } },
        },
      ]);
    });

    it('takes the aliases where a person says that the other store is gone', async () => {
      const { half, inUse } = await halfRecovered();
      expect((await half.run('recover --yes --force --reason "that table is gone"')).code).toBe(0);
      expect(half.model.alias().stamp?.detail?.store.epoch).toBe(3);
      await expectWell(half, 'v2.3.0');
      const refused = await under(inUse, half).run('recover --yes');
      expect([refused.code, refused.stderr]).toEqual([
        5,
        expect.stringContaining('(epoch 3) took the place of this store'),
      ]);
    });

    it('leaves the store that is in use as it was', async () => {
      const { half, inUse } = await halfRecovered();
      await half.run('recover --yes');
      await expectWell(under(inUse, half), 'v2.3.0');
    });
  },
);

it('a damaged store of which another one took the place needs --force as well', async () => {
  const cli = await promoted();
  const { stamp, target } = cli.model.alias();
  const detail = stamp?.detail;
  if (stamp === undefined || detail === undefined) throw new Error('the alias carries no marker');
  cli.model.makeAlias('live', target, {
    ...stamp,
    detail: { ...detail, store: { id: '0ddba110', epoch: 7 } },
  });
  const before = cli.model.alias();
  const damage = { where: 'store.ndjson', problem: 'record 9 is damaged', records: 8 };
  cli.recovery = {
    look: async () => ({ store: cli.store, damage }),
    salvage: async () => 'store.ndjson.damaged',
  };
  const refused = await cli.run('recover --yes');
  expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('mlreg recover --force')]);
  expect(cli.model.alias()).toEqual(before);
  const ran = await cli.run('recover --yes --force --reason "that table is gone"');
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('kept in store.ndjson.damaged')]);
});

it('a store that is whole is left alone', async () => {
  const cli = await promoted();
  const before = cli.model.alias();
  expect((await cli.run('recover --yes')).stdout).toContain('nothing was changed');
  expect(cli.model.alias()).toEqual(before);
});

it('an owner of the store that was replaced writes nothing more', async () => {
  const cli = await serving();
  cli.model.publishAs('7', named('v2.2.0'));
  let before: Stamp | undefined;
  let recovered: Promise<unknown> | undefined;
  cli.when(baking(10), () => {
    const other = under(cliWorld(), cli);
    recovered = other.run('recover --yes').then(() => {
      const { target, stamp } = other.model.alias();
      cli.model.makeAlias('live', target, stamp);
      before = stamp;
    });
  });
  const ran = await cli.run('deploy --model-version v2.3.0');
  await recovered;
  expect(ran.code).toBe(5);
  expect(before?.detail?.purpose).toBe('restored');
  expect(cli.model.alias().stamp).toEqual(before);
});
