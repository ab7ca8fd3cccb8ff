import { describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { baking, type CliWorld, projectConfig, serving, type Typed } from '../support/cli-world.ts';

/** v2.3.0 has 50 % of users, and the process that drives it stands still, as after SIGSTOP. */
async function stopped(where: Typed = {}): Promise<CliWorld> {
  const cli = await serving();
  let isStopped: (() => void) | undefined;
  const standsStill = new Promise<void>((resolve) => {
    isStopped = resolve;
  });
  cli.when(baking(50), () => {
    cli.model.fault = () => {
      cli.model.fault = () => null;
      isStopped?.();
      return 'stopped';
    };
  });
  void cli.run('deploy --model-version v2.3.0', where);
  await standsStill;
  return cli;
}

const findings = async (cli: CliWorld): Promise<any[]> =>
  JSON.parse((await cli.run('doctor -o json', { as: 'bob' })).stdout).findings;

describe.each([
  ['on this machine', {}],
  ['on another machine', { host: 'ci' }],
])('an owner %s that stands still', (_where, where) => {
  it('is said to be silent by status, with what to type', async () => {
    const cli = await stopped(where);
    cli.clock.advance(10_000);
    const early = await cli.run('status', { as: 'bob' });
    expect(early.stdout).not.toContain('silent');
    cli.clock.advance(35_000);
    const { code, stdout } = await cli.run('status', { as: 'bob' });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /owner {5}ana \(pid 101 on \w+\) for .*v2\.3\.0; silent for 4[5-9]s: mlreg resume\n/,
      ),
    ]);
    const { owner } = await cli.ask('status', { as: 'bob' });
    expect(owner.silentForMs).toBeGreaterThanOrEqual(45_000);
    expect(owner.silentForMs).toBeLessThan(50_000);
  });

  it('is a failing check of doctor', async () => {
    const cli = await stopped(where);
    expect((await findings(cli)).map(({ check }) => check)).not.toContain('rollout');
    cli.clock.advance(45_000);
    expect((await findings(cli)).find(({ check }) => check === 'rollout')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(
        /^r-1 is not over, and its owner ana \(pid 101 on \w+\) is silent for 4\ds$/,
      ),
      mend: 'mlreg resume --environment dev',
    });
  });

  it('is relieved by mlreg resume, which needs no --force', async () => {
    const cli = await stopped(where);
    cli.clock.advance(45_000);
    const { code, stderr } = await cli.run('resume', { as: 'bob' });
    expect([code, stderr]).toEqual([0, expect.stringContaining('taken over by bob')]);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0', rollout: null, owner: null });
  });
});

it('an owner that lives is not silent, however long its bake', async () => {
  const cli = await serving();
  const said: Promise<string>[] = [];
  cli.when(baking(50), () => {
    for (const ms of [3_000, 6_000, 9_000])
      said.push(
        cli.clock
          .sleepUntil((cli.clock.now() + ms) as never)
          .then(async () => (await cli.run('status', { as: 'bob' })).stdout),
      );
  });
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  for (const stdout of await Promise.all(said)) expect(stdout).not.toContain('silent');
  expect(said).toHaveLength(3);
});

it('an owner that waits for an approval writes nothing but its beat, and is not silent', async () => {
  const cli = await serving(projectConfig.replace('dev: { approvals: 0', 'dev: { approvals: 1'));
  let said: Promise<string> | undefined;
  cli.when(
    ({ kind }) => kind === 'held',
    () => {
      said = cli.clock
        .sleepUntil((cli.clock.now() + 45_000) as never)
        .then(async () => (await cli.run('status', { as: 'bob' })).stdout);
    },
  );
  await cli.run('deploy --model-version v2.3.0');
  expect(await said).toContain('waits for 1 approval');
  expect(await said).not.toContain('silent');
});

describe.each([
  { call: 'publish', kind: 'publish', limit: 300_000 },
  { call: 'smoke', kind: 'smoke', limit: 180_000 },
])('an owner on another machine whose call of $call takes long', ({ call, kind, limit }) => {
  /** Within that call. */
  async function within(): Promise<CliWorld> {
    const cli = await serving();
    let begins: (() => void) | undefined;
    const began = new Promise<void>((resolve) => {
      begins = resolve;
    });
    cli.model.fault = (_at, name) => {
      if (name !== call) return null;
      cli.model.fault = () => null;
      begins?.();
      return 'stopped';
    };
    void cli.run('deploy --model-version v2.3.0', { host: 'ci' });
    await began;
    const [newest] = await cli.store.rollouts();
    expect((await cli.store.journal(newest!)).at(-1)).toMatchObject({ kind: 'intent', effect: { kind } });
    return cli;
  }

  it('is called silent only after the longest that such a call takes', async () => {
    const cli = await within();
    cli.clock.advance(limit - 20_000);
    expect((await cli.run('status', { as: 'bob' })).stdout).not.toContain('silent');
    cli.clock.advance(30_000);
    expect((await cli.run('status', { as: 'bob' })).stdout).toContain('silent for');
  });

  it('is not taken for dead by the controller before', async () => {
    const cli = await within();
    const post: Post = {
      ports: { ...cli.model.ports, clock: cli.clock },
      sightings: memorySightings(),
      actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
      silenceMs: 60_000,
      isAlive: () => 'unknown',
    };
    expect(await lap(post, true)).toMatchObject({ kind: 'watch' });
    cli.clock.advance(limit - 1_000);
    expect(await lap(post, true)).toMatchObject({ kind: 'watch' });
    cli.clock.advance(2_000);
    expect(await lap(post, true)).not.toMatchObject({ kind: 'watch' });
  });

  it('is asked by another terminal, and not relieved', async () => {
    const cli = await within();
    cli.clock.advance(20_000);
    const ran = await cli.run('resume', { as: 'bob' });
    expect(ran.stderr).not.toContain('taking up');
    const [newest] = await cli.store.rollouts();
    expect((await cli.store.journal(newest!)).filter((entry) => entry.kind === 'owned')).toEqual([]);
  });
});
