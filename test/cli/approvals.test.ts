import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { rolloutId, type VersionTag } from '../../src/domain/units.ts';
import { type CliWorld, projectConfig, type Ran, serving, type Typed } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0 --yes -e';
/** Commands that fail load what explains it, and virtual time goes on meanwhile. */
const patient = projectConfig.replace('approvalTimeout: 2m', 'approvalTimeout: 12h');
const twice = patient.replace('prod: { approvals: 0,', 'prod: { approvals: 2,');

/** The moment in which somebody's approval is waited for. */
const waits = (entry: Entry): boolean => entry.kind === 'held';

/** Each typed when the one before has answered, while a deployment to this environment waits for approval. */
async function whileItWaits(
  cli: CliWorld,
  environment: string,
  typed: readonly (readonly [words: string, by: Typed])[],
): Promise<{ readonly answers: readonly Ran[]; readonly end: Ran }> {
  let all: Promise<Ran[]> | undefined;
  cli.when(waits, () => {
    all = (async () => {
      const answers: Ran[] = [];
      for (const [words, by] of typed) answers.push(await cli.run(`${words} -e ${environment} --yes`, by));
      return answers;
    })();
  });
  const end = await cli.run(`${deploy} ${environment}`);
  return { end, answers: (await all) ?? [] };
}

const said = ({ code, stdout, stderr }: Ran): readonly unknown[] => [code, (stdout || stderr).trim()];
const hashOf = async (cli: CliWorld): Promise<string> => {
  const [first] = await cli.store.journal(rolloutId('r-1'));
  return first?.kind === 'started' ? (first.planHash ?? '') : '';
};

describe('a rollout that needs an approval', () => {
  it('is refused to whoever began it, and goes on with a second person, who saw what they approved', async () => {
    const cli = await serving(patient);
    const { answers, end } = await whileItWaits(cli, 'staging', [
      ['approve', { as: 'ana' }],
      ['approve r-1 --reason "saw the report"', { as: 'bob' }],
    ]);
    expect(answers.map(({ code, stdout }) => [code, stdout.trim()])).toEqual([
      [5, 'r-1: refused, ana started this rollout; another person must approve it'],
      [0, 'r-1: approved (1 of 1)'],
    ]);
    const hash = (await hashOf(cli)).slice(0, 12);
    expect(answers[1]?.stderr).toContain(`artifact 76322e332e30, plan ${hash}, as bob`);
    expect(answers[1]?.stderr).toContain('v2.2.0 -> v2.3.0');
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining(`--plan-hash ${hash}`) });
  });

  it('needs as many people as the environment says', async () => {
    const cli = await serving(twice);
    const { answers, end } = await whileItWaits(cli, 'prod', [
      ['approve', { as: 'bob' }],
      ['approve', { as: 'bob' }],
      ['approve', { as: 'cat' }],
    ]);
    expect(answers.map(({ stdout }) => stdout.trim())).toEqual([
      'r-1: approved (1 of 2)',
      'r-1: refused, bob has approved already; another person must',
      'r-1: approved (2 of 2)',
    ]);
    expect(end.code).toBe(0);
    expect((await cli.ask('show r-1 -e prod')).approvals.map(({ by }: { by: string }) => by)).toEqual([
      'bob',
      'cat',
    ]);
  });

  it('also where only --approval-required says so', async () => {
    const cli = await serving(patient);
    cli.when(waits, () => void cli.run('approve', { as: 'bob' }));
    expect((await cli.run('deploy --model-version v2.3.0 --approval-required')).code).toBe(0);
  });

  it('is rejected: exit 9 for who waited', async () => {
    const cli = await serving(patient);
    const { answers, end } = await whileItWaits(cli, 'staging', [['reject r-1', { as: 'bob' }]]);
    expect([answers[0]?.code, end.code]).toEqual([0, 9]);
    expect(end.stdout).toContain('rejected by bob');
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('is not waited for without end', async () => {
    const cli = await serving();
    const { code, stdout } = await cli.run(`${deploy} staging`);
    expect([code, stdout]).toEqual([3, expect.stringContaining('not approved within 2m')]);
  });

  it('is approved only as the plan that was shown', async () => {
    const cli = await serving(patient);
    const { answers, end } = await whileItWaits(cli, 'staging', [
      ['approve --plan-hash deadbeef', { as: 'bob' }],
      ['approve r-9', { as: 'bob' }],
      ['reject', { as: 'bob' }],
    ]);
    expect(answers.map(said)).toEqual([
      [5, expect.stringMatching(/^✖ r-1 has plan [0-9a-f]{12}, not deadbeef; nothing was approved/)],
      [5, expect.stringContaining('r-9 is not under way in staging: r-1 is')],
      [0, expect.stringContaining('rejected')],
    ]);
    expect(end.code).toBe(9);
    expect(said(await cli.run('approve --plan-hash no -e staging'))).toEqual([
      2,
      expect.stringContaining("--plan-hash: 'no' is not the beginning of a plan's hash"),
    ]);
  });

  it('is not approved once its artifact is another', async () => {
    const cli = await serving(patient);
    cli.when(waits, () => {
      Object.assign(cli.model.ports.store, {
        version: async (tag: VersionTag) => {
          const record = await cli.store.version(tag);
          return record && { ...record, artifact: { ...record.artifact, digest: 'f00d' } };
        },
      });
    });
    const { answers, end } = await whileItWaits(cli, 'staging', [
      ['approve', { as: 'bob' }],
      ['reject', { as: 'bob' }],
    ]);
    expect(answers[0]).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('what r-1 would roll out is not what it began with'),
    });
    expect(end.code).toBe(9);
  });

  it('is approved by an approval of its own: that of another rollout is refused', async () => {
    const cli = await serving();
    await whileItWaits(cli, 'staging', [
      ['approve', { as: 'bob' }],
      ['abort', { as: 'bob' }],
    ]);
    const [used] = await cli.store.inbox(rolloutId('r-1'), 0);
    cli.when(waits, () => void cli.store.post(rolloutId('r-2'), used as never));
    const { code } = await cli.run(`${deploy} staging`);
    const entries = await cli.store.journal(rolloutId('r-2'));
    expect([code, entries.find(({ kind }) => kind === 'request')]).toEqual([
      3,
      expect.objectContaining({ accepted: false, answer: expect.stringContaining('it approves plan') }),
    ]);
  });
});

