import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failed } from '../../../../src/router/classify.ts';
import type { ModelAnswer } from '../../../../src/router/invoke.ts';
import { createCopier, createSendCopy, type Handed } from '../../../../src/router/shadow/copy.ts';
import { shadowSettings } from '../../../support/model-world.ts';
import { answered, post, rig, route, stickyEnv } from '../harness.ts';

const { setup } = shadowSettings();
const copying = { ...route, percent: 0, shadow: { sample: 100, ...setup } };
const env = (sample = 100) => ({
  ...stickyEnv,
  MLREG_ROUTE: JSON.stringify({ ...copying, shadow: { ...copying.shadow, sample } }),
});

/** Sends nothing, and keeps what it was to send. */
function outbox(...fates: Handed[]) {
  const sent: { event: any; timeoutMs: number }[] = [];
  return {
    sent,
    send: async (event: string, timeoutMs: number): Promise<Handed> => {
      sent.push({ event: JSON.parse(event), timeoutMs });
      return fates.shift() ?? 'sent';
    },
  };
}

describe('a request that is copied', () => {
  it('is answered by the champion, and handed over with its answer before the caller has it', async () => {
    const { sent, send } = outbox();
    const { handler, calls, lines } = rig({ env: env(), send });
    const answer = await handler(post({ userId: 'u-13', secret: 'x' }, { headers: { 'x-api-key': 'key' } }));
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'x-model-version': 'v2.2.0' },
      body: '{"items":[1]}',
    });
    expect(calls.map(({ endpoint }) => endpoint)).toEqual([route.champion.endpoint]);
    expect(sent).toEqual([
      {
        timeoutMs: 150,
        event: {
          mlreg: 'shadow',
          rollout: 'r-abc',
          requestId: 'req-1',
          challenger: route.challenger,
          comparison: setup.comparison,
          body: '{"userId":"u-13","secret":"x"}',
          champion: { answer: Buffer.from('{"items":[1]}').toString('base64'), latencyMs: 12.5 },
        },
      },
    ]);
    expect(JSON.stringify(sent)).not.toContain('key');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      ModelVersion: 'v2.2.0',
      Latency: 12.5,
      ShadowSent: 1,
      ShadowDropped: 0,
      copy: 'sent',
    });
  });

  it.each([
    { answers: { errors: ['/error'] }, accept: 'text/csv', given: { errors: ['/error'] } },
    {
      answers: { json: 'asked', errors: ['/error'] },
      accept: 'application/json',
      given: { json: 'asked', errors: ['/error'] },
    },
    { answers: { json: 'asked', errors: ['/error'] }, accept: 'text/csv', given: { errors: ['/error'] } },
  ])('takes the contract along that holds for it, by which the champion may have failed: %j', async (one) => {
    const { sent, send } = outbox();
    const MLREG_ROUTE = JSON.stringify({ ...copying, answers: one.answers });
    const said = '{"error":"CUDA out of memory"}';
    const { handler } = rig({ env: { ...stickyEnv, MLREG_ROUTE }, send, answer: () => answered(said) });
    const headers = { accept: one.accept };
    expect(await handler(post({}, { headers }))).toMatchObject({ statusCode: 200, body: said });
    expect(sent[0]?.event.champion).toEqual({ failure: 'contract' });
    expect(sent[0]?.event.answers).toEqual(one.given);
  });

  it('whose champion failed is handed over as well: the challenger may fail on it too', async () => {
    const { sent, send } = outbox();
    const { handler } = rig({ env: env(), send, answer: () => failed('timeout', 'x') });
    expect(await handler(post({}))).toMatchObject({ statusCode: 503 });
    expect(sent[0]?.event.champion).toEqual({ failure: 'timeout' });
  });

  it('costs what is left of Lambda’s time at most', async () => {
    const { sent, send } = outbox();
    await rig({ env: env(), send }).handler(post({}), { getRemainingTimeInMillis: () => 300 });
    expect(sent[0]?.timeoutMs).toBe(50);
  });

  it.each(['late', 'refused'] as const)(
    'and is %s is dropped, counted, and changes nothing for the caller',
    async (fate) => {
      const { handler, lines } = rig({ env: env(), send: outbox(fate).send });
      expect(await handler(post({}))).toMatchObject({ statusCode: 200, body: '{"items":[1]}' });
      expect(JSON.parse(lines[0]!)).toMatchObject({ Errors: 0, ShadowSent: 0, ShadowDropped: 1, copy: fate });
    },
  );

  it.each([
    ['its body', { x: 'x'.repeat(1024 * 1024) }, '{}'],
    ['the answer', {}, 'x'.repeat(1024 * 1024)],
    ['both together', { x: 'x'.repeat(600_000) }, 'x'.repeat(400_000)],
  ])('is not sent where %s is too large for an event', async (_, body, text) => {
    const { sent, send } = outbox();
    const { handler, lines } = rig({ env: env(), send, answer: () => answered(text) });
    expect(await handler(post(body))).toMatchObject({ statusCode: 200 });
    expect(sent).toEqual([]);
    expect(JSON.parse(lines[0]!)).toMatchObject({ ShadowDropped: 1, copy: 'too-large' });
  });

  it('is of the sample, by its id alone', async () => {
    const { sent, send } = outbox();
    const { handler, lines } = rig({ env: env(25), send });
    const ids = Array.from({ length: 2_000 }, (_, i) => `request-${i}`);
    for (const requestId of [...ids, ...ids]) {
      const event = post({});
      await handler({ ...event, requestContext: { ...event.requestContext, requestId } });
    }
    expect(sent.length / 4_000).toBeCloseTo(0.25, 1);
    const each = new Map<string, number>();
    for (const { event } of sent) each.set(event.requestId, (each.get(event.requestId) ?? 0) + 1);
    expect(new Set(each.values())).toEqual(new Set([2]));
    expect(lines.filter((line) => 'ShadowSent' in JSON.parse(line))).toHaveLength(sent.length);
  });

  it('is none of another route’s', async () => {
    const { sent, send } = outbox();
    await rig({ send }).handler(post({}));
    expect(sent).toEqual([]);
  });
});

