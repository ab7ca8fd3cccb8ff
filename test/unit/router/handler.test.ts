import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { classify, failed } from '../../../src/router/classify.ts';
import type { ReadKeys } from '../../../src/router/key-parameter.ts';
import type { FailureReason, ModelAnswer } from '../../../src/router/invoke.ts';
import { answered, get, post, rig, route, stickyEnv, weightedEnv } from './harness.ts';

const onChampion = 'u-0';
const onChallenger = 'u-13';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('POST /recommend', () => {
  it.each([
    { who: 'a user of the champion', body: { userId: onChampion }, arm: 'champion' },
    { who: 'a user of the challenger', body: { userId: onChallenger }, arm: 'challenger' },
    { who: 'a user whose id is a number', body: { userId: 11 }, arm: 'challenger' },
    { who: 'a user named in a header', headers: { 'x-user-id': onChallenger }, body: {}, arm: 'challenger' },
    { who: 'a header in capitals', headers: { 'X-User-Id': onChallenger }, body: {}, arm: 'challenger' },
    {
      who: 'a body that names another user than the header: the body counts',
      headers: { 'x-user-id': onChallenger },
      body: { userId: onChampion },
      arm: 'champion',
    },
    { who: 'nobody', body: {}, arm: 'champion', anonymous: true },
    { who: 'an empty id', body: { userId: '' }, arm: 'champion', anonymous: true },
    {
      who: 'an id that is no text',
      body: { userId: { id: onChallenger } },
      arm: 'champion',
      anonymous: true,
    },
    {
      who: 'a placeholder in the body, an id in the header',
      headers: { 'x-user-id': onChallenger },
      body: { userId: 'undefined' },
      arm: 'challenger',
    },
  ] as const)('$who is answered by the $arm', async ({ body, arm, ...more }) => {
    const { handler, calls, lines } = rig({});
    const headers = 'headers' in more ? more.headers : {};
    const { version, endpoint } = route[arm];
    expect(await handler(post(body, { headers: headers }))).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'req-1',
        'x-model-version': version,
      },
      body: '{"items":[1]}',
    });
    expect(calls).toEqual([{ endpoint, body: JSON.stringify(body), timeoutMs: 25_000 }]);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ arm });
    expect(line.anonymous).toBe('anonymous' in more ? true : undefined);
  });

  it('names the arm in a header only where the function is told to', async () => {
    const { handler } = rig({ env: { ...stickyEnv, MLREG_ARM_HEADER: 'on' } });
    expect(await handler(post({ userId: onChallenger }))).toMatchObject({
      headers: { 'x-mlreg-arm': 'challenger' },
    });
  });

  it('keeps a user on one arm through processes and steps, and only ever moves them to the challenger', async () => {
    const arms: unknown[] = [];
    for (const percent of [1, 1, 10, 50, 100]) {
      const { handler } = rig({ env: { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ ...route, percent }) } });
      const answers = await Promise.all([1, 2, 3].map(() => handler(post({ userId: onChallenger }))));
      arms.push(new Set(answers.map((answer) => 'headers' in answer && answer.headers['x-model-version'])));
    }
    const [champion, challenger] = [new Set(['v2.2.0']), new Set(['v2.3.0'])];
    expect(arms).toEqual([champion, champion, challenger, challenger, challenger]);
  });

  it('answers nobody from the challenger, not even at 100 %: nothing says that they were meant', async () => {
    const { handler, calls } = rig({
      env: { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ ...route, percent: 100 }) },
    });
    await handler(post({}));
    await handler(post({ userId: onChampion }));
    expect(calls.map(({ endpoint }) => endpoint)).toEqual([
      route.champion.endpoint,
      route.challenger.endpoint,
    ]);
  });

  it('takes the user from the member that is configured', async () => {
    const { handler, calls } = rig({ env: { ...stickyEnv, MLREG_USER_KEY: 'customer' } });
    await handler(post({ customer: onChallenger, userId: onChampion }));
    expect(calls[0]?.endpoint).toBe(route.challenger.endpoint);
  });

  it('serves the champion to all where there is no challenger', async () => {
    const { rollout, token, champion } = route;
    const env = { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ rollout, token, champion }) };
    const { handler } = rig({ env });
    const answer = await handler(post({ userId: onChallenger }));
    expect(answer).toMatchObject({ headers: { 'x-model-version': 'v2.2.0' } });
  });

  it('serves its own version under weighted routing', async () => {
    const { handler, calls, lines } = rig({ env: weightedEnv });
    const answer = await handler(post({}));
    expect(answer).toMatchObject({ headers: { 'x-model-version': 'v2.2.0' } });
    expect(calls[0]?.endpoint).toBe(weightedEnv.SAGEMAKER_ENDPOINT);
    expect(lines).toMatchSnapshot();
  });

  it('decodes a base64 body and passes on its text untouched', async () => {
    const { handler, calls } = rig({});
    const text = `{ "userId" : "${onChallenger}", "city": "Zürich" }`;
    const event = { ...post(''), body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
    expect(await handler(event)).toMatchObject({ statusCode: 200 });
    expect(calls).toMatchObject([{ endpoint: route.challenger.endpoint, body: text }]);
  });

  it.each([
    { stage: 'prod', rawPath: '/prod/recommend', status: 200 },
    { stage: '$default', rawPath: '/recommend', status: 200 },
    { stage: 'prod', rawPath: '/recommend', status: 200 },
    { stage: 'prod', rawPath: '/production/recommend', status: 404 },
  ])('finds $rawPath in stage $stage: $status', async ({ stage, rawPath, status }) => {
    const event = post({ userId: onChampion });
    const answer = await rig({}).handler({
      ...event,
      routeKey: '$default',
      rawPath,
      requestContext: { ...event.requestContext, stage },
    });
    expect(answer).toMatchObject({ statusCode: status });
  });

  it('passes on what is no text as base64', async () => {
    const { handler } = rig({ answer: () => answered('\u0001\u0002', 'application/octet-stream') });
    const answer = await handler(post({}));
    expect(answer).toMatchObject({ statusCode: 200, body: 'AQI=', isBase64Encoded: true });
  });

  it.each([
    { left: 60_000, timeoutMs: 25_000 },
    { left: 3_000, timeoutMs: 2_750 },
    { left: 100, timeoutMs: 1 },
  ])(
    'leaves time for the metrics: with $left ms left the model gets $timeoutMs',
    async ({ left, timeoutMs }) => {
      const { handler, calls } = rig({});
      await handler(post({}), { getRemainingTimeInMillis: () => left });
      expect(calls[0]?.timeoutMs).toBe(timeoutMs);
    },
  );

  const bodies: readonly [what: string, event: object, status: number, message: string][] = [
    ['no JSON', post('{"userId":'), 400, 'the body must be JSON'],
    ['nothing', post(''), 400, 'the body must be JSON'],
    ['no body', { ...post(''), body: undefined }, 400, 'the body must be JSON'],
    [
      "a form's fields",
      post('a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      400,
      'the body must be JSON',
    ],
    [
      'what only says that it is gzip',
      post('{}', { headers: { 'content-encoding': 'gzip' } }),
      400,
      'the body is not gzip',
    ],
    [
      'an encoding that it does not know',
      post('{}', { headers: { 'content-encoding': 'br' } }),
      415,
      'the body may be encoded with gzip, or not at all',
    ],
    [
      'gzip that grows beyond the limit',
      {
        ...post('', { headers: { 'content-encoding': 'gzip' } }),
        body: gzipSync(Buffer.alloc(4 * 1024 * 1024 + 1, ' ')).toString('base64'),
        isBase64Encoded: true,
      },
      413,
      'the body is larger than 4 MB',
    ],
    [
      'bytes that are no text',
      { ...post(''), body: '/w==', isBase64Encoded: true },
      400,
      'the body is not UTF-8',
    ],
    ['too much', post({ x: 'x'.repeat(4 * 1024 * 1024) }), 413, 'the body is larger than 4 MB'],
    ['too many bytes', post({ x: 'ü'.repeat(2 * 1024 * 1024) }), 413, 'the body is larger than 4 MB'],
    [
      'too much in base64',
      { ...post(''), body: Buffer.alloc(4 * 1024 * 1024 + 1, ' ').toString('base64'), isBase64Encoded: true },
      413,
      'the body is larger than 4 MB',
    ],
  ];
  it.each(bodies)('refuses %s without asking a model, and counts that', async (_, event, status, message) => {
    const { handler, calls, lines } = rig({});
    expect(await handler(event)).toEqual({
      statusCode: status,
      headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
      body: JSON.stringify({ message, requestId: 'req-1' }),
    });
    expect(calls).toEqual([]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { RouterRefused: 1, status, ModelVersion: 'v2.2.0', rolloutId: 'r-abc' },
    ]);
    expect(lines[0]).not.toContain('Requests');
  });

  it('takes a body of 4 MB to the byte', async () => {
    const text = `{"x":"${'x'.repeat(4 * 1024 * 1024 - 8)}"}`;
    const plain = post(text);
    const encoded = { ...plain, body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
    for (const event of [plain, encoded]) {
      expect(await rig({}).handler(event)).toMatchObject({ statusCode: 200 });
    }
  });

  const failures: readonly [FailureReason, status: number, message: string, retryAfter?: string][] = [
    ['model', 502, 'the model failed'],
    ['refused', 502, 'the model could not be asked'],
    ['unavailable', 502, 'the model could not be reached'],
    ['too-large', 502, 'the answer of the model is too large'],
    ['timeout', 503, 'the model did not answer in time'],
    ['throttled', 503, 'too many requests for the model', '1'],
    ['not-ready', 503, 'the model is starting', '5'],
  ];
  it.each(failures)('%s -> %i %s', async (why, status, message, retryAfter) => {
    const { handler, calls, lines } = rig({ answer: () => failed(why, 'arn:aws:sagemaker:...') });
    expect(await handler(post({ userId: onChallenger }))).toEqual({
      statusCode: status,
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'req-1',
        'x-model-version': 'v2.3.0',
        ...(retryAfter && { 'retry-after': retryAfter }),
      },
      body: JSON.stringify({ message, requestId: 'req-1' }),
    });
    expect(calls.length, 'no fallback to the champion, no second try').toBe(1);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ Requests: 1, Errors: 1, Throttles: why === 'throttled' ? 1 : 0 });
    expect(line.Latency).toBeUndefined();
    expect(lines).toMatchSnapshot();
  });

  it('answers 500 where the router itself breaks, and keeps the reason to the log', async () => {
    const broken = (): ModelAnswer => {
      throw new Error('secret detail');
    };
    const { handler, lines } = rig({ answer: broken });
    expect(await handler(post({}))).toEqual({
      statusCode: 500,
      headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
      body: '{"message":"Internal Server Error","requestId":"req-1"}',
    });
    expect(lines).toEqual([
      // Nobody's caller gets a 500 that is counted nowhere.
      expect.stringMatching(/"AnonymousErrors":1.*"failure":"router"/),
      expect.stringContaining('secret detail'),
    ]);
    expect(lines[0]).not.toContain('secret detail');
  });
});

