import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';

const home = { functionVersion: '7', weights: {} };

/** A version that fails, and credentials that end at a moment: from then on AWS answers nobody, the store no more than Lambda. */
async function expiringAt(moment: (entry: Entry) => boolean): Promise<CliWorld> {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  cli.when(moment, () => {
    cli.model.fault = () => 'expired';
  });
  return cli;
}

const renew = (cli: CliWorld): void => {
  cli.model.fault = () => null;
};
const isVerdict = (entry: Entry): boolean => entry.kind === 'rolling-back';
const journal = async (cli: CliWorld): Promise<readonly Entry[]> => {
  const store = openMemoryStore(cli.model.place);
  const [id] = await store.rollouts();
  return id === undefined ? [] : store.journal(id);
};

describe('credentials that expire just before the way back is written', () => {
  it('are told loudly, with what to type; the tries have an end, and nothing is claimed', async () => {
    const cli = await expiringAt(isVerdict);
    const began = cli.clock.now();
    const { code, stdout, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(7);
    expect(stdout).toMatch(/^STUCK .*alias live could not be pointed at v2.2.0.*token is expired/);
    expect(stdout).toContain('v2.3.0 may still get 10 % of traffic');
    expect(stdout).toMatch(/choose +aws sso login, or new keys in the environment; then\n +mlreg rollback/);
    expect(cli.clock.now() - began).toBeLessThan(600_000);
    expect(cli.model.alias().target.functionVersion).not.toBe('7');
    // Seen at once and then once a minute, not two hundred times.
    const tries = stderr.split('\n').filter((line) => line.includes('effect.failed'));
    expect(tries[0]).toContain('tries again');
    expect(tries.at(-1)).toMatch(/\(\d+ times\)$/);
    expect(tries.length).toBeLessThan(12);
    expect(stderr).toMatch(/journal entries could not be written; run: mlreg resume/);
  });

  it.each(['resume', 'rollback', 'abort'])(
    'are followed by `mlreg %s` with new ones, which ends it',
    async (verb) => {
      const cli = await expiringAt(isVerdict);
      expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(7);
      renew(cli);
      const { code } = await cli.run(verb);
      expect(code).toBe(verb === 'resume' ? 3 : 0);
      expect(cli.model.alias().target).toEqual(home);
      expect((await journal(cli)).at(-1)).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
      expect(await openMemoryStore(cli.model.place).lock()).toMatchObject({ owner: null });
    },
  );

  it('and come back in time are no matter: the same process goes home', async () => {
    const cli = await expiringAt(isVerdict);
    void cli.clock.sleepUntil((cli.clock.now() + 90_000) as never).then(() => renew(cli));
    const { code } = await cli.run('deploy --model-version v2.3.0');
    expect([code, cli.model.alias().target]).toEqual([3, home]);
  });
});

describe('credentials that expire in a bake, before anything is known', () => {
  it('fail no gate; where they stay away the process ends, and says how to go on', async () => {
    const cli = await expiringAt(baking(10));
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(4);
    expect(stderr).toMatch(/r-1 stands still, and fails no gate for it: .*token is expired/);
    expect(stderr).toContain(
      'r-1 is left as it is, and nobody drives it: v2.3.0 may get 10 % of traffic. Go on with: mlreg resume --environment dev',
    );
    renew(cli);
    expect((await cli.run('resume')).code).toBe(3);
    expect(cli.model.alias().target).toEqual(home);
  });
});

describe('a deploy that is killed between taking the lock and its first entry', () => {
  it('stands in the way of the next one for no longer than a heartbeat', async () => {
    const cli = await serving();
    let isDead = false;
    cli.model.fault = (_index, name) => ((isDead ||= name === 'store.append') ? 'crash-before' : null);
    await cli.run('deploy --model-version v2.3.0', { as: 'bob', host: 'runner' });
    expect(await cli.store.lock()).toMatchObject({ owner: { name: 'bob' }, rollout: 'r-1' });
    cli.model.fault = () => null;
    const began = cli.clock.now();
    let beganAt = 0;
    cli.when(
      ({ kind }) => kind === 'started',
      () => (beganAt = cli.clock.now()),
    );
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
    expect(beganAt - began).toBeLessThanOrEqual(5_000);
  });
});
