import { describe, expect, it } from 'vitest';
import type { Stamp } from '../../src/domain/journal.ts';
import { baking, type CliWorld, cliWorld, projectConfig, serving } from '../support/cli-world.ts';
import { expectWell, promoted, under } from '../support/recovered.ts';

const recover = 'mlreg recover --environment dev';
const recoverByForce = 'mlreg recover --force --reason WHY --environment dev';

const wipe = (cli: CliWorld, name: 'live' | 'green'): void =>
  cli.model.makeAlias(name, cli.model.alias(name).target);

/** The mark of a store that this one never heard of, at this epoch. */
function restoreOf(cli: CliWorld, name: 'live' | 'green', epoch: number, over: Partial<Stamp> = {}): Stamp {
  const { stamp } = cli.model.alias(name);
  if (stamp?.detail === undefined) throw new Error(`alias ${name} carries no marker`);
  return { ...stamp, ...over, detail: { ...stamp.detail, store: { id: '0ddba110', epoch } } };
}

/** What names another store than the one at hand, though alias live does not. */
const witnesses: readonly (readonly [
  name: string,
  make: () => Promise<CliWorld>,
  said: string,
  recovery: string,
])[] = [
  [
    'alias green, where the marker of live was wiped and the store is gone',
    async () => {
      const aws = await promoted();
      wipe(aws, 'live');
      return under(cliWorld(), aws);
    },
    'alias green was written by store ',
    recover,
  ],
  [
    'the stage, where the markers of both aliases were wiped and the store is gone',
    async () => {
      const aws = await promoted();
      const { stamp } = aws.model.alias();
      for (const name of ['live', 'green'] as const) wipe(aws, name);
      const cli = under(cliWorld(), aws);
      cli.model.swap('live', stamp);
      return cli;
    },
    'the stage was written by store ',
    recover,
  ],
  [
    'alias green, which carries the marker of a newer store',
    async () => {
      const cli = await promoted();
      cli.model.makeAlias('green', cli.model.alias('green').target, restoreOf(cli, 'green', 7));
      return cli;
    },
    'store 0ddba110 (epoch 7) took the place of this store',
    recoverByForce,
  ],
  [
    'alias green, which carries the marker of another store of the same epoch',
    async () => {
      const cli = await promoted();
      cli.model.makeAlias('green', cli.model.alias('green').target, restoreOf(cli, 'green', 1));
      return cli;
    },
    'alias green belongs to another store: 0ddba110',
    recoverByForce,
  ],
  [
    'alias green, with a newer token than that of live',
    async () => {
      const cli = await promoted();
      const { target, stamp } = cli.model.alias('green');
      if (stamp === undefined) throw new Error('alias green carries no marker');
      cli.model.makeAlias('green', target, { ...stamp, token: stamp.token + 5 });
      return cli;
    },
    'alias green was written by token ',
    recover,
  ],
];

describe.each(witnesses)('the only one who names the lost store is %s', (_name, make, said, recovery) => {
  it.each([
    'deploy --model-version v2.9.0',
    'deploy --model-version v2.9.0 --strategy all-at-once --yes',
    'plan --model-version v2.9.0',
    'watch --duration 5',
    'gc',
    'gc --dry-run',
    'resume',
    'promote',
    'abort --if-running',
  ])('refuses %s', async (words) => {
    const cli = await make();
    await cli.register('v2.9.0');
    const before = [cli.model.alias(), cli.model.alias('green'), cli.model.stage()];
    const ran = await cli.run(words);
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining(said)]);
    expect(ran.stderr).toContain(recovery);
    expect([cli.model.alias(), cli.model.alias('green'), cli.model.stage()]).toEqual(before);
  });

  it('is told by status, doctor and audit verify, with the same next command', async () => {
    const cli = await make();
    expect((await cli.ask('status')).marker).toMatchObject({
      isBehind: true,
      detail: expect.stringContaining(said),
      mend: expect.stringContaining(recovery),
    });
    const doctor = await cli.ask('doctor');
    expect(doctor.findings.find(({ check }: any) => check === 'alias')).toMatchObject({
      ok: false,
      detail: expect.stringContaining(said),
      mend: expect.stringContaining(recovery),
    });
    const audit = await cli.run('audit verify');
    expect([audit.code, audit.stderr]).toEqual([5, expect.stringContaining(said)]);
  });

  it('lets mlreg recover rebuild the registry, and all is well afterwards', async () => {
    const cli = await make();
    const before = cli.model.alias().target;
    expect((await cli.run('recover --yes --force --reason "the other store is gone"')).code).toBe(0);
    expect(cli.model.alias().target).toEqual(before);
    for (const name of ['live', 'green'] as const)
      expect(cli.model.alias(name).stamp).toMatchObject({ detail: { purpose: 'restored' } });
    await expectWell(cli, 'v2.3.0');
  });

  it('lets a rollback move the aliases alone', async () => {
    const cli = await make();
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([
      0,
      expect.stringContaining('alias live serves Lambda version 7 alone, read back'),
    ]);
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(5);
    expect(cli.model.alias().target.functionVersion).toBe('7');
  });
});