describe('what is passed on', () => {
  const user = { 'x-user-id': onChallenger };
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
  const object = `{"userId":"${onChallenger}"}`;
  const passedOn: readonly [what: string, event: object, call: object][] = [
    [
      'CSV',
      post('5.1,3.5,1.4,0.2', { headers: { 'content-type': 'text/csv', accept: 'text/csv', ...user } }),
      { body: '5.1,3.5,1.4,0.2', contentType: 'text/csv', accept: 'text/csv' },
    ],
    ['a JSON list', post('[[5.1,3.5]]', { headers: user }), { body: '[[5.1,3.5]]' }],
    ['JSON without a type', post('[1]', { headers: { 'content-type': '', ...user } }), { body: '[1]' }],
    [
      'an image',
      {
        ...post('', { headers: { 'content-type': 'image/jpeg', ...user } }),
        body: bytes.toString('base64'),
        isBase64Encoded: true,
      },
      { body: bytes.toString('base64'), contentType: 'image/jpeg' },
    ],
    [
      'gzip, unpacked',
      {
        ...post('', { headers: { 'content-encoding': 'gzip' } }),
        body: gzipSync(object).toString('base64'),
        isBase64Encoded: true,
      },
      { body: object },
    ],
    ['an object without its byte order mark', post(`\ufeff${object}`), { body: object }],
    [
      'an object in base64 without its byte order mark',
      { ...post(''), body: Buffer.from(`\ufeff${object}`).toString('base64'), isBase64Encoded: true },
      { body: object },
    ],
    [
      'a type with a blank too many, as one that can be signed',
      post('a', { headers: { 'content-type': ' text/csv;  header=present ', ...user } }),
      { body: 'a', contentType: 'text/csv; header=present' },
    ],
  ];
  it.each(passedOn)('%s', async (_, event, call) => {
    const { handler, calls } = rig({});
    expect(await handler(event)).toMatchObject({ statusCode: 200 });
    expect(calls).toEqual([{ endpoint: route.challenger.endpoint, timeoutMs: 25_000, ...call }]);
  });
});

