import { describe, expect, it } from 'vitest';
import type { KeyReading } from '../../../../src/router/key-parameter.ts';
import { type ReceiptKeys, receiptKeys } from '../../../../src/router/receipts/keys.ts';
import { post, rig, route, stickyEnv, weightedEnv } from '../harness.ts';

const start = Date.UTC(2026, 10, 30, 12);
const dayMs = 86_400_000;
const receipts = { parameter: '/mlreg/prod/receipts', maxAgeMs: 14 * dayMs };
const env = (more: object = {}) => ({
  ...stickyEnv,
  MLREG_ROUTE: JSON.stringify({ ...route, receipts, ...more }),
});
const listOf = (...letters: string[]): KeyReading<ReceiptKeys> => ({
  kind: 'read',
  keys: receiptKeys.parse(letters.map((letter) => letter.repeat(64)).join(' '), 'test'),
});

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A router whose clock and keys the test sets. */
function world(options: { env?: Record<string, string>; at?: number; keys?: KeyReading<ReceiptKeys> } = {}) {
  const set = { at: options.at ?? start, keys: options.keys ?? listOf('a'), reads: 0 };
  const made = rig({
    env: options.env ?? env(),
    now: () => set.at,
    readReceiptKeys: async () => {
      set.reads++;
      return set.keys;
    },
  });
  const ask = async (body: unknown, path = '/recommend') =>
    (await made.handler(post(body, { path }))) as Answer;
  return {
    set,
    ask,
    lines: made.lines,
    receipt: async (userId?: string) => (await ask({ userId })).headers['x-mlreg-receipt'] ?? '',
    give: (receipt: unknown, value: unknown = 1) => ask({ receipt, value }, '/feedback'),
    /** The log lines of feedback. */
    given: () => made.lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'feedback'),
  };
}

describe('an answer', () => {
  it('carries a receipt and does not say which version gave it', async () => {
    const { headers } = await world().ask({ userId: 'u-13' });
    expect(headers['x-mlreg-receipt']).toMatch(/^[\w-]{60,120}$/);
    expect(headers).not.toHaveProperty('x-model-version');
  });

  it('names the version as well where the function is told to', async () => {
    const { headers } = await world({ env: { ...env(), MLREG_VERSION_HEADER: 'on' } }).ask({
      userId: 'u-13',
    });
    expect(headers).toMatchObject({ 'x-model-version': 'v2.3.0' });
  });

  it('is given without a receipt while no key can be read', async () => {
    const rigged = world({ keys: { kind: 'failed', why: 'denied', passing: false } });
    const { statusCode, headers } = await rigged.ask({ userId: 'u-0' });
    expect({ statusCode, receipt: headers['x-mlreg-receipt'] }).toEqual({
      statusCode: 200,
      receipt: undefined,
    });
    expect(rigged.lines.join()).toContain('the keys of receipts could not be read');
  });

  it('carries none where the route asks for none', async () => {
    const { headers } = await world({ env: stickyEnv }).ask({ userId: 'u-0' });
    expect(headers).not.toHaveProperty('x-mlreg-receipt');
    expect(headers).toMatchObject({ 'x-model-version': 'v2.2.0' });
  });
});

