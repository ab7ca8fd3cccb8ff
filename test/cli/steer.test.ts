import { describe, expect, it } from 'vitest';
import {
  bad,
  baking,
  began,
  type CliWorld,
  cliWorld,
  type Ran,
  serving,
  type Typed,
} from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

/** One after another, each when the one before has answered, beginning at this moment of a rollout. */
async function meanwhile(
  cli: CliWorld,
  moment: Parameters<CliWorld['when']>[0],
  words: readonly string[],
  typed: Typed = { as: 'bob' },
): Promise<{ readonly answers: readonly Ran[]; readonly end: Ran }> {
  let all: Promise<Ran[]> | undefined;
  cli.when(moment, () => {
    all = (async () => {
      const answers: Ran[] = [];
      for (const one of words) answers.push(await cli.run(one, typed));
      return answers;
    })();
  });
  const end = await cli.run(deploy);
  return { end, answers: (await all) ?? [] };
}

const said = (ran: Ran | undefined): readonly unknown[] => [ran?.code, ran?.stdout.trim()];

/** Dead: its owner was killed while the challenger had 10 %. */
async function orphaned(over?: (cli: CliWorld) => void): Promise<CliWorld> {
  const cli = await serving();
  over?.(cli);
  cli.when(baking(10), () => {
    cli.model.fault = () => 'crash-before';
  });
  await cli.run(deploy);
  cli.model.fault = () => null;
  return cli;
}

describe('a running rollout, steered from another terminal', () => {
  it('pauses, is told so again, moves its share, goes on, and promotes', async () => {
    const cli = await serving();
    const { answers, end } = await meanwhile(cli, baking(10), [
      'pause',
      'pause',
      'traffic --percent 51',
      'traffic --percent 5',
      'resume',
      'promote --full',
    ]);
    expect(answers.map(said)).toEqual([
      [0, 'r-1: paused; judging goes on'],
      [0, 'r-1: was paused already'],
      [5, 'r-1: refused, 51 % is more than the 50 % of the plan; a larger share needs a new rollout'],
      [0, 'r-1: moves to 5 %'],
      [0, 'r-1: goes on'],
      [0, 'r-1: promotes now'],
    ]);
    expect(end.code).toBe(0);
  });

  it('moves its share also while it is paused', async () => {
    const cli = await serving();
    let share: unknown;
    cli.when(baking(5), () => {
      share = cli.ask('status').then(({ rollout }) => [rollout.paused, rollout.challengerPercent]);
    });
    await meanwhile(cli, baking(10), ['pause', 'traffic --percent 5']);
    expect(await share).toEqual([true, 5]);
  });

  it('goes back by itself while it is paused', async () => {
    const cli = await serving();
    cli.when(
      ({ kind }) => kind === 'request',
      () => {
        cli.model.behaviour['v2.3.0'] = bad;
      },
    );
    const { end } = await meanwhile(cli, baking(10), ['pause']);
    expect([end.code, end.stdout]).toEqual([
      3,
      expect.stringContaining('24 of 120 challenger requests failed'),
    ]);
  });

  it('goes back where nobody resumes it in time', async () => {
    const cli = await serving();
    const { end } = await meanwhile(cli, baking(10), ['pause']);
    expect([end.code, end.stdout]).toEqual([3, expect.stringContaining('paused for 1m, nobody resumed it')]);
  });

  it.each([
    ['abort --reason "looks odd"', 'aborted by bob: looks odd'],
    ['rollback', 'aborted by bob: mlreg rollback'],
    ['rollback --to v2.2.0 --reason complaints', 'aborted by bob: complaints'],
  ])('%s: 0 for who typed it, 9 for who waited', async (words, why) => {
    const cli = await serving();
    const { answers, end } = await meanwhile(cli, baking(50), [words]);
    expect([answers[0]?.code, end.code]).toEqual([0, 9]);
    expect(end.stdout).toContain(why);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null, owner: null });
  });

  it('ends for who watched it, too', async () => {
    const cli = await serving();
    const { answers } = await meanwhile(cli, began, ['watch']);
    expect(answers[0]).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('guards itself; following it'),
    });
    const other = await serving();
    expect((await meanwhile(other, began, ['watch --duration 3'])).answers[0]?.code).toBe(6);
  });

  it('asks for a share', async () => {
    expect(await (await serving()).run('traffic')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('which share?'),
    });
  });
});