describe('a caller’s own mistake', () => {
  const rejected = (words: string): ModelAnswer => {
    const reply = { ErrorCode: 'CLIENT_ERROR_FROM_MODEL', OriginalStatusCode: 400, OriginalMessage: words };
    return classify(424, 'ModelError', JSON.stringify(reply));
  };

  it('gets the model’s own words and status, is no error, and is counted apart', async () => {
    const words = '{"error":"destinations must be a list"}';
    const { handler, lines } = rig({ answer: () => rejected(words) });
    expect(await handler(post({ userId: onChallenger }))).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/json', 'x-model-version': 'v2.3.0' },
      body: words,
    });
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ Requests: 1, Errors: 0, Refused: 1, status: 400 });
    expect(line.failure).toBeUndefined();
    expect(line.Latency, 'says nothing of how fast the model answers').toBeUndefined();
    expect(lines.join()).not.toContain('destinations');
  });

  it.each([
    {
      words: 'no feature city',
      answer: { body: 'no feature city', headers: { 'content-type': 'text/plain; charset=utf-8' } },
    },
    { words: '', answer: { body: '{"message":"the model refused the request","requestId":"req-1"}' } },
  ])('is told where the model said $words', async ({ words, answer }) => {
    const { handler } = rig({ answer: () => rejected(words) });
    expect(await handler(post({ userId: onChallenger }))).toMatchObject({ statusCode: 400, ...answer });
  });

  it.each([408, 425, 429, 499, 500, 503])('is not what a model means by %i', async (status) => {
    const reply = JSON.stringify({ OriginalStatusCode: status, OriginalMessage: 'busy' });
    expect(classify(424, 'ModelError', reply)).toMatchObject({ kind: 'failed', why: 'model' });
  });
});