describe('feedback by receipt', () => {
  it.each([
    { user: 'u-0', arm: 'champion', version: 'v2.2.0' },
    { user: 'u-13', arm: 'challenger', version: 'v2.3.0' },
  ])('is counted for the $arm that answered, at the time of the request', async ({ user, arm, version }) => {
    const rigged = world();
    const receipt = await rigged.receipt(user);
    rigged.set.at = start + 3 * dayMs;
    const answer = await rigged.give(receipt, 0.5);
    expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([202, { recorded: true }]);
    expect(rigged.given()).toEqual([
      expect.objectContaining({
        _aws: expect.objectContaining({ Timestamp: start }),
        ModelVersion: version,
        Feedback: 0.5,
        rolloutId: 'r-abc',
        feedback: {
          at: start,
          givenAt: start + 3 * dayMs,
          arm,
          version,
          bucket: expect.any(Number),
          nonce: expect.stringMatching(/^[\w-]{16}$/),
          value: 0.5,
        },
      }),
    ]);
    // As one of them the line would be counted as a request of its bucket.
    expect(rigged.given()[0]).not.toHaveProperty('bucket');
    expect(rigged.given()[0]).not.toHaveProperty('arm');
    expect(rigged.lines.join()).not.toContain(user);
  });

  it.each([
    { after: 'promotion', serves: { champion: route.challenger, challenger: undefined, percent: 0 } },
    { after: 'rollback', serves: { challenger: undefined, percent: 0 } },
    { after: 'a new rollout', serves: { rollout: 'r-next', salt: 'other', percent: 50 } },
    {
      after: 'another version',
      serves: {
        rollout: 'r-x',
        champion: { version: 'v9.0.0', endpoint: 'e' },
        challenger: undefined,
        percent: 0,
      },
    },
  ])('stays with the arm that answered after $after', async ({ serves }) => {
    const receipt = await world().receipt('u-13');
    const later = world({ env: env(serves), at: start + dayMs });
    await later.give(receipt);
    expect(later.given()).toMatchObject([
      { ModelVersion: 'v2.3.0', rolloutId: 'r-abc', feedback: { arm: 'challenger' } },
    ]);
  });

  it('of a tester belongs to neither arm', async () => {
    const token = 'tester-token';
    const { createHash } = await import('node:crypto');
    const testers = { token: createHash('sha256').update(token).digest('hex'), header: 'x-mlreg-tester' };
    const rigged = world({ env: env({ testers }) });
    const { handler, lines } = rig({
      env: env({ testers }),
      now: () => start,
      readReceiptKeys: async () => listOf('a'),
    });
    await handler(post({}));
    const answer = (await handler(post({}, { headers: { 'x-mlreg-tester': token } }))) as Answer;
    expect(lines.join()).toContain('"tester":true');
    await rigged.give(answer.headers['x-mlreg-receipt']);
    expect(rigged.given()).toMatchObject([{ feedback: { arm: 'tester' } }]);
  });

  it('behind a weighted alias is counted for the version that answered', async () => {
    const weighted = { ...weightedEnv, MLREG_WEIGHTED: JSON.stringify({ receipts }) };
    const receipt = await world({ env: weighted }).receipt('u-0');
    const next = world({ env: { ...weighted, MODEL_VERSION: 'v2.3.0' } });
    await next.give(receipt);
    expect(next.given()).toMatchObject([{ ModelVersion: 'v2.2.0', feedback: { arm: 'weighted' } }]);
  });

  it.each([
    { what: 'forged', receipt: (real: string) => `${real.slice(0, -1)}${real.endsWith('A') ? 'B' : 'A'}` },
    { what: 'of another key', receipt: () => 'forged', keys: listOf('d') },
    { what: 'malformed', receipt: () => 'v1.r-abc.challenger' },
    { what: 'a number', receipt: () => 7 },
    { what: 'null', receipt: () => null },
    { what: 'empty', receipt: () => '' },
  ])('$what is refused, and not counted', async ({ receipt, ...more }) => {
    const real = await world(more).receipt('u-13');
    const rigged = world();
    const answer = await rigged.give(more.keys === undefined ? receipt(real) : real);
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body).message).toMatch(
      /^(the receipt was not issued here, or was changed|receipt must be the x-mlreg-receipt header of an answer, unchanged)$/,
    );
    expect(rigged.lines.filter((line) => line.includes('Feedback'))).toEqual([]);
  });

  it.each([
    { ageMs: 14 * dayMs, status: 202 },
    { ageMs: 14 * dayMs + 1, status: 400 },
    { ageMs: 400 * dayMs, status: 400 },
  ])('that is $ageMs ms old is answered $status', async ({ ageMs, status }) => {
    const receipt = await world().receipt('u-13');
    const rigged = world({ at: start + ageMs });
    const answer = await rigged.give(receipt);
    expect(answer.statusCode).toBe(status);
    if (status === 400) expect(JSON.parse(answer.body).message).toBe('the receipt is older than 336 hours');
    expect(rigged.given()).toHaveLength(status === 202 ? 1 : 0);
  });

  it.each(['1', null, undefined, true, 1e200])('with the value %s is refused', async (value) => {
    const rigged = world();
    const receipt = await rigged.receipt('u-13');
    const answer = await rigged.ask({ receipt, value }, '/feedback');
    expect([answer.statusCode, JSON.parse(answer.body).message]).toEqual([400, 'value must be a number']);
  });

  it('is refused where answers carry no receipts', async () => {
    const receipt = await world().receipt('u-13');
    const answer = await world({ env: stickyEnv }).give(receipt);
    expect([answer.statusCode, JSON.parse(answer.body).message]).toEqual([
      400,
      'answers carry no receipts here',
    ]);
  });

  it('is to be sent again while no key can be read', async () => {
    const receipt = await world().receipt('u-13');
    const rigged = world({ keys: { kind: 'failed', why: 'ssm is away', passing: false } });
    expect((await rigged.give(receipt)).statusCode).toBe(503);
    expect(rigged.given()).toEqual([]);
  });

  it('twice is logged twice under one nonce', async () => {
    const rigged = world();
    const receipt = await rigged.receipt('u-13');
    await rigged.give(receipt, 1);
    await rigged.give(receipt, 0);
    expect(new Set(rigged.given().map(({ feedback }) => feedback.nonce)).size).toBe(1);
    expect(rigged.given()).toHaveLength(2);
  });
});

describe('renewed keys', () => {
  it('seal, while receipts under the key before are still taken', async () => {
    const old = await world().receipt('u-13');
    const rigged = world({ keys: listOf('b', 'a') });
    expect((await rigged.give(old)).statusCode).toBe(202);
    expect((await world({ keys: listOf('b') }).give(await rigged.receipt('u-0'))).statusCode).toBe(202);
    expect((await world({ keys: listOf('c', 'b') }).give(old)).statusCode).toBe(400);
  });

  it('that another execution environment knows already are read at once, but not for every forged receipt', async () => {
    const rigged = world();
    await rigged.receipt('u-0');
    const sealedAnew = await world({ keys: listOf('b', 'a') }).receipt('u-13');
    rigged.set.keys = listOf('b', 'a');
    rigged.set.at = start + 10_000;
    expect((await rigged.give(sealedAnew)).statusCode).toBe(202);
    expect(rigged.set.reads).toBe(2);
    const forged = await world({ keys: listOf('f') }).receipt('u-13');
    for (let i = 0; i < 20; i++) expect((await rigged.give(forged)).statusCode).toBe(400);
    expect(rigged.set.reads).toBe(2);
  });
});

describe('feedback without a receipt, where answers carry receipts', () => {
  it('is recorded for dashboards, and its answer does not tell the version', async () => {
    const rigged = world();
    const answer = await rigged.ask({ requestId: 'req-1', userId: 'u-13', value: 1 }, '/feedback');
    expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([202, { recorded: true }]);
    expect(rigged.given()).toEqual([]);
  });
});