describe('an alias that something else has moved since mlreg wrote it', () => {
  const cases: readonly (readonly [
    name: string,
    make: () => Promise<CliWorld>,
    said: RegExp,
    next: string,
  ])[] = [
    [
      'live, at rest',
      async () => {
        const cli = await promoted();
        cli.model.makeAlias('live', { functionVersion: '7', weights: {} }, cli.model.alias().stamp);
        return cli;
      },
      /alias live serves Lambda version 7, but r-1 pointed it at Lambda version 10 last, so something other than mlreg moved it/,
      'mlreg rollback --to v2.3.0 --environment dev',
    ],
    [
      'live, which it gave a split',
      async () => {
        const cli = await promoted();
        const { target, stamp } = cli.model.alias();
        cli.model.makeAlias('live', { ...target, weights: { 7: 0.3 } }, stamp);
        return cli;
      },
      /alias live serves Lambda version 10 \+ 30 % to 7, though no rollout is under way/,
      'mlreg rollback --to v2.3.0 --environment dev',
    ],
    [
      'green alone',
      async () => {
        const cli = await promoted();
        cli.model.makeAlias('green', { functionVersion: '7', weights: {} }, cli.model.alias('green').stamp);
        return cli;
      },
      /alias green serves Lambda version 7, but r-1 pointed it at Lambda version 10 last/,
      'mlreg gc --environment dev',
    ],
    [
      'live, under a rollout whose owner is dead',
      async () => {
        const cli = await serving();
        cli.model.publishAs('5', {});
        cli.when(baking(50), () => {
          cli.model.fault = () => 'crash-before';
        });
        await cli.run('deploy --model-version v2.3.0');
        cli.model.fault = () => null;
        cli.model.makeAlias('live', { functionVersion: '5', weights: {} }, cli.model.alias().stamp);
        return cli;
      },
      /alias live serves Lambda version 5, but r-1 pointed it at Lambda version \d+ last/,
      'mlreg resume --adopt --environment dev',
    ],
  ];

  it.each(cases)(
    '%s: status, doctor and audit verify say so, and what to type',
    async (_name, make, said, next) => {
      const cli = await make();
      const mend = expect.stringContaining(next);
      expect((await cli.ask('status')).marker).toMatchObject({
        isBehind: false,
        detail: expect.stringMatching(said),
        mend,
      });
      expect((await cli.run('status')).stdout).toContain(next);
      const { findings } = await cli.ask('doctor');
      expect(findings.find(({ check }: any) => check === 'alias')).toMatchObject({
        ok: false,
        detail: expect.stringMatching(said),
        mend,
      });
      const audit = await cli.run('audit verify');
      expect([audit.code, audit.stderr]).toEqual([5, expect.stringMatching(said)]);
      expect(audit.stderr).toContain(next);
    },
  );

  it.each(cases.slice(0, 3))('%s: what they say puts it right', async (_name, make, _said, next) => {
    const cli = await make();
    expect((await cli.run(next.replace('mlreg ', ''))).code).toBe(0);
    expect(await cli.ask('status')).not.toHaveProperty('marker');
    expect((await cli.run('audit verify')).code).toBe(0);
  });
});