describe('what Lambda or the gateway would not pass on', () => {
  it.each([
    { what: 'text that grows beyond 6 MB in JSON', text: '"'.repeat(3.5 * 1024 * 1024), encoded: true },
    { what: 'text that does not', text: 'x'.repeat(3.5 * 1024 * 1024), encoded: undefined },
  ])('$what: in base64 $encoded', async ({ text, encoded }) => {
    const { handler, lines } = rig({ answer: () => answered(text) });
    const answer = await handler(post({ userId: onChallenger }));
    expect(JSON.stringify(answer).length).toBeLessThan(6 * 1024 * 1024);
    expect(answer).toMatchObject({ statusCode: 200 });
    expect((answer as { isBase64Encoded?: true }).isBase64Encoded).toBe(encoded);
    expect(JSON.parse(lines[0]!)).toMatchObject({ Errors: 0 });
  });

  it('an answer that is too large in any spelling is a failed request', async () => {
    const { handler, lines } = rig({ answer: () => answered('x'.repeat(6 * 1024 * 1024)) });
    expect(await handler(post({ userId: onChallenger }))).toMatchObject({ statusCode: 502 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ Errors: 1, failure: 'too-large' });
  });

  const now = 1_790_000_000_000;
  it.each([
    { what: 'before the gateway stops waiting', timeEpoch: now - 12_000, timeoutMs: 17_750 },
    { what: 'after the function’s own limit where that is first', timeEpoch: now, timeoutMs: 25_000 },
    {
      what: 'without the gateway’s time where its clock is ahead',
      timeEpoch: now + 5_000,
      timeoutMs: 25_000,
    },
    {
      what: 'without the gateway’s time where its clock is far behind',
      timeEpoch: now - 60_000,
      timeoutMs: 25_000,
    },
  ])('ends the wait for the model $what', async ({ timeEpoch, timeoutMs }) => {
    const { handler, calls } = rig({});
    const event = post({ userId: onChallenger });
    await handler({ ...event, requestContext: { ...event.requestContext, timeEpoch } });
    expect(calls[0]?.timeoutMs).toBe(timeoutMs);
  });
});