describe('copies that fail in a row', () => {
  const copied = (answer: ModelAnswer = answered()) => ({
    requestId: 'r',
    request: { body: '{}', contentType: 'application/json' },
    answer,
    latencyMs: 1,
    leftMs: 1_000,
  });

  it('are not tried for a while, so that callers don’t wait for them', async () => {
    let now = 0;
    const { sent, send } = outbox('late', 'refused', 'sent', 'late', 'late', 'late', 'late', 'sent');
    const copy = createCopier(copying, { send, monotonicMs: () => now });
    const outcomes: unknown[] = [];
    for (let i = 0; i < 8; i++) outcomes.push(await copy(copied()));
    expect(outcomes).toEqual(['late', 'refused', 'sent', 'late', 'late', 'late', 'paused', 'paused']);
    now = 9_999;
    expect(await copy(copied())).toBe('paused');
    now = 10_000;
    // One more that fails, and it is quiet again.
    expect(await copy(copied())).toBe('late');
    expect(await copy(copied())).toBe('paused');
    now = 20_000;
    expect(await copy(copied())).toBe('sent');
    expect(await copy(copied())).toBe('sent');
    expect(sent).toHaveLength(9);
  });
});

describe('handing over', () => {
  let server: http.Server;
  let status = 202;
  const seen: { url: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] = [];
  beforeAll(async () => {
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ url: request.url, headers: request.headers, body });
        if (status > 0) response.writeHead(status).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const machine = (more: Record<string, string> = {}) => ({
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'A',
      AWS_SECRET_ACCESS_KEY: 'B',
      ...more,
    },
    now: () => 1_790_000_000_000,
    timers: { set: setTimeout, clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout) },
  });

  it('is Lambda’s Invoke of type Event through the alias, signed', async () => {
    status = 202;
    expect(await createSendCopy(machine(), 'rec-shadow:live')('{"a":1}', 5_000)).toBe('sent');
    expect(seen.at(-1)).toMatchObject({
      url: '/2015-03-31/functions/rec-shadow/invocations?Qualifier=live',
      body: '{"a":1}',
      headers: {
        'x-amz-invocation-type': 'Event',
        authorization: expect.stringMatching(
          /\/eu-central-1\/lambda\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type, /,
        ),
      },
    });
  });

  it.each([403, 404, 413, 429, 500])('is refused by a %i', async (code) => {
    status = code;
    expect(await createSendCopy(machine(), 'f:live')('{}', 5_000)).toBe('refused');
  });

  it('is late where nobody answers in time', async () => {
    status = 0;
    expect(await createSendCopy(machine(), 'f:live')('{}', 20)).toBe('late');
  });

  it('is refused where there is nothing to sign with', async () => {
    expect(await createSendCopy(machine({ AWS_ACCESS_KEY_ID: '' }), 'f:live')('{}', 20)).toBe('refused');
  });
});
