import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Stamp } from '../../src/domain/journal.ts';
import { rolloutId } from '../../src/domain/units.ts';
import { baking, type CliWorld, cliWorld, type Ran, serving } from '../support/cli-world.ts';

const marker =
  (more: Partial<MarkerDetail>, over: Partial<Stamp> = {}) =>
  (stamp: Stamp): Stamp => ({
    ...stamp,
    ...over,
    ...(stamp.detail === undefined ? {} : { detail: { ...stamp.detail, ...more } }),
  });

const recover = 'mlreg recover --environment dev';
const recoverByForce = 'mlreg recover --force --reason WHY --environment dev';

/** What the alias says, and the store at hand does not; and how the store is recovered. */
const kinds: readonly (readonly [
  name: string,
  mark: (stamp: Stamp) => Stamp,
  said: string,
  recovery: string,
])[] = [
  [
    'a larger epoch',
    (stamp) => marker({ store: { id: '0ddba110', epoch: 7 } })(stamp),
    'store 0ddba110 (epoch 7) took the place of this store',
    recoverByForce,
  ],
  [
    'an equal epoch with another store',
    (stamp) => marker({ store: { id: '0ddba110', epoch: stamp.detail?.store.epoch ?? 0 } })(stamp),
    'alias live belongs to another store: 0ddba110',
    recoverByForce,
  ],
  [
    'a larger token',
    (stamp) => marker({}, { token: stamp.token + 5 })(stamp),
    'which this store does not know',
    recover,
  ],
  [
    'a known token with another writer',
    marker({ writer: '0ddba110' }),
    'alias live was written by another copy of this store',
    recover,
  ],
  [
    'an unknown rollout',
    marker({}, { rollout: rolloutId('r-lost') }),
    'alias live was written by rollout r-lost, which this store does not know',
    recover,
  ],
  [
    'an entry that the journal of its rollout does not have',
    marker({}, { seq: 9_999 }),
    'alias live was written by entry 9999 of rollout r-1, which this store does not know',
    recover,
  ],
];

function remark(cli: CliWorld, mark: (stamp: Stamp) => Stamp): void {
  const { stamp, target } = cli.model.alias();
  if (stamp === undefined) throw new Error('the alias carries no marker');
  cli.model.makeAlias('live', target, mark(stamp));
}

/** v2.3.0 was promoted after v2.2.0, and v2.4.0 is a candidate. */
async function atRest(mark: (stamp: Stamp) => Stamp): Promise<CliWorld> {
  const cli = await serving();
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  await cli.register('v2.4.0');
  remark(cli, mark);
  return cli;
}

/** v2.3.0 has 50 % of users, and its owner is dead. */
async function underWay(mark: (stamp: Stamp) => Stamp): Promise<CliWorld> {
  const cli = await serving();
  cli.when(baking(50), () => {
    cli.model.fault = () => 'crash-before';
  });
  await cli.run('deploy --model-version v2.3.0');
  cli.model.fault = () => null;
  remark(cli, mark);
  return cli;
}

const forward = [
  'deploy --model-version v2.4.0',
  'deploy --model-version v2.3.0',
  'plan --model-version v2.4.0',
  'watch --duration 5',
  'gc',
  'gc --dry-run',
  'resume',
  'resume --adopt',
  'promote',
  'promote --full',
  'traffic --percent 10',
  'pause',
  'approve',
  'reject',
  'abort --if-running',
];
const steering = ['resume', 'promote', 'traffic --percent 10', 'pause', 'abort --if-running'];

function expectRefused(
  cli: CliWorld,
  ran: Ran,
  { said, recovery, before }: { readonly said: string; readonly recovery: string; readonly before: unknown },
): void {
  expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining(said)]);
  expect(ran.stderr).toContain(recovery);
  expect(ran.stderr).not.toContain('rollback --to');
  expect(cli.model.alias()).toEqual(before);
}

describe.each(kinds)('a marker with %s', (_name, mark, said, recovery) => {
  it.each(forward)('refuses %s', async (words) => {
    const cli = await atRest(mark);
    const before = cli.model.alias();
    expectRefused(cli, await cli.run(words), { said, recovery, before });
  });

  it.each(steering)('refuses %s of a rollout whose owner is dead', async (words) => {
    const cli = await underWay(mark);
    const before = cli.model.alias();
    expectRefused(cli, await cli.run(words, { as: 'bob' }), { said, recovery, before });
  });

  it.each(['rollback', 'rollback --to v2.2.0', 'abort'])(
    'lets %s move the alias alone, which keeps store, epoch and token',
    async (words) => {
      for (const world of [atRest, underWay]) {
        const cli = await world(mark);
        const { stamp } = cli.model.alias();
        const ran = await cli.run(words, { as: 'bob' });
        expect([ran.code, ran.stdout]).toEqual([
          0,
          expect.stringContaining('alias live serves Lambda version 7 alone, read back'),
        ]);
        expect(cli.model.alias()).toMatchObject({
          target: { functionVersion: '7', weights: {} },
          stamp: {
            token: stamp?.token,
            rollout: stamp?.rollout,
            seq: 0,
            detail: { purpose: 'blind', store: stamp?.detail?.store },
          },
        });
        expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(5);
        expect(cli.model.alias().target.functionVersion).toBe('7');
      }
    },
  );

  it('is told by status, doctor and audit verify, each with the same next command', async () => {
    const cli = await atRest(mark);
    const status = await cli.ask('status');
    expect(status.marker).toMatchObject({
      isBehind: true,
      detail: expect.stringContaining(said),
      mend: expect.stringContaining(recovery),
    });
    const doctor = await cli.run('doctor -o json');
    const alias = JSON.parse(doctor.stdout).findings.find(({ check }: any) => check === 'alias');
    expect([doctor.code, alias]).toMatchObject([
      1,
      { ok: false, detail: expect.stringContaining(said), mend: expect.stringContaining(recovery) },
    ]);
    expect(doctor.stdout).not.toContain('rollback --to');
    const audit = await cli.run('audit verify');
    expect([audit.code, audit.stderr]).toEqual([5, expect.stringContaining(said)]);
    expect(audit.stderr).toContain(recovery);
  });
});