describe('a custom domain with a base path', () => {
  it.each([
    { routeKey: 'POST /recommend', rawPath: '/ml/recommend', status: 200 },
    { routeKey: 'POST /recommend', rawPath: '/ml/v1/recommend', status: 200 },
    {
      routeKey: 'ANY /{proxy+}',
      rawPath: '/ml/recommend',
      pathParameters: { proxy: 'recommend' },
      status: 200,
    },
    {
      routeKey: 'POST /{action}',
      rawPath: '/ml/recommend',
      pathParameters: { action: 'recommend' },
      status: 200,
    },
    { routeKey: 'POST /other', rawPath: '/ml/other', status: 404 },
    { routeKey: '$default', rawPath: '/ml/recommend', status: 404 },
    { routeKey: '$default', rawPath: '/recommend', status: 200 },
    { routeKey: 'ANY /{proxy+}', rawPath: '/recommend', status: 200 },
  ])('$routeKey, $rawPath: $status', async ({ status, ...more }) => {
    const event = { ...post({ userId: onChampion }), ...more };
    expect(await rig({}).handler(event)).toMatchObject({ statusCode: status });
  });
});

describe('metrics lines', () => {
  it.each([
    { resolution: '60', userId: onChampion },
    { resolution: '1', userId: onChallenger },
  ])('an answered request at a resolution of $resolution s', async ({ resolution, userId }) => {
    const { handler, lines } = rig({ env: { ...stickyEnv, MLREG_METRIC_RESOLUTION: resolution } });
    await handler(post({ userId, secret: 'in the body' }, { headers: { 'x-api-key': 'a-key' } }));
    expect(lines).toMatchSnapshot();
    expect(lines.join()).not.toMatch(/a-key|in the body|u-\d/);
  });

  it('names under metrics only what the line holds, each once, in one line', async () => {
    for (const answer of [answered(), failed('model', 'x')]) {
      const { handler, lines } = rig({ answer: () => answer });
      await handler(post({ userId: onChampion }));
      expect(lines.length).toBe(1);
      expect(lines[0]).not.toContain('\n');
      const line = JSON.parse(lines[0]!);
      const [directive] = line._aws.CloudWatchMetrics;
      for (const { Name } of directive.Metrics) expect(typeof line[Name], Name).toBe('number');
      for (const name of directive.Dimensions[0]) expect(typeof line[name], name).toBe('string');
    }
  });
});