describe('a rollback by the alias alone, where the marker of live was wiped', () => {
  // What a step forward put on green may be on trial: nothing there tells whether it has served everybody since.
  it('goes to the version that green says served before, where live serves something else', async () => {
    const aws = await promoted();
    const before = { functionVersion: aws.model.alias('green').stamp?.back, weights: {} };
    await aws.register('v2.4.0');
    aws.when(baking(50), () => {
      aws.model.fault = () => 'crash-before';
    });
    await aws.run('deploy --model-version v2.4.0');
    const cli = under(cliWorld(), aws);
    wipe(cli, 'live');
    expect((await cli.run('rollback')).code).toBe(0);
    expect(cli.model.alias().target).toEqual(before);
  });

  it('also moves a green without a marker, where users reach that', async () => {
    const aws = await promoted();
    const cli = under(cliWorld(), aws);
    wipe(cli, 'green');
    cli.model.swap('green');
    expect((await cli.run('rollback')).code).toBe(0);
    for (const name of ['live', 'green'] as const)
      expect(cli.model.alias(name).target).toEqual({ functionVersion: '7', weights: {} });
  });
});

it('an owner whose alias is wiped goes no further where green names the store that took the place of its own', async () => {
  const cli = await promoted();
  await cli.register('v2.4.0');
  cli.when(baking(10), () => {
    cli.model.makeAlias('green', cli.model.alias('green').target, restoreOf(cli, 'green', 7));
    wipe(cli, 'live');
    cli.model.fault = () => 'crash-before';
  });
  await cli.run('deploy --model-version v2.4.0');
  cli.model.fault = () => null;
  const before = cli.model.alias();
  for (const words of ['resume', 'resume --adopt', 'promote'])
    expect([words, (await cli.run(words, { as: 'bob' })).code]).toEqual([words, 5]);
  expect(cli.model.alias()).toEqual(before);
});

