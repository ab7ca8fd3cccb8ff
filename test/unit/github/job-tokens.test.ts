import { beforeAll, describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import { createJobTokens } from '../../../src/github/job-tokens.ts';
import { click, issuer, type JobIssuer, jobIssuer, type SignedJob } from '../../support/job-issuer.ts';

const now = instant(1_780_000_000_000);
const audience = 'mlreg:approve:recommendation:staging:abc';
const good: SignedJob = { claims: click('bob'), audience, at: now - 5_000 };

describe("a job's token", () => {
  let github: JobIssuer;
  beforeAll(async () => {
    github = await jobIssuer();
  });
  const read = async (job: SignedJob, at = now) =>
    github.tokens.verify(await github.sign(job), { issuer, audience }, at);

  it('says whose job it is', async () => {
    expect(await read(good)).toEqual({
      kind: 'signed',
      claims: {
        actor: 'bob',
        actorId: click('bob').actor_id,
        repository: 'acme/models',
        environment: 'staging',
        eventName: 'workflow_dispatch',
        workflowRef: 'acme/models/.github/workflows/approve-rollout.yml@refs/heads/main',
        runId: '42',
        runAttempt: '1',
      },
    });
  });

  it.each<[string, Partial<SignedJob>, string]>([
    ['signed by somebody else', { forged: true }, 'the signature of its token is wrong'],
    [
      'of another issuer',
      { issuer: 'https://evil.example' },
      'its token is not one of https://token.actions.githubusercontent.com',
    ],
    [
      'for AWS',
      { audience: 'sts.amazonaws.com' },
      'its token is for another rollout, environment or program',
    ],
    [
      'for another plan',
      { audience: 'mlreg:approve:recommendation:staging:abd' },
      'its token is for another rollout, environment or program',
    ],
    ['that has expired', { at: now - 600_000 }, 'its token has expired: start the workflow again'],
    [
      'made to live for ever',
      { at: now - 3_600_000, livesMs: 1e10 },
      'its token has expired: start the workflow again',
    ],
    [
      'that names nobody',
      { claims: { ...click('bob'), actor: undefined } },
      'its token is none of a GitHub job',
    ],
  ])('%s proves nothing', async (_name, change, why) => {
    expect(await read({ ...good, ...change })).toEqual({ kind: 'refused', why });
  });

  it('is none where it is text, unsigned or signed with a shared secret', async () => {
    const [, body] = (await github.sign(good)).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    const shared = `${Buffer.from('{"alg":"HS256","kid":"k1"}').toString('base64url')}.${body}.AAAA`;
    for (const token of ['', 'token', none, shared])
      expect(await github.tokens.verify(token, { issuer, audience }, now)).toEqual({
        kind: 'refused',
        why: 'its token is none that GitHub signs',
      });
  });

  it('proves nothing while the keys of its issuer are out of reach', async () => {
    const cutOff = createJobTokens({ lookup: () => Promise.reject(new Error('no network')) });
    expect(await cutOff.verify(await github.sign(good), { issuer, audience }, now)).toEqual({
      kind: 'unreachable',
      why: "the keys of https://token.actions.githubusercontent.com can't be read now",
    });
  });

  it('is asked for by jobs alone, and never from an address inside', async () => {
    expect(await github.tokens.request({}, audience)).toBe(null);
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://127.0.0.1/token?x=1',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
    };
    await expect(github.tokens.request(env, audience)).rejects.toThrow(
      'GitHub did not give this job a token that proves whose it is',
    );
  });
});
