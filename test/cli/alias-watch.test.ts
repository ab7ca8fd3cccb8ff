import { describe, expect, it } from 'vitest';
import { replay } from '../../src/engine/fold-journal.ts';
import { noticeOf } from '../../src/view/notices.ts';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

/** The Lambda version that gives everybody the challenger. */
function everybody(cli: CliWorld): string {
  const version = cli.model.functionVersions().find((published) => {
    const route = cli.model.variablesOf(published).MLREG_ROUTE;
    return route?.includes('"percent":0') === true && route.includes('"champion":{"version":"v2.3.0"');
  });
  if (version === undefined) throw new Error('not published yet');
  return version;
}

describe('an alias that somebody moves by hand while a rollout bakes', () => {
  it('to what gives everybody the challenger: it is judged by that, and goes back', async () => {
    const cli = await serving();
    let at: string | undefined;
    cli.when(baking(10), () => {
      at = everybody(cli);
      cli.model.meddle({ functionVersion: at, weights: {} });
      cli.model.behaviour['v2.3.0'] = bad;
    });
    const ended = await cli.run(deploy);
    expect(ended.stderr).toContain(`holds: alias live serves Lambda version ${at}, but r-1 pointed it at`);
    expect(ended.stderr).toContain('v2.3.0 gets 100 % of users, and is judged by that');
    expect(ended.code).toBe(3);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('and is well there: the rollout stops where it would write it next, and moves nobody', async () => {
    const cli = await serving();
    const target = { functionVersion: '', weights: {} };
    cli.when(baking(10), () => {
      target.functionVersion = everybody(cli);
      cli.model.meddle(target);
    });
    const ended = await cli.run(deploy);
    expect([ended.code, ended.stdout]).toEqual([7, expect.stringContaining('changed by something else')]);
    expect(cli.model.alias().target).toEqual(target);
  });

  it('and points it back: the rollout goes on to its end', async () => {
    const cli = await serving();
    let before = cli.model.alias().target;
    cli.when(baking(10), () => {
      before = cli.model.alias().target;
      cli.model.meddle({ functionVersion: everybody(cli), weights: {} });
    });
    cli.when(
      ({ kind }) => kind === 'held',
      () => cli.model.meddle(before),
    );
    const ended = await cli.run(deploy);
    expect(ended.stderr).toContain(
      `goes on: alias live serves Lambda version ${before.functionVersion} again`,
    );
    expect(ended.code).toBe(0);
  });

  it('to a version without a route: it stops at the next tick, and says that users get errors', async () => {
    const cli = await serving();
    cli.model.publishAs('5', {});
    cli.when(baking(10), () => cli.model.meddle({ functionVersion: '5', weights: {} }));
    const ended = await cli.run(deploy);
    expect(ended.code).toBe(7);
    expect(ended.stdout).toContain('alias live serves Lambda version 5, which this rollout never wrote');
    expect(ended.stdout).toContain(
      'All users get errors now, because Lambda version 5 has no route; mlreg rollback --environment dev brings everybody to v2.2.0',
    );
    expect(ended.stdout).toContain('mlreg rollback --environment dev');
    expect(ended.stderr).not.toContain('step=5/');
  });

  it.each([
    {
      what: 'a version without a route',
      to: { functionVersion: '5', weights: {} },
      says: 'All users get errors now, because Lambda version 5 has no route',
    },
    {
      what: 'a version without a route for some',
      to: { functionVersion: '7', weights: { '5': 0.25 } },
      says: '25 % of the users get errors now, because Lambda version 5 has no route',
    },
    {
      what: 'a version of somebody else',
      to: { functionVersion: '6', weights: {} },
      says: 'Users get what Lambda version 6 answers, and mlreg does not judge that',
    },
  ])('to $what: terminal, status, history and notification say what users get', async ({ to, says }) => {
    const cli = await serving();
    cli.model.publishAs('5', {});
    cli.model.publishAs('6', { SAGEMAKER_ENDPOINT: 'somewhere' });
    cli.when(baking(10), () => cli.model.meddle(to));
    const whole = `${says}; mlreg rollback --environment dev brings everybody to v2.2.0`;
    const ended = await cli.run(deploy);
    expect([ended.code, ended.stdout]).toEqual([7, expect.stringContaining(whole)]);
    const status = await cli.run('status');
    expect(status.stdout).toContain(whole);
    expect(status.stdout).toContain('nobody drives it: choose one of the commands below');
    expect(status.stdout).not.toContain('nobody drives it: mlreg resume');
    expect((await cli.ask('status')).rollout.outcome.sentence).toContain(whole);
    const [id] = await cli.store.rollouts();
    const entries = await cli.store.journal(id!);
    const notice = noticeOf(replay(id!, entries), entries.at(-1)!);
    expect(notice?.subject).toMatch(/^\[dev\] recommendation v2\.3\.0 STUCK, a person must act: /);
    expect(notice?.body).toContain(whole);
    const back = await cli.run('rollback');
    expect([back.code, cli.model.alias().target.functionVersion]).toEqual([0, '7']);
  });

  it('where the next write finds it: it says the same', async () => {
    const cli = await serving();
    cli.model.publishAs('5', {});
    cli.when(
      (entry) =>
        entry.kind === 'intent' && entry.effect.kind === 'set-alias' && entry.effect.purpose === 'route',
      () => cli.model.meddle({ functionVersion: '5', weights: {} }),
    );
    const ended = await cli.run(deploy);
    expect([ended.code, ended.stdout]).toEqual([7, expect.stringContaining('All users get errors now')]);
  });

  it('and can not be read: the rollout goes on', async () => {
    const cli = await serving();
    let isBaking = false;
    cli.when(baking(10), () => {
      isBaking = true;
    });
    let reads = 0;
    cli.model.fault = (_at, name) =>
      isBaking && name === 'readAlias' && reads++ < 3 ? 'error-before' : null;
    expect((await cli.run(deploy)).code).toBe(0);
    expect(reads).toBeGreaterThan(2);
  });
});