describe('with no marker at all and no store', () => {
  const lost = async (): Promise<CliWorld> => {
    const aws = await promoted();
    for (const name of ['live', 'green'] as const) wipe(aws, name);
    const cli = under(cliWorld(), aws);
    await cli.register('v2.9.0');
    return cli;
  };

  it.each(['deploy --model-version v2.9.0', 'plan --model-version v2.9.0'])(
    'what serves is named by its Lambda version: %s is no first deploy',
    async (words) => {
      const cli = await lost();
      const ran = await cli.run(words);
      expect([ran.code, ran.stderr]).toEqual([
        5,
        expect.stringContaining('alias live serves v2.3.0, and this store knows of no rollout of it'),
      ]);
      expect(ran.stderr).toContain(recover);
    },
  );

  it('status, doctor and audit verify say it, with the command that rebuilds the registry', async () => {
    const said = 'alias live serves v2.3.0, and this store knows of no rollout of it';
    const cli = await lost();
    const status = await cli.run('status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.stdout).toContain('champion  unknown: this store knows nothing of what the alias serves');
    expect(status.stdout).toContain(`${said}; next: ${recover}`);
    const doctor = await cli.run('doctor -o json');
    const { well, findings } = JSON.parse(doctor.stdout);
    expect([doctor.code, well]).toEqual([1, false]);
    expect(findings.find(({ check }: any) => check === 'alias')).toMatchObject({
      ok: false,
      detail: said,
      mend: expect.stringContaining(recover),
    });
    expect(findings.find(({ check }: any) => check === 'way back')).toBeUndefined();
    const audit = await cli.run('audit verify');
    expect([audit.code, audit.stderr]).toEqual([5, expect.stringContaining(said)]);
    expect(audit.stderr).toContain(recover);
    const empty = under(cliWorld(), cli);
    for (const words of ['versions', 'history'])
      expect([words, (await empty.run(words)).stdout]).toEqual([words, expect.stringContaining(said)]);
  });

  it.each([
    'rollback',
    'rollback --to v2.3.0',
    'rollback --to v2.9.0',
    'watch --duration 5',
    'gc',
    'gc --dry-run',
  ])('%s says it too, and changes nothing', async (words) => {
    const cli = await lost();
    const before = [cli.model.alias(), cli.model.functionVersions()];
    const ran = await cli.run(words);
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('alias live serves v2.3.0, and')]);
    expect(ran.stderr).toContain(recover);
    expect([cli.model.alias(), cli.model.functionVersions()]).toEqual(before);
  });

  it('gc deletes no Lambda version while the registry knows no champion, also where what serves can not be read', async () => {
    const cli = under(
      cliWorld(projectConfig.replace('dev: {', 'dev: { lambda: { keepVersions: 1 },')),
      await lost(),
    );
    for (const n of ['1', '2', '3'])
      await cli.model.ports.platform.publish({
        variables: { N: n },
        codeSha256: 'code',
        description: 'mlreg r',
      });
    const before = cli.model.functionVersions();
    cli.model.fault = (_at, name) => (name === 'variables' ? 'error-before' : null);
    expect((await cli.run('gc')).code).toBe(0);
    expect(cli.model.functionVersions()).toEqual(before);
  });

  it('so it is of an alias that the stage names', async () => {
    const cli = await lost();
    const { functionVersion } = cli.model.alias().target;
    cli.model.makeAlias('live', { functionVersion: '3', weights: {} });
    cli.model.publishAs('3', {});
    cli.model.makeAlias('green', { functionVersion, weights: {} });
    cli.model.swap('green');
    expect((await cli.ask('status')).marker.detail).toContain('alias green serves v2.3.0, and this store');
  });

  it('nothing is said before a first deploy, while one is under way, and when it has ended', async () => {
    const cli = cliWorld();
    await cli.register('v2.3.0');
    expect(await cli.ask('status')).not.toHaveProperty('marker');
    cli.when(
      ({ kind, outcome }: any) =>
        kind === 'result' && outcome.kind === 'alias' && outcome.target.functionVersion !== '7',
      () => {
        cli.model.fault = () => 'crash-before';
      },
    );
    await cli.run('deploy --model-version v2.3.0').catch(() => undefined);
    cli.model.fault = () => null;
    const { functionVersion } = cli.model.alias().target;
    expect(cli.model.variablesOf(functionVersion).MLREG_ROUTE).toContain('"version":"v2.3.0"');
    expect(await cli.ask('status')).toMatchObject({ champion: null });
    expect(await cli.ask('status')).not.toHaveProperty('marker');
    expect((await cli.run('resume')).code).toBe(0);
    wipe(cli, 'live');
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0' });
    expect(await cli.ask('status')).not.toHaveProperty('marker');
  });

  it('mlreg recover rebuilds the registry from it, and a deploy afterwards is a canary', async () => {
    const cli = await lost();
    expect((await cli.run('recover --yes')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0' });
    expect((await cli.ask('plan --model-version v2.9.0')).plan).toMatchObject({
      strategy: 'canary',
      champion: 'v2.3.0',
    });
  });

  it('mlreg recover goes on where it was cut off before both markers were wiped', async () => {
    const cli = await lost();
    cli.model.fault = (_index, name) => (name === 'writeAlias' ? 'crash-before' : null);
    await cli.run('recover --yes').catch(() => undefined);
    cli.model.fault = () => null;
    for (const name of ['live', 'green'] as const) wipe(cli, name);
    expect((await cli.run('recover --yes')).code).toBe(0);
    expect((await cli.run('deploy --model-version v2.9.0')).code).toBe(0);
  });
});

it.each(['token', 'epoch'] as const)(
  'a marker whose %s is as large as can be read keeps nobody from recovering',
  async (what) => {
    const aws = await promoted();
    const { target, stamp } = aws.model.alias();
    if (stamp?.detail === undefined) throw new Error('alias live carries no marker');
    aws.model.makeAlias(
      'live',
      target,
      what === 'token'
        ? { ...stamp, token: 2 ** 40 }
        : { ...stamp, detail: { ...stamp.detail, store: { ...stamp.detail.store, epoch: 2 ** 40 } } },
    );
    const words = what === 'token' ? 'recover --yes' : 'recover --yes --force --reason forged';
    expect((await aws.run(words)).code).toBe(0);
    await aws.register('v2.9.0');
    expect((await aws.run('deploy --model-version v2.9.0')).code).toBe(0);
  },
);