describe('a rollout whose owner is dead', () => {
  it('is taken up by resume', async () => {
    const cli = await orphaned();
    const { code, stderr } = await cli.run('resume', { as: 'bob' });
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('taking up r-1: canary of v2.3.0, step 5 of 13'),
    ]);
  });

  it('is taken up from another machine, which watches for a sign of life first', async () => {
    const cli = await orphaned();
    const { code, stderr } = await cli.run('resume', { host: 'runner' });
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('looking whether the owner of dev (laptop) still lives'),
    ]);
  });

  it('is taken up by who steers it', async () => {
    const cli = await orphaned();
    const { code, stderr } = await cli.run('promote --full', { as: 'bob' });
    expect([code, stderr]).toEqual([0, expect.stringContaining('the owner of r-1 is gone; taking over')]);
  });

  it('stays as it is where its wish is refused: who asked has not become its owner', async () => {
    const cli = await orphaned();
    expect(said(await cli.run('traffic --percent 51', { as: 'bob' }))).toEqual([
      5,
      expect.stringContaining('refused, 51 %'),
    ]);
    expect((await cli.ask('status')).owner).toMatchObject({ name: 'ana', process: 'dead' });
  });

  it('is paused: nobody drives it, and resume goes on', async () => {
    const cli = await orphaned();
    expect(said(await cli.run('pause', { as: 'bob' }))).toEqual([
      0,
      'r-1: paused; nobody drives it until mlreg resume',
    ]);
    expect(await cli.ask('status')).toMatchObject({ owner: null, rollout: { paused: true } });
    expect((await cli.run('resume')).code).toBe(0);
  });

  it('is aborted', async () => {
    const cli = await orphaned();
    expect((await cli.run('abort', { as: 'bob' })).code).toBe(0);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });
});

describe('a rollout that is stuck', () => {
  const stuck = async (): Promise<CliWorld> => {
    const cli = await serving();
    cli.when(baking(10), () => cli.model.meddle({ functionVersion: '7', weights: { 3: 0.5 } }));
    expect((await cli.run(deploy)).code).toBe(7);
    return cli;
  };

  it('is taken up as it is with --adopt, and not without', async () => {
    const cli = await stuck();
    expect((await cli.run('resume')).code).toBe(7);
    expect((await cli.run('resume --adopt')).code).toBe(0);
  });

  it('is rolled back', async () => {
    const cli = await stuck();
    expect((await cli.run('rollback')).code).toBe(0);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });
});