describe('GET /health', () => {
  it.each([
    { what: 'a split', env: stickyEnv },
    {
      what: 'the champion alone',
      env: { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ ...route, challenger: undefined, percent: 0 }) },
    },
    { what: 'weighted routing', env: weightedEnv },
    {
      what: 'an API with keys: health needs none',
      env: { ...stickyEnv, MLREG_API_KEYS_SHA256: sha256('k') },
    },
  ])('$what', async ({ env }) => {
    const { handler, calls, lines } = rig({ env });
    expect(await handler(get('/health'))).toMatchSnapshot();
    expect([...calls, ...lines]).toEqual([]);
  });
});

describe('GET /metrics', () => {
  it("gives this environment's own counters", async () => {
    const answers = [answered(), answered(), answered(), failed('throttled', ''), failed('model', '')];
    const { handler } = rig({ answer: () => answers.shift()! });
    for (const userId of [onChampion, onChallenger, undefined, onChallenger, onChampion]) {
      await handler(post({ userId }));
    }
    await handler(post('no JSON'));
    await handler({ mlreg: 'warm' });
    await handler(post({ requestId: 'req-1', modelVersion: 'v2.3.0', value: 0.5 }, { path: '/feedback' }));
    expect(await handler(get('/metrics'))).toMatchSnapshot();
  });

  it('says that they are of one of the environments that Lambda runs', async () => {
    const { body } = (await rig({}).handler(get('/metrics'))) as { body: string };
    expect(body).toMatch(/^# The counters of one execution environment.*\n# .*CloudWatch/);
    const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) expect(sample).toContain('execution_environment="env-1"');
  });
});

describe('POST /feedback', () => {
  const send = (body: unknown, env: Record<string, string> = stickyEnv) => {
    const { handler, lines, calls } = rig({ env });
    return handler(post(body, { path: '/feedback' })).then((answer) => ({ answer, lines, calls }));
  };
  const single = {
    ...stickyEnv,
    MLREG_ROUTE: JSON.stringify({ ...route, challenger: undefined, percent: 0 }),
  };

  it.each([
    { by: 'version', body: { modelVersion: 'v2.3.0', userId: onChampion }, version: 'v2.3.0' },
    { by: 'a champion user', body: { userId: onChampion }, version: 'v2.2.0' },
    { by: 'a challenger user', body: { userId: onChallenger }, version: 'v2.3.0' },
    { by: 'a number', body: { userId: 11 }, version: 'v2.3.0' },
    { by: 'the only version', body: {}, version: 'v2.2.0', env: single },
    {
      by: 'version under weighted routing',
      body: { modelVersion: 'v2.2.0' },
      version: 'v2.2.0',
      env: weightedEnv,
    },
  ])('is of $version, by $by', async ({ body, version, env }) => {
    const { answer, lines, calls } = await send({ requestId: 'req-0', value: 1, ...body }, env);
    expect(answer).toMatchObject({ statusCode: 202, body: `{"recorded":true,"modelVersion":"${version}"}` });
    expect(JSON.parse(lines[0]!)).toMatchObject({ ModelVersion: version, Feedback: 1, requestId: 'req-0' });
    expect(lines.join()).not.toContain('u-');
    expect(calls).toEqual([]);
  });

  it('is a metric of its own', async () => {
    const { lines } = await send({ requestId: 'req-0', value: -0.25, userId: onChallenger });
    expect(lines).toMatchSnapshot();
  });

  it('of a version that does not serve is no metric: nobody may invent versions', async () => {
    const { answer, lines } = await send({ requestId: 'req-0', value: 1, modelVersion: 'v9' });
    expect(answer).toMatchObject({
      statusCode: 202,
      body: '{"recorded":false,"message":"v9 does not serve here"}',
    });
    expect(lines).toEqual([]);
  });

  const needed = "modelVersion (the answer's x-model-version) or userId is needed";
  const id = 'requestId must be the x-request-id of the answer, at most 128 characters';
  const refused: readonly [what: string, body: unknown, message: string, env?: Record<string, string>][] = [
    ['no JSON', 'x', 'the body must be JSON'],
    ['a list', [1], 'the body must be a JSON object'],
    ['no request', { value: 1, userId: 'u' }, id],
    ['a long request id', { requestId: 'x'.repeat(129), value: 1, userId: 'u' }, id],
    ['no value', { requestId: 'r', userId: 'u' }, 'value must be a number'],
    ['a value in quotes', { requestId: 'r', value: '1', userId: 'u' }, 'value must be a number'],
    ['an endless value', '{"requestId":"r","value":1e999,"userId":"u"}', 'value must be a number'],
    ['more than CloudWatch takes', { requestId: 'r', value: 1e200, userId: 'u' }, 'value must be a number'],
    ['a numbered version', { requestId: 'r', value: 1, modelVersion: 2 }, 'modelVersion must be a string'],
    ['neither version nor user', { requestId: 'r', value: 1 }, needed],
    ['a user under weighted routing', { requestId: 'r', value: 1, userId: 'u' }, needed, weightedEnv],
  ];
  it.each(refused)('refuses %s', async (_, body, message, env) => {
    const { answer, lines } = await send(body, env);
    expect(answer).toMatchObject({ statusCode: 400, body: JSON.stringify({ message, requestId: 'req-1' }) });
    expect(lines).toEqual([expect.stringContaining('"RouterRefused":1')]);
  });
});