// A marker of its own writer is no other owner's.
describe.each(kinds.slice(0, 4))('a marker with %s', (_name, mark) => {
  it('stops an owner whose write forward fails, and who then finds it', async () => {
    const cli = await serving();
    cli.when(baking(10), () => remark(cli, mark));
    const marked = (): Stamp | undefined => cli.model.alias().stamp;
    let before: Stamp | undefined;
    cli.when(baking(10), () => {
      before = marked();
    });
    const ran = await cli.run('deploy --model-version v2.3.0');
    expect(ran.code).toBe(5);
    expect(marked()).toEqual(before);
    expect(ran.stderr).toContain('on the alias');
  });
});

it('an owner stops where an older token of its store was given to another writer: the twin of a copied store', async () => {
  const cli = await atRest((stamp) => stamp);
  let before: Stamp | undefined;
  let from = 0;
  cli.when(baking(10), () => {
    remark(cli, marker({ writer: '0ddba110' }, { token: 1 }));
    before = cli.model.alias().stamp;
    from = cli.model.calls.length;
  });
  const ran = await cli.run('deploy --model-version v2.4.0');
  expect(cli.model.calls.slice(from).filter((name) => name === 'writeAlias')).toHaveLength(1);
  expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('token 1 on the alias')]);
  expect(cli.model.alias().stamp).toEqual(before);
});

describe('a store that was lost', () => {
  it('lets a rollback go where the alias leads back to, though it knows no version', async () => {
    const cli = await atRest((stamp) => stamp);
    const { target, stamp } = cli.model.alias();
    const empty = cliWorld();
    empty.model.makeAlias('live', target, stamp);
    for (const words of ['deploy --model-version v2.3.0', 'resume', 'watch'])
      expect([words, (await empty.run(words)).code]).toEqual([words, 5]);
    const ran = await empty.run('rollback --to v2.2.0');
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining(recover)]);
    expect(ran.stderr).toContain(
      "--to v2.2.0 can't be followed: which Lambda version served v2.2.0 stands in",
    );
    expect(ran.stderr).toContain('mlreg rollback --environment dev  # without --to: goes where the alias');
    expect(ran.stderr).not.toContain('needs no store\n  try  mlreg rollback');
    expect((await empty.run('rollback')).code).toBe(0);
    expect(empty.model.alias().target.functionVersion).toBe('7');
  });
});

describe('a store that can not be read', () => {
  it.each(['rollback --to v2.2.0', 'rollback --to v2.2.0#1'])(
    '%s names --to as what is in the way',
    async (words) => {
      const cli = await atRest((stamp) => stamp);
      cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'denied' : null);
      const before = cli.model.alias();
      const ran = await cli.run(words);
      expect([ran.code, ran.stdout]).toEqual([1, '']);
      expect(ran.stderr).toContain("--to v2.2.0 can't be followed");
      expect(ran.stderr).toContain('why  store.lock: no answer');
      expect(ran.stderr).toContain('mlreg rollback --environment dev  # without --to');
      expect(cli.model.alias()).toEqual(before);
      expect((await cli.run('rollback')).code).toBe(0);
      expect(cli.model.alias().target.functionVersion).toBe('7');
    },
  );

  it('is said once in what the rollback is told with', async () => {
    const cli = await atRest((stamp) => stamp);
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'denied' : null);
    await cli.run('rollback');
    cli.model.fault = () => null;
    const resumed = await cli.run('resume');
    expect(resumed.stderr).toContain(
      'rolling back: users were brought back while the store was out of reach',
    );
    const { stdout } = await cli.run('status');
    expect(stdout).toContain('v2.2.0 -> v2.3.0: rolled back while the store was out of reach');
    for (const text of [resumed.stderr, resumed.stdout, stdout])
      expect(text).not.toMatch(
        /rolled back(:|,) rolled back|rolling back: rolled back|rolling back: rolling back/,
      );
  });
});

it('status and doctor of an older copy that takes a rollout for under way advise to recover it, and no resume', async () => {
  const cli = await underWay(marker({}, { token: 99 }));
  const status = await cli.run('status', { as: 'bob' });
  expect(status.stdout).toContain(`dead: ${recover}`);
  const doctor = await cli.run('doctor', { as: 'bob' });
  expect(doctor.stdout).toContain(recover);
  for (const { stdout } of [status, doctor]) expect(stdout).not.toContain('mlreg resume');
});
