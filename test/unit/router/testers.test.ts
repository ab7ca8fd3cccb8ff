import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { testerDigest, testersOf } from '../../../src/domain/testers.ts';
import { parseTesters } from '../../../src/router/testers.ts';
import { answered, get, post, rig, route, stickyEnv, weightedEnv } from './harness.ts';
import { classify, failed } from '../../../src/router/classify.ts';

const token = 'f1fGojGFaY-yelA8f1fGoj';
const sha256 = createHash('sha256').update(token).digest('hex');
const header = 'x-mlreg-tester';
const testers = testersOf({ users: ['qa-1', '42', 'Zoë'], tokenSha256: sha256, header })!;
const { champion, challenger } = route;

const sticky = (more: object = {}) => ({
  ...stickyEnv,
  MLREG_ROUTE: JSON.stringify({ ...route, assign: 'buckets-1', percent: 0, testers, ...more }),
});
const weighted = (arm: { version: string; endpoint: string }) => ({
  ...weightedEnv,
  MODEL_VERSION: arm.version,
  SAGEMAKER_ENDPOINT: arm.endpoint,
  MLREG_WEIGHTED: JSON.stringify({ testers, challenger }),
});
const places = {
  'sticky, at 0 %': sticky(),
  'sticky, at 10 %': sticky({ percent: 10 }),
  'sticky, by a route from before buckets': sticky({ assign: undefined }),
  'weighted, drawn to the champion': weighted(champion),
  'weighted, drawn to the challenger': weighted(challenger),
};

describe.each(Object.entries(places))('a tester, %s', (_where, env) => {
  it.each<[string, object, Record<string, string>]>([
    ['by an id', { userId: 'qa-1' }, {}],
    ['by an id that is a number', { userId: 42 }, {}],
    ['by an id in another form of Unicode', { userId: 'Zoe\u0308' }, {}],
    ['by the token', { userId: 'u-0' }, { [header]: token }],
    ['by the token, without an id', {}, { 'X-MLREG-Tester': token }],
  ])('%s gets the challenger, tagged and in neither arm', async (_who, body, headers) => {
    const { handler, calls, lines } = rig({ env });
    expect(await handler(post(body, { headers }))).toMatchObject({
      statusCode: 200,
      headers: { 'x-model-version': challenger.version },
    });
    expect(calls).toEqual([{ endpoint: challenger.endpoint, body: JSON.stringify(body), timeoutMs: 25_000 }]);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ TesterErrors: 0, tester: true, arm: 'challenger' });
    expect(line.ModelVersion).toBe(challenger.version);
    const metrics = line._aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: string }) => Name);
    expect(metrics).toEqual(['TesterErrors', 'TesterEndpointErrors']);
    expect(line.bucket, 'counts by user bucket are of lines with a bucket').toBeUndefined();
  });

  it('that is none by a wrong token, an empty one, or the digest itself', async () => {
    for (const given of ['', 'x', `${token} `, sha256, testers.token!]) {
      const { handler, lines } = rig({ env });
      await handler(post({ userId: 'u-0' }, { headers: { [header]: given } }));
      expect(JSON.parse(lines[0]!).tester, given).toBeUndefined();
      expect(JSON.parse(lines[0]!)).toMatchObject({ Requests: 1 });
    }
  });

  it('whose request fails is no failure of the arm', async () => {
    const { handler, lines } = rig({ env, answer: () => failed('model', '424') });
    await handler(post({ userId: 'qa-1' }));
    expect(JSON.parse(lines[0]!)).toMatchObject({ TesterErrors: 1, TesterEndpointErrors: 1 });
    expect(lines[0]).not.toMatch(/"Stratum"|"Requests"/);
  });

  it.each([
    ['that the model calls bad', { OriginalStatusCode: 400 }],
    ['that the model answers with 429', { OriginalStatusCode: 429 }],
  ])('whose request %s is no 5xx of the endpoint', async (_what, reply) => {
    const { handler, lines } = rig({ env, answer: () => classify(424, 'ModelError', JSON.stringify(reply)) });
    await handler(post({ userId: 'qa-1' }));
    expect(JSON.parse(lines[0]!)).toMatchObject({ TesterEndpointErrors: 0 });
  });

  it('leaves neither token nor id to model, log or answer', async () => {
    const { handler, calls, lines } = rig({ env });
    const answer = await handler(post({ userId: 'qa-1' }, { headers: { [header]: token } }));
    const said = JSON.stringify([calls.map(({ body: _, ...call }) => call), lines, answer]);
    for (const secret of [token, sha256, testers.token!, 'qa-1', testerDigest('qa-1'), header])
      expect(said).not.toContain(secret);
  });
});

it('is nobody where the challenger has gone: no tester sees a version that was rolled back', async () => {
  const { rollout, token: fence } = route;
  const env = { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ rollout, token: fence, champion }) };
  for (const at of [env, weightedEnv]) {
    const { handler, lines } = rig({ env: at });
    const answer = await handler(post({ userId: 'qa-1' }, { headers: { [header]: token } }));
    expect(answer).toMatchObject({ headers: { 'x-model-version': champion.version } });
    expect(JSON.parse(lines[0]!)).toMatchObject({ Requests: 1 });
  }
});

it('is counted apart by /metrics, too', async () => {
  const { handler } = rig({ env: sticky(), answer: () => answered() });
  await handler(post({ userId: 'qa-1' }));
  expect((await handler(get('/metrics'))) as { body: string }).toMatchObject({
    body: expect.stringMatching(/mlreg_requests_total\{.*arm="tester"\} 1/),
  });
});

it('gives feedback on the challenger', async () => {
  const { handler, lines } = rig({ env: sticky() });
  await handler(post({ requestId: 'r', userId: 'qa-1', value: 1 }, { path: '/feedback' }));
  expect(JSON.parse(lines[0]!)).toMatchObject({ Feedback: 1, ModelVersion: challenger.version });
});

describe('testers in a route', () => {
  it.each([
    ['an id in clear', { header, users: ['qa-1'] }, 'it.users is none'],
    ['a token in clear', { header, token }, 'it.token is none'],
    ['no header', { users: [] }, 'it.header is missing'],
    ['another member', { header, tokens: [] }, 'it.tokens is none'],
    ['more than fit', { header, users: Array.from({ length: 21 }, () => testerDigest('a')) }, 'it.users'],
  ])('with %s are refused, and nothing of them is quoted', (_what, value, words) => {
    expect(() => parseTesters(value, 'it')).toThrow(words);
    expect(() => parseTesters(value, 'it')).not.toThrow(/qa-1|f1fGoj/);
  });

  it('without a challenger are refused: everybody gets 500, and mlreg goes no further', async () => {
    const { handler } = rig({ env: sticky({ challenger: undefined }) });
    expect(await handler(post({}))).toMatchObject({ statusCode: 500 });
    const other = rig({ env: { ...weightedEnv, MLREG_WEIGHTED: JSON.stringify({ testers }) } });
    expect(await other.handler(post({}))).toMatchObject({ statusCode: 500 });
  });
});
