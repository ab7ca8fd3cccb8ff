import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { rolloutId } from '../../src/domain/units.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

/*
 * `onBreach: hold`: a breach advances nothing and waits for a person, at the share or with everybody on the champion; and
 * rolls back where nobody answers.
 */

const home = { functionVersion: '7', weights: {} };
const deploy = 'deploy --model-version v2.3.0';

const failing = async (settings: string): Promise<CliWorld> => {
  const cli = await serving(projectConfig.replace('dev: {', `dev: { onBreach: hold, ${settings}`));
  cli.model.behaviour['v2.3.0'] = { errors: 0.3, latencyMs: 20 };
  return cli;
};

const isHeld = (entry: Entry): boolean => entry.kind === 'held';

/** Deploys, and does this once the rollout holds. */
async function whenHeld(cli: CliWorld, act: () => Promise<unknown>) {
  let acted: Promise<unknown> = Promise.resolve();
  cli.when(isHeld, () => {
    acted = act();
  });
  const ran = await cli.run(`${deploy} --quiet`);
  await acted;
  return ran;
}

describe('a rollout that breaches, and holds', () => {
  it('keeps its share, says why and what to type, and rolls back where nobody answers', async () => {
    const cli = await failing('maxHold: 2m,');
    let held: unknown;
    const ran = await whenHeld(cli, async () => {
      held = (await cli.ask('status')).rollout;
    });
    expect(held).toMatchObject({
      phase: 'forward',
      challengerPercent: 10,
      held: expect.stringContaining('mlreg abort --environment dev brings users back'),
    });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('Held for 2m, and nobody answered.');
    expect(cli.model.alias().target).toEqual(home);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it('takes the challenger’s users away where it holds at zero, by the version that a rollback returns to', async () => {
    const cli = await failing('holdAt: zero, maxHold: 2m,');
    const targets: unknown[] = [];
    cli.when(
      (entry) =>
        entry.kind === 'result' &&
        cli.model.alias().stamp?.detail?.purpose === 'forward' &&
        targets.length === 0 &&
        cli.model.alias().target.functionVersion === '7',
      () => targets.push(cli.model.alias().target),
    );
    const ran = await cli.run(`${deploy} --quiet`);
    expect(targets).toEqual([home]);
    expect(ran.code).toBe(3);
    expect(cli.model.alias().target).toEqual(home);
  });

  it.each(['abort', 'rollback'])('%s brings users back at once', async (words) => {
    const cli = await failing('');
    await whenHeld(cli, () => cli.run(words));
    expect(cli.model.alias().target).toEqual(home);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it('promote goes on all the same, for a reason that the journal keeps', async () => {
    const cli = await failing('');
    let answers: readonly { code: number; stdout: string }[] = [];
    const ran = await whenHeld(cli, async () => {
      answers = [
        await cli.run('traffic --percent 5'),
        await cli.run('promote --full'),
        await cli.run('promote --full --reason known'),
      ];
    });
    expect(answers.map(({ code, stdout }) => [code, stdout.trim()])).toEqual([
      [
        5,
        'r-1: refused, it is held for a breach: mlreg abort, or mlreg promote --reason WHY to go on all the same',
      ],
      [
        5,
        'r-1: refused, it is held for a breach; going on all the same needs a reason: mlreg promote --reason WHY',
      ],
      [0, expect.stringContaining('r-1: goes on in spite of a breach: ')],
    ]);
    expect(ran.code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0', rollout: null });
  });

  it('holds for what a person accepted no more, in no later bake', async () => {
    const cli = await failing('');
    const ran = await whenHeld(cli, () => cli.run('promote --reason known'));
    expect(ran.code).toBe(0);
    const entries = await cli.store.journal(rolloutId('r-1'));
    expect(entries.filter(isHeld)).toHaveLength(1);
    const notes = entries.flatMap((entry) => (entry.kind === 'step-done' ? [entry.note] : []));
    expect(notes).toContainEqual(expect.stringMatching(/^in spite of a breach that .+ accepted$/));
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0', rollout: null });
  });

  it('holds again where it gets worse than what was accepted', async () => {
    const cli = await failing('maxHold: 2m,');
    const ran = await whenHeld(cli, () => {
      cli.model.behaviour['v2.3.0'] = { errors: 1, latencyMs: 20 };
      return cli.run('promote --reason known');
    });
    expect((await cli.store.journal(rolloutId('r-1'))).filter(isHeld)).toHaveLength(2);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('Held for 2m, and nobody answered.');
    expect(cli.model.alias().target).toEqual(home);
  });

  it('is held for whoever takes it up after a crash, and is asked about once', async () => {
    const cli = await failing('holdAt: zero, maxHold: 2m,');
    cli.when(isHeld, () => {
      cli.model.fault = () => 'crash-before';
    });
    await cli.run(deploy);
    cli.model.fault = () => null;
    const resumed = await cli.run('resume --quiet');
    expect(resumed.code).toBe(3);
    const entries = await cli.store.journal(rolloutId('r-1'));
    expect(entries.filter(isHeld)).toHaveLength(1);
  });

  it('stays as it is in a first deploy, a shadow and a rollback: there is nothing to hold', async () => {
    const cli = await failing('');
    const plan = await cli.ask('plan --strategy shadow --model-version v2.3.0');
    expect(plan.plan.onBreach).toBeUndefined();
  });
});
