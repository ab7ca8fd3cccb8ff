import { beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { rolloutId, type VersionTag } from '../../src/domain/units.ts';
import { click, type JobIssuer, jobIssuer } from '../support/job-issuer.ts';
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
  starter: Typed = {},
): Promise<{ readonly answers: readonly Ran[]; readonly end: Ran }> {
  let all: Promise<Ran[]> | undefined;
  cli.when(waits, () => {
    all = (async () => {
      const answers: Ran[] = [];
      for (const [words, by] of typed) answers.push(await cli.run(`${words} -e ${environment} --yes`, by));
      return answers;
    })();
  });
  const end = await cli.run(`${deploy} ${environment}`, starter);
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

const listed = (approvers: string): string =>
  patient.replace('staging: { approvals: 1 }', `staging: { approvals: 1, approvers: { ${approvers} } }`);
const onGitHub = 'repository: acme/models';
/** The variables that a runner sets, and nothing else. */
const variables = (login: string): Record<string, string> => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_ACTOR: login,
  GITHUB_RUN_ID: '42',
  GITHUB_REPOSITORY: 'acme/models',
  GITHUB_SERVER_URL: 'https://github.com',
});
/** A job that GitHub vouches for; all jobs have the session of one role. */
const job = (login: string, claims: Record<string, string> = {}): Typed => ({
  as: 'job',
  env: { ...variables(login), JOB: JSON.stringify({ ...click(login), ...claims }) },
});