describe('who approves', () => {
  const arn = 'arn:aws:sts::123456789012:assumed-role/deploy';
  const onGitHub = (login: string): Record<string, string> => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: login,
    GITHUB_RUN_ID: '42',
    GITHUB_REPOSITORY: 'acme/models',
    GITHUB_SERVER_URL: 'https://github.com',
  });
  const asked = async (cli: CliWorld): Promise<any> => {
    const entries = await cli.store.journal(rolloutId('r-1'));
    return entries.find(({ kind }) => kind === 'request');
  };

  it('is who STS says, whatever MLREG_ACTOR says; the claim is kept', async () => {
    const cli = await serving(patient);
    const env = { MLREG_ACTOR: 'bob' };
    const { answers } = await whileItWaits(cli, 'staging', [
      ['approve', { as: 'ana', env }],
      ['reject', { as: 'bob' }],
    ]);
    expect(answers[0]).toMatchObject({
      code: 5,
      stdout: expect.stringContaining('ana started this rollout'),
    });
    expect((await asked(cli)).request).toMatchObject({
      by: 'ana',
      identity: { id: `${arn}/ana`, proof: 'aws', arn: `${arn}/ana`, claimed: 'bob' },
    });
  });

  it("is a run's login on GitHub, unless the credentials are those of whoever began", async () => {
    const cli = await serving(patient);
    const { answers } = await whileItWaits(cli, 'staging', [
      ['approve', { as: 'ana', env: onGitHub('bob') }],
      ['approve', { as: 'GitHubActions', env: onGitHub('bob') }],
    ]);
    expect(answers.map(({ code }) => code)).toEqual([5, 0]);
    expect((await asked(cli)).request.identity).toEqual({
      id: 'github:bob',
      proof: 'github',
      arn: `${arn}/ana`,
      run: 'https://github.com/acme/models/actions/runs/42',
    });
  });

  it('is nobody where AWS does not say who', async () => {
    const cli = await serving(patient);
    cli.when(waits, () => {
      cli.identity = () => Promise.reject(new Error('no answer'));
    });
    const { answers, end } = await whileItWaits(cli, 'staging', [
      ['approve', { as: 'bob' }],
      ['reject', { as: 'bob' }],
    ]);
    expect([answers.map(({ code }) => code), end.code]).toEqual([[1, 0], 9]);
  });
});