describe('rollback with no rollout under way', () => {
  const promoted = async (): Promise<CliWorld> => {
    const cli = await serving();
    await cli.run(deploy);
    return cli;
  };

  it('goes to the version before', async () => {
    const cli = await promoted();
    const { code, stdout } = await cli.run('rollback --reason complaints');
    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
    expect(await cli.ask('versions')).toMatchObject({
      versions: [
        { version: 'v2.2.0', status: 'champion' },
        { version: 'v2.3.0', status: 'rolled_back' },
      ],
    });
  });

  it('that died on its way is finished by the next, and not undone', async () => {
    const cli = await promoted();
    cli.model.fault = (_at, name) => (name === 'writeAlias' ? 'crash-after' : null);
    await cli.run('rollback');
    cli.model.fault = () => null;
    const { code, stdout } = await cli.run('rollback');
    expect([code, stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
    expect(await cli.ask('versions')).toMatchObject({
      versions: [
        { version: 'v2.2.0', status: 'champion' },
        { version: 'v2.3.0', status: 'rolled_back' },
      ],
    });
  });

  it('goes to a version by name, and never to what was rolled back unless it is named', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    cli.clock.advance(700_000);
    expect(await cli.run('rollback')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('dev has no earlier version known good'),
    });
    expect((await cli.run('rollback --to v2.3.0 --yes')).code).toBe(0);
    expect(await cli.ask('rollback --to v2.3.0')).toMatchObject({
      kind: 'Rollback',
      result: 'already-serving',
    });
    expect((await cli.run('rollback --to previous')).code).toBe(5);
  });

  it('never brings a version to everybody that has not earned it', async () => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    expect(await cli.run('rollback --to v2.4.0 -e prod')).toEqual({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining('v2.4.0 is not known to have served everybody in prod'),
    });
    expect((await cli.run('rollback --to v9')).code).toBe(2);
  });

  it('goes by the alias where the store cannot be read', async () => {
    const cli = await promoted();
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'error-before' : null);
    const { code, stdout } = await cli.run('rollback');
    expect([code, stdout]).toEqual([0, expect.stringContaining('serves Lambda version 7 alone, read back')]);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it.each([
    ['resume', 9],
    ['rollback', 0],
    ['abort', 0],
  ])('from under a rollout that had only begun is told by %s, and that one ends', async (words, code) => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    cli.model.fault = (_at, name) => (name === 'writeAlias' ? 'crash-before' : null);
    await cli.run('deploy --model-version v2.4.0');
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'error-before' : null);
    await cli.run('rollback');
    cli.model.fault = () => null;
    expect((await cli.run(words)).code).toBe(code);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(await cli.ask('versions')).toMatchObject({
      versions: [
        { version: 'v2.4.0', status: 'rolled_back' },
        { version: 'v2.2.0', status: 'champion' },
        { version: 'v2.3.0', status: 'rolled_back' },
      ],
    });
    expect(await cli.run('resume')).toMatchObject({ code: 5 });
  });

  it('is taken up by resume when the store answers again: the registry learns of it', async () => {
    const cli = await promoted();
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'error-before' : null);
    await cli.run('rollback');
    cli.model.fault = () => null;
    await cli.register('v2.4.0');
    expect(await cli.run('deploy --model-version v2.4.0')).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/rolled back while the store was out of reach[^]*try {2}mlreg resume/),
    });
    expect((await cli.run('resume')).code).toBe(9);
    expect(await cli.ask('versions')).toMatchObject({
      versions: [
        { version: 'v2.4.0', status: 'candidate' },
        { version: 'v2.2.0', status: 'champion' },
        { version: 'v2.3.0', status: 'rolled_back' },
      ],
    });
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect((await cli.run('resume')).code).toBe(5);
  });
});

describe('an abort after the registry was written', () => {
  it('gives the champion its title back', async () => {
    const cli = await serving();
    cli.when(
      ({ kind }) => kind === 'labelled',
      () => (cli.model.fault = (_at, name) => (name === 'store.append' ? 'crash-before' : null)),
    );
    await cli.run(deploy);
    cli.model.fault = () => null;
    expect((await cli.run('abort')).code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', alias: { functionVersion: '7' } });
  });
});

describe('watch', () => {
  it('says what it saw when its time is over', async () => {
    const cli = await serving();
    expect(await cli.run('watch --duration 5')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing breached'),
    });
  });

  it('goes back to the version before: exit 3', async () => {
    const cli = await serving();
    await cli.run(deploy);
    cli.model.behaviour['v2.3.0'] = bad;
    expect((await cli.run('watch')).code).toBe(3);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', alias: { functionVersion: '7' } });
  });

  it('with no version before tells, and moves nothing: exit 7', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.2.0'] = bad;
    const { code, stdout } = await cli.run('watch');
    expect([code, stdout]).toEqual([7, expect.stringContaining('v2.2.0 still serves')]);
    expect((await cli.ask('versions')).versions[0]).toMatchObject({ status: 'champion' });
  });

  it('is ended by abort, and by a signal, and what serves serves on', async () => {
    for (const end of ['abort', 'SIGINT', 'SIGTERM'] as const) {
      const cli = await serving();
      await cli.run(deploy);
      cli.when(
        ({ kind }) => kind === 'observed',
        () => (end === 'abort' ? void cli.run('abort', { as: 'bob' }) : cli.signal(end)),
      );
      const { code } = await cli.run('watch');
      expect([end, code]).toEqual([end, { abort: 0, SIGINT: 130, SIGTERM: 143 }[end]]);
      expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0', rollout: null, owner: null });
    }
  });

  it('has nothing to watch before the first version', async () => {
    const cli = await serving();
    expect((await cliWorld().run('watch')).code).toBe(5);
    expect((await cli.run('watch --duration soon')).code).toBe(2);
  });
});