describe('who approves', () => {
  let github: JobIssuer;
  beforeAll(async () => {
    github = await jobIssuer();
  });
  const role = 'arn:aws:sts::123456789012:assumed-role';

  async function world(config: string): Promise<CliWorld> {
    const cli = await serving(config);
    cli.jobTokens = {
      request: async (env, audience) =>
        env.JOB === undefined
          ? null
          : github.sign({
              claims: JSON.parse(env.JOB) as Record<string, string>,
              audience,
              at: cli.clock.now(),
            }),
      verify: github.tokens.verify,
    };
    cli.identity = async (as) => ({
      account: '123456789012',
      arn: as === 'job' ? `${role}/mlreg-cli/mlreg-42-1` : `arn:aws:iam::123456789012:user/${as}`,
    });
    return cli;
  }

  /** What each approval is answered, one after another, while it waits; a person rejects it in the end. */
  async function tried(
    cli: CliWorld,
    starter: Typed,
    approvers: readonly Typed[],
  ): Promise<readonly (readonly [number, string])[]> {
    const words = approvers.map((by): [string, Typed] => ['approve', by]);
    const { answers } = await whileItWaits(cli, 'staging', [...words, ['reject', { as: 'zoe' }]], starter);
    return answers.slice(0, -1).map(({ code, stdout, stderr }) => [code, stdout.trim() || stderr.trim()]);
  }

  const requests = async (cli: CliWorld): Promise<readonly any[]> =>
    (await cli.store.journal(rolloutId('r-1'))).filter(({ kind }) => kind === 'request');

  it('is who STS says, whatever MLREG_ACTOR says; the claim is kept', async () => {
    const cli = await serving(patient);
    const [answer] = await tried(cli, {}, [{ as: 'ana', env: { MLREG_ACTOR: 'bob' } }]);
    const arn = 'arn:aws:iam::123456789012:user/ana';
    expect(answer).toEqual([5, 'r-1: refused, ana started this rollout; another person must approve it']);
    expect((await requests(cli))[0].request).toMatchObject({
      by: 'ana',
      identity: { id: 'user:123456789012:ana', proof: 'aws', arn, claimed: 'bob' },
    });
  });

  it('is a role, whatever its session is called', async () => {
    const cli = await serving(patient);
    cli.identity = async (as) => ({ account: '123456789012', arn: `${role}/deploy/${as}` });
    expect(await tried(cli, { as: 'ana' }, [{ as: 'bob' }])).toEqual([
      [5, 'r-1: refused, deploy started this rollout; another person must approve it'],
    ]);
  });

  it('is a user of IAM Identity Center, whose session nobody else may name', async () => {
    const cli = await serving(patient);
    const sso = (set: string, user: string): string =>
      `${role}/AWSReservedSSO_${set}_0123456789abcdef/${user}`;
    cli.identity = async (as) => ({
      account: '123456789012',
      arn:
        as === 'ana'
          ? sso('Deploy', 'ana@acme.com')
          : as === 'admin'
            ? sso('Admin', 'ana@acme.com')
            : sso('Deploy', 'bob@acme.com'),
    });
    expect(await tried(cli, { as: 'ana' }, [{ as: 'admin' }, { as: 'bob' }])).toEqual([
      [5, 'r-1: refused, ana@acme.com started this rollout; another person must approve it'],
      [0, 'r-1: approved (1 of 1)'],
    ]);
  });

  it('is nobody whom variables of a runner name', async () => {
    const cli = await world(listed(onGitHub));
    expect(await tried(cli, {}, [{ as: 'bob', env: variables('cat') }])).toEqual([
      [5, 'r-1: refused, the job on GitHub has no token of its own: give it permissions: id-token: write'],
    ]);
  });

  it('is who started the approval workflow, as GitHub signs it; the token is in no journal and no output', async () => {
    const cli = await world(listed(onGitHub));
    const tokens: string[] = [];
    const { request } = cli.jobTokens;
    cli.jobTokens = {
      ...cli.jobTokens,
      request: async (...given) => {
        const token = await request(...given);
        if (token !== null) tokens.push(token);
        return token;
      },
    };
    const { answers, end } = await whileItWaits(
      cli,
      'staging',
      [
        ['approve', job('ana')],
        ['approve', job('bob')],
      ],
      job('ana'),
    );
    expect([end.code, ...answers.map(said)]).toEqual([
      0,
      [5, 'r-1: refused, ana started this rollout; another person must approve it'],
      [0, 'r-1: approved (1 of 1)'],
    ]);
    const [, given] = await requests(cli);
    expect(given.request).toMatchObject({
      by: 'bob',
      identity: { id: 'github:bob', proof: 'oidc', run: 'https://github.com/acme/models/actions/runs/42' },
    });
    const shown = JSON.stringify([await cli.store.journal(rolloutId('r-1')), end, answers]);
    expect(tokens).toHaveLength(3);
    for (const token of tokens) expect(shown).not.toContain(token.split('.')[2]);
  });

  it.each<[string, Typed, string]>([
    ['a bot', job('github-actions[bot]'), 'github-actions[bot] is a bot'],
    ['a job of another repository', job('bob', { repository: 'mallory/models' }), 'not of acme/models'],
    ['a job in another environment', job('bob', { environment: 'dev' }), 'GitHub environment is dev'],
    ['a run of somebody else that is run again', job('bob', { run_attempt: '2' }), 'run again'],
    ['an event that names a bystander', job('bob', { event_name: 'issue_comment' }), 'issue_comment'],
  ])('is not %s', async (_name, by, why) => {
    const cli = await world(listed(onGitHub));
    expect(await tried(cli, job('ana'), [by])).toEqual([[4, expect.stringContaining(why)]]);
  });

  it('is nobody who can not be told apart from who began: on GitHub and on a laptop', async () => {
    const unknown = 'r-1: refused, nothing shows that';
    const begunThere = await world(listed(onGitHub));
    expect(await tried(begunThere, job('ana'), [{ as: 'ana' }, { as: 'ana-at-home' }])).toEqual([
      [5, 'r-1: refused, ana started this rollout; another person must approve it'],
      [
        5,
        `${unknown} ana-at-home is not ana, who started this rollout: approve on GitHub, by the workflow approve-rollout.yml`,
      ],
    ]);
    const begunHere = await world(listed(onGitHub));
    expect(await tried(begunHere, { as: 'ana' }, [job('octocat')])).toEqual([
      [
        5,
        expect.stringContaining(`${unknown} octocat is not ana, who started this rollout: approve with AWS`),
      ],
    ]);
  });

  it('is not who ran the job again that began', async () => {
    const cli = await world(listed(onGitHub));
    const { as, env } = job('ana', { run_attempt: '2' });
    const again: Typed = { as: as!, env: { ...env, GITHUB_TRIGGERING_ACTOR: 'mallory' } };
    expect(await tried(cli, again, [job('mallory'), job('bob')])).toEqual([
      [5, expect.stringContaining('mallory started this rollout')],
      [0, 'r-1: approved (1 of 1)'],
    ]);
  });

  it('is only who is listed', async () => {
    const jobs = await world(listed(`${onGitHub}, github: [bob]`));
    expect(await tried(jobs, job('ana'), [job('cat'), job('Bob')])).toEqual([
      [5, 'r-1: refused, cat is not among the approvers of this environment: ask one of them: bob'],
      [0, 'r-1: approved (1 of 1)'],
    ]);
    const roles = await world(listed('roles: ["arn:aws:iam::123456789012:user/bob"]'));
    expect(await tried(roles, {}, [{ as: 'cat' }, { as: 'bob' }])).toEqual([
      [5, expect.stringContaining('cat is not among the approvers')],
      [0, 'r-1: approved (1 of 1)'],
    ]);
  });

  it('is nobody where a request in the inbox only says that GitHub vouches for it', async () => {
    const cli = await world(listed(onGitHub));
    const identity = { id: 'github:bob', proof: 'oidc' } as const;
    const post = async (id: string, token?: (hash: string) => Promise<string>): Promise<void> => {
      const planHash = await hashOf(cli);
      const { clock } = cli;
      const base = {
        id,
        kind: 'approve',
        planHash,
        by: 'bob',
        at: clock.now(),
        reason: '',
        identity,
      } as const;
      await cli.store.post(
        rolloutId('r-1'),
        token === undefined ? base : { ...base, token: await token(planHash) },
      );
    };
    cli.when(waits, () => {
      void (async () => {
        const audience = (hash: string): string => `mlreg:approve:recommendation:staging:${hash}`;
        const claims = click('bob');
        const at = cli.clock.now();
        await post('a');
        await post('b', (hash) => github.sign({ claims, audience: audience(hash), at, forged: true }));
        await post('c', () => github.sign({ claims, audience: audience('another plan'), at }));
        await post('d', (hash) => github.sign({ claims, audience: audience(hash), at: at - 900_000 }));
        await post('e', (hash) =>
          github.sign({ claims: click('github-actions[bot]'), audience: audience(hash), at }),
        );
        await cli.run('reject -e staging', { as: 'zoe' });
      })();
    });
    const { code } = await cli.run(`${deploy} staging`, job('ana'));
    expect([code, (await requests(cli)).map(({ accepted, answer }) => [accepted, answer])]).toEqual([
      9,
      [
        [false, 'it says that GitHub vouches for it, and has no token that would: approve again'],
        [false, 'the signature of its token is wrong: approve again'],
        [false, 'its token is for another rollout, environment or program: approve again'],
        [false, 'its token has expired: start the workflow again: approve again'],
        [false, 'github-actions[bot] is a bot: a person must start the workflow: approve again'],
        [true, 'rejected'],
      ],
    ]);
  });

  it('must be tellable before it begins: a job without a token, and jobs of no repository', async () => {
    const nameless = await world(listed(onGitHub));
    expect(await nameless.run(`${deploy} staging`, { as: 'job', env: variables('ana') })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give the job permissions: id-token: write'),
    });
    const nowhere = await world(patient);
    expect(await nowhere.run(`${deploy} staging`, job('ana'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('environments.staging.approvers.repository: OWNER/NAME'),
    });
    expect(await nowhere.store.rollouts()).toEqual([]);
  });

  it('may ask without the right to drive: whoever takes the rollout up finds it', async () => {
    const cli = await world(listed(onGitHub));
    expect((await cli.run(`${deploy} staging --timeout 5s`, job('ana'))).code).toBe(6);
    const denied = { kind: 'denied', action: 'dynamodb:PutItem', message: 'denied' } as const;
    const readOnly = new Proxy(cli.model.ports.store, {
      get: (store, name) =>
        name === 'acquire' ? () => Promise.reject(new PlatformError(denied)) : Reflect.get(store, name),
    });
    cli.connectTo = () => ({ store: readOnly });
    const asked = await cli.run('approve -e staging --yes', job('bob'));
    expect([asked.code, asked.stderr]).toEqual([
      6,
      expect.stringContaining('bob may not take r-1 over; the request waits for whoever does: mlreg resume'),
    ]);
    cli.connectTo = () => ({});
    expect((await cli.run('resume -e staging', job('ana'))).stderr).toContain('approved by bob');
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
