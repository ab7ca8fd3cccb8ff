import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { rolloutId } from '../../src/domain/units.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

/** The world's time is Sunday, 2025-06-15 15:06 UTC. */
const withHours = (hours: string): string =>
  projectConfig.replace(
    'dev: { approvals: 0 }',
    `dev: { approvals: 0, deployWindows: { open: [${hours}] } }`,
  );
const shut = withHours('mon-fri 09:00-16:00');
/** Ends 20 s after the first rollout begins: within its first bake. */
const closing = withHours('sun 15:00-15:07, mon-fri 09:00-16:00');
const deploy = 'deploy --model-version v2.3.0';
const opens = 'opens Mon 2025-06-16 09:00 UTC';

const journal = (cli: CliWorld): Promise<readonly Entry[]> => cli.store.journal(rolloutId('r-1'));

describe('a deploy window', () => {
  it('that is shut refuses a deploy without a reason, and shows when the next one opens', async () => {
    const cli = await serving(shut);
    expect(await cli.run(deploy)).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        new RegExp(`dev is outside its deploy window[\\s\\S]*closed; ${opens}[\\s\\S]*--reason WHY`),
      ),
    });
    expect(await cli.store.rollouts()).toEqual([]);
    for (const words of ['status', 'plan --model-version v2.3.0', `${deploy} --dry-run`])
      expect((await cli.run(words)).stdout).toContain(`window    closed; ${opens}`);
    expect((await cli.ask('status')).window).toEqual({
      state: 'closed',
      opens: '2025-06-16T09:00:00.000Z',
      freeze: null,
      timeZone: 'UTC',
    });
  });

  it('that is shut lets a deploy with a reason through to its end, and the journal has the reason', async () => {
    const cli = await serving(shut);
    expect((await cli.run(`${deploy} --reason "an incident"`)).code).toBe(0);
    expect((await journal(cli))[0]).toMatchObject({ kind: 'started', reason: 'an incident' });
  });

  it('that closes holds the share, and a rollback or an abort does not ask', async () => {
    const cli = await serving(closing);
    cli.when(
      (entry) => entry.kind === 'held',
      () => void cli.run('abort', { as: 'bob' }),
    );
    const { code } = await cli.run(deploy);
    const held = (await journal(cli)).find(({ kind }) => kind === 'held');
    expect(held).toMatchObject({ why: expect.stringContaining(`outside the deploy window, which ${opens}`) });
    expect(code).not.toBe(0);
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect((await cli.run('rollback --to v2.2.0')).stderr).not.toContain('window');
  });

  it('that closes is gone beyond by a person with a reason', async () => {
    const cli = await serving(closing);
    let asked: Promise<readonly unknown[]> | undefined;
    cli.when(
      (entry) => entry.kind === 'held',
      () => {
        asked = (async () => {
          const bare = await cli.run('promote', { as: 'bob' });
          const given = await cli.run('promote --reason hotfix', { as: 'bob' });
          return [bare.code, bare.stdout, given.code, given.stdout];
        })();
      },
    );
    expect((await cli.run(deploy)).code).toBe(0);
    expect(await asked).toEqual([
      5,
      expect.stringContaining('going on all the same needs a reason'),
      0,
      expect.stringContaining('goes on outside the deploy window'),
    ]);
  });

  it('does not ask a shadow, which moves no users', async () => {
    const cli = await serving(shut);
    expect((await cli.run(`${deploy} --strategy shadow`)).stderr).not.toContain('window');
  });
});