describe('what else is asked', () => {
  it.each([
    { method: 'GET', path: '/', status: 404 },
    { method: 'POST', path: '/recommendations', status: 404 },
    { method: 'GET', path: '/recommend', status: 405 },
    { method: 'POST', path: '/health', status: 405 },
    { method: 'DELETE', path: '/metrics', status: 405 },
    { method: 'GET', path: '/feedback', status: 405 },
  ])('$method $path -> $status', async ({ method, path, status }) => {
    const { handler, calls, lines } = rig({});
    expect(await handler(post('{}', { method, path }))).toMatchObject({ statusCode: status });
    expect(calls).toEqual([]);
    expect(lines).toEqual([expect.stringContaining(`"RouterRefused":1`)]);
  });

  it.each([undefined, null, 'text', {}, { Records: [] }, { requestContext: {} }])(
    'refuses an event that is none: %j',
    async (event) => {
      await expect(rig({}).handler(event)).rejects.toThrow('neither an HTTP API event');
    },
  );
});

describe('API keys', () => {
  const env = { ...stickyEnv, MLREG_API_KEYS_SHA256: `${sha256('first')},${sha256('second')}` };
  it.each([
    { headers: { 'x-api-key': 'first' }, status: 200 },
    { headers: { 'X-Api-Key': 'second' }, status: 200 },
    { headers: { 'x-api-key': 'third' }, status: 401 },
    { headers: { 'x-api-key': '' }, status: 401 },
    { headers: {}, status: 401 },
  ])('$headers -> $status', async ({ headers, status }) => {
    const { handler, calls, lines } = rig({ env });
    const sent = headers as Record<string, string>;
    expect(await handler(post({}, { headers: sent }))).toMatchObject({ statusCode: status });
    expect(calls.length).toBe(status === 200 ? 1 : 0);
    expect(lines).toEqual([expect.stringContaining(status === 200 ? 'AnonymousErrors' : 'RouterRefused')]);
    expect(await handler(get('/metrics', sent))).toMatchObject({ statusCode: status });
  });
});

describe('API keys of a parameter', () => {
  const env = { ...stickyEnv, MLREG_API_KEYS_PARAMETER: '/mlreg/prod/api-keys' };
  const known = async () => ({ kind: 'read', keys: [Buffer.from(sha256('first'), 'hex')] }) as const;
  const ask = (readKeys: ReadKeys, key: string) =>
    rig({ env, readKeys }).handler(post({}, { headers: { 'x-api-key': key } }));

  it('are checked at request time', async () => {
    expect(await ask(known, 'first')).toMatchObject({ statusCode: 200 });
    expect(await ask(known, 'second')).toMatchObject({ statusCode: 401 });
  });

  it.each([true, false])('refuse with 503 and ask no model where they cannot be read', async (passing) => {
    const all = rig({ env, readKeys: async () => ({ kind: 'failed', why: 'out', passing }) });
    const answer = await all.handler(post({}, { headers: { 'x-api-key': 'first' } }));
    expect(answer).toMatchObject({ statusCode: 503, body: expect.stringContaining('Service Unavailable') });
    expect(all.calls).toEqual([]);
    expect(await all.handler(get('/health'))).toMatchObject({ statusCode: 200 });
  });

  it.each([
    { what: 'known', reading: { kind: 'read', keys: [] } },
    { what: 'refused', reading: { kind: 'failed', why: 'AccessDeniedException', passing: false } },
    { what: 'unavailable', reading: { kind: 'failed', why: 'ThrottlingException', passing: true } },
  ] as const)('are $what to a warm-up, before users come', async ({ what, reading }) => {
    const { handler } = rig({ env, readKeys: async () => reading });
    expect(await handler({ mlreg: 'warm' })).toMatchObject({ warm: true, keys: what });
  });
});

describe('warm-up', () => {
  it.each([
    { event: { mlreg: 'warm' }, waits: [] },
    { event: { mlreg: 'warm', holdMs: 1500 }, waits: [1500] },
    { event: { mlreg: 'warm', holdMs: 1e9 }, waits: [25_000] },
    { event: { mlreg: 'warm', holdMs: -1 }, waits: [] },
    { event: { mlreg: 'warm', holdMs: 'long' }, waits: [] },
  ])('$event holds for $waits, asks no model and counts nowhere', async ({ event, waits }) => {
    const all = rig({});
    expect(await all.handler(event)).toEqual({
      warm: true,
      version: 'v2.2.0',
      rollout: 'r-abc',
      token: 5,
      connected: true,
      environmentId: 'env-1',
    });
    expect(all.waits).toEqual(waits);
    expect(all.warmed()).toBe(1);
    expect([...all.calls, ...all.lines]).toEqual([]);
  });

  it('cannot be asked for through the gateway', async () => {
    const { handler, warmed } = rig({});
    await handler(post({ mlreg: 'warm', holdMs: 1000 }));
    expect(warmed()).toBe(0);
  });
});

describe('a description', () => {
  it.each([
    { what: 'with a route', env: stickyEnv },
    { what: 'with nothing configured, as code is before its first rollout', env: {} },
  ])('says $what what this code understands', async ({ env }) => {
    const { handler, lines, calls } = rig({ env });
    expect(await handler({ mlreg: 'describe' })).toEqual({
      router: 'mlreg',
      understands: ['buckets-1', 'answers-1', 'testers-1', 'generations-1', 'receipts-1'],
    });
    expect([...lines, ...calls]).toEqual([]);
  });
});

describe('a wrong configuration', () => {
  it('is answered 500, each request anew, with the reason in the log alone', async () => {
    const { handler, lines, calls } = rig({ env: { ...stickyEnv, MLREG_ROUTE: '{"rollout":"r-abc"}' } });
    for (const event of [post({ userId: 'u' }), get('/health'), get('/metrics')]) {
      expect(await handler(event)).toEqual({
        statusCode: 500,
        headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
        body: '{"message":"Internal Server Error","requestId":"req-1"}',
      });
    }
    expect(lines).toMatchSnapshot();
    expect(calls).toEqual([]);
  });

  it('fails a warm-up, so that nothing is moved onto it', async () => {
    const { handler } = rig({ env: {} });
    await expect(handler({ mlreg: 'warm' })).rejects.toThrow('wrong configuration: neither MLREG_ROUTE');
  });
});
