import { InvokeCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it, test } from 'vitest';
import type { Clients } from '../../../src/aws/clients.ts';
import { createLambdaWarm } from '../../../src/aws/lambda-warm.ts';
import { latencyEdges } from '../../../src/domain/latency-edges.ts';
import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import type { Observation, Reading } from '../../../src/domain/observation.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import type { ArmSource, MetricsQuery } from '../../../src/ports/index.ts';
import { createEmf } from '../../../src/router/emf.ts';
import { settled, START } from '../../unit/local-aws/core/bench.ts';
import { functionName, lambdaOf, type Stack, stack } from './stack.ts';

const arm = (version: string, functionVersion?: string): ArmSource => ({
  version: versionTag(version),
  endpoint: `recommendation-prod-${version}`,
  functionVersion,
});
const champion = arm('v1', '1');
const challenger = arm('v2', '2');

/** Local AWS has them at one second. */
const resolution = { routerMs: 1_000, awsMs: 1_000 };
const options = (made: Stack, routing: 'sticky' | 'weighted' = 'sticky') => ({
  clients: made.clients,
  environment: 'prod',
  model: 'recommendation',
  routing,
  functionName,
  alias: 'live',
  now: () => made.clock.now(),
  resolution,
});

const query = (more: Partial<MetricsQuery> = {}): MetricsQuery => ({
  champion,
  challenger,
  from: instant(START),
  to: instant(START + 30_000),
  tickMs: 10_000,
  plannedPercent: 10,
  ...more,
});

const read = (reading: Reading): readonly Observation[] => {
  if (reading.kind !== 'read') throw new Error(reading.why);
  return reading.observations;
};

/** What the router prints, so that its names and ours can't drift apart. */
const emf = createEmf({
  serving: { kind: 'weighted', arm: { version: 'v1', endpoint: 'e' } },
  environment: 'prod',
  model: 'recommendation',
  recommendPath: '/recommend',
  userKey: { in: 'body', name: 'userId', path: ['userId'] },
  tellsArm: false,
  tellsVersion: true,
  apiKeys: { kind: 'none' },
  invokeTimeoutMs: 25_000,
  metricResolution: 1,
});

const answered = (at: number, version: string, latencyMs: number | undefined, throttled = false): string =>
  emf.request({
    at,
    version,
    arm: 'champion',
    rollout: 'r-abc',
    requestId: 'x',
    latencyMs,
    throttled,
    counted: { as: 'compared', bucket: undefined },
    failure: latencyMs === undefined ? { why: 'model', detail: '424' } : undefined,
  });

const print = ({ local }: Stack, ...lines: string[]): void =>
  local.putLogLines({ functionName: 'f' } as never, lines);

test('every tick of the window is an observation, those without data with zero requests', async () => {
  const made = await stack();
  const seen = read(await createMetrics(options(made)).read(query()));
  const none = { requests: 0, errors: 0, throttles: 0, endpointErrors: 0 };
  expect(seen).toEqual(
    [10_000, 20_000, 30_000].map((after) => ({
      at: START + after,
      tickMs: 10_000,
      plannedPercent: 10,
      champion: none,
      challenger: none,
    })),
  );
});

/** Counts by upper edge, one bucket more than edges. */
const counted = (byEdge: Readonly<Record<number, number>>): number[] => [
  ...latencyEdges.map((edge) => byEdge[edge] ?? 0),
  0,
];

test('sticky arms are read apart by the metrics that the router prints', async () => {
  const made = await stack();
  print(
    made,
    answered(START + 1_000, 'v1', 20),
    answered(START + 9_999, 'v1', 40),
    answered(START + 10_000, 'v1', 5),
    answered(START + 11_000, 'v2', undefined),
    answered(START + 12_000, 'v2', undefined, true),
    answered(START + 13_000, 'v2', 9_000),
    answered(START + 30_000, 'v1', 1),
  );
  await made.clock.advance(40_000);
  const [first, second, third] = read(await createMetrics(options(made)).read(query()));
  expect(first?.champion).toEqual({
    requests: 2,
    errors: 0,
    throttles: 0,
    endpointErrors: 0,
    meanLatencyMs: 30,
    latency: { le: latencyEdges, count: counted({ 22: 1, 46: 1 }) },
  });
  expect(first?.challenger?.requests).toBe(0);
  // An edge belongs to the bucket below it.
  expect(second?.champion?.latency?.count).toEqual(counted({ 5: 1 }));
  expect(second?.challenger).toMatchObject({ requests: 3, errors: 2, throttles: 1, meanLatencyMs: 9_000 });
  expect(second?.challenger?.latency?.count.at(-1)).toBe(1);
  expect(third?.champion?.requests).toBe(0);
});

test('requests of strata, of set-aside buckets and without a user are read apart from the compared ones', async () => {
  const made = await stack();
  let at = START;
  const request = (more: Partial<Parameters<typeof emf.request>[0]>): string =>
    emf.request({
      at: (at += 10),
      version: 'v1',
      arm: 'champion',
      rollout: 'r-abc',
      requestId: 'x',
      latencyMs: 20,
      throttled: false,
      counted: { as: 'compared', bucket: 0 },
      failure: undefined,
      ...more,
    });
  const failure = { why: 'model', detail: '424' };
  print(
    made,
    ...[0, 1, 15, 16, 31, 999].map((bucket) => request({ counted: { as: 'compared', bucket } })),
    request({ counted: { as: 'compared', bucket: 15 }, failure, latencyMs: undefined }),
    request({ counted: { as: 'compared', bucket: 1 }, refused: 400, latencyMs: undefined }),
    request({ counted: { as: 'aside', bucket: 3 }, latencyMs: 4_000 }),
    request({ counted: { as: 'aside', bucket: 3 }, failure, latencyMs: undefined }),
    request({ counted: { as: 'anonymous', bucket: undefined }, latencyMs: 4_000 }),
    request({ counted: { as: 'anonymous', bucket: undefined }, failure, latencyMs: undefined }),
    request({ counted: { as: 'anonymous', bucket: undefined }, failure, latencyMs: undefined }),
    request({ version: 'v2', counted: { as: 'compared', bucket: 7 }, failure, latencyMs: undefined }),
    emf.refusal({ at, version: 'v1', rollout: 'r-abc', requestId: 'x', status: 404 }),
  );
  await made.clock.advance(40_000);
  const [first, second] = read(await createMetrics(options(made)).read(query()));
  const byStratum = (counts: Readonly<Record<number, number>>): number[] =>
    Array.from({ length: 16 }, (_, k) => counts[k] ?? 0);
  expect(first?.champion).toMatchObject({
    requests: 8,
    errors: 1,
    refused: 1,
    aside: { requests: 2, errors: 1 },
    meanLatencyMs: 20,
    strata: { requests: byStratum({ 0: 2, 1: 2, 3: 2, 7: 1, 15: 3 }), errors: byStratum({ 3: 1, 15: 1 }) },
  });
  expect(first?.challenger).toMatchObject({
    requests: 1,
    errors: 1,
    strata: { requests: byStratum({ 7: 1 }), errors: byStratum({ 7: 1 }) },
  });
  expect(first?.challenger).not.toHaveProperty('aside');
  expect(first?.anonymous).toEqual({ requests: 3, errors: 2 });
  // A tick without any of them says nothing of them.
  expect(second).not.toHaveProperty('anonymous');
  expect(second?.champion).not.toHaveProperty('strata');
});

test('an older router, which counts no strata and nobody apart, is read as before', async () => {
  const made = await stack();
  const line = JSON.parse(answered(START + 1_000, 'v1', undefined)) as { Requests: number };
  expect(line.Requests).toBe(1);
  print(made, JSON.stringify(line));
  await made.clock.advance(40_000);
  const [first] = read(await createMetrics(options(made)).read(query()));
  expect(first?.champion).toEqual({ requests: 1, errors: 1, throttles: 0, endpointErrors: 0 });
});

test('an arm without a share is null, and costs no query', async () => {
  const made = await stack();
  const [first] = read(await createMetrics(options(made)).read(query({ challenger: null })));
  expect(first).toMatchObject({ challenger: null, champion: { requests: 0 } });
  made.asked.length = 0;
  const none = read(await createMetrics(options(made)).read(query({ champion: null, challenger: null })));
  expect(none.map((tick) => [tick.champion, tick.challenger])).toEqual(Array(3).fill([null, null]));
  expect(made.asked).toEqual([]);
});

test('one call a read', async () => {
  const made = await stack();
  for (const routing of ['sticky', 'weighted'] as const) {
    made.asked.length = 0;
    await createMetrics(options(made, routing)).read(query());
    expect(made.asked).toHaveLength(1);
  }
});

test.each([
  ['sticky', 'router', 1],
  ['weighted', 'router', 1],
  // Nothing but the endpoint counts, and a refusal may be a failure.
  ['weighted', 'endpoint', 3],
] as const)("%s, counted by the %s: the endpoint's errors are per arm", async (routing, by, ofChallenger) => {
  const made = await serving();
  const championErrors = 2;
  await ask(made, champion, { status: 500, times: championErrors });
  await ask(made, challenger, { status: 400, times: 2 });
  await ask(made, challenger, { status: 500, times: 1 });
  if (by === 'router')
    for (const version of ['v1', 'v2']) print(made, answered(made.clock.now(), version, undefined));
  const from = instant(Math.floor(made.clock.now() / 60_000) * 60_000);
  const [tick] = read(
    await createMetrics(options(made, routing)).read(
      query({ from, to: instant(from + 60_000), tickMs: 60_000 }),
    ),
  );
  expect(tick?.champion?.endpointErrors).toBe(championErrors);
  expect(tick?.challenger?.endpointErrors).toBe(ofChallenger);
});

test('weighted arms are read by their endpoints, whose latency comes in microseconds', async () => {
  const made = await serving();
  await ask(made, champion, { takesMs: 37, times: 2 });
  await ask(made, challenger, { takesMs: 600, status: 500, times: 1 });
  const from = instant(Math.floor(made.clock.now() / 60_000) * 60_000);
  const [tick] = read(
    await createMetrics(options(made, 'weighted')).read(
      query({ from, to: instant(from + 60_000), tickMs: 60_000 }),
    ),
  );
  expect(tick?.champion).toEqual({
    requests: 2,
    errors: 0,
    throttles: 0,
    endpointErrors: 0,
    meanLatencyMs: 37,
    latency: { le: latencyEdges, count: counted({ 46: 2 }) },
  });
  expect(tick?.challenger).toMatchObject({ requests: 1, errors: 1, meanLatencyMs: 600 });
});

describe('weighted arms where mlreg’s router runs', () => {
  const minute = async (made: Stack, lines: readonly string[]) => {
    const from = instant(Math.floor(made.clock.now() / 60_000) * 60_000);
    print(made, ...lines);
    return read(
      await createMetrics(options(made, 'weighted')).read(
        query({ from, to: instant(from + 60_000), tickMs: 60_000 }),
      ),
    )[0];
  };
  const times = (
    count: number,
    made: Stack,
    version: string,
    latencyMs: number | undefined,
    throttled = false,
  ) => Array.from({ length: count }, () => answered(made.clock.now(), version, latencyMs, throttled));

  it('are read by it: callers who fail without the endpoint’s knowledge count', async () => {
    const made = await serving();
    await ask(made, champion, { takesMs: 20, times: 9 });
    await ask(made, challenger, { takesMs: 20, times: 9 });
    // One caller in ten gets a time-out, a refusal or no connection; the endpoint has seen nothing of that.
    const tick = await minute(made, [
      ...times(9, made, 'v1', 25),
      ...times(9, made, 'v2', 25),
      ...times(1, made, 'v2', undefined),
      ...times(1, made, 'v2', undefined, true),
    ]);
    expect(tick?.champion).toMatchObject({ requests: 9, errors: 0, endpointErrors: 0, meanLatencyMs: 25 });
    expect(tick?.challenger).toMatchObject({ requests: 11, errors: 2, throttles: 1, endpointErrors: 0 });
  });

  it('are read by it where an arm has no requests at all', async () => {
    const made = await serving();
    await ask(made, champion, { times: 2 });
    const tick = await minute(made, times(3, made, 'v1', undefined));
    expect(tick?.champion).toMatchObject({ requests: 3, errors: 3 });
    expect(tick?.challenger).toMatchObject({ requests: 0, errors: 0 });
  });

  it('are both read by their endpoints where one of them is another program', async () => {
    const made = await serving();
    await ask(made, champion, { times: 2 });
    await ask(made, challenger, { status: 500, times: 1 });
    const tick = await minute(made, times(3, made, 'v1', 20));
    expect(tick?.champion).toMatchObject({ requests: 2, errors: 0 });
    expect(tick?.challenger).toMatchObject({ requests: 1, errors: 1 });
  });
});

test('weighted throttles are those of the version behind the alias', async () => {
  const made = await stack({ settings: { settings: { accountConcurrency: 0 } } });
  await made.platform.publish({
    variables: { MODEL_VERSION: 'v2' },
    codeSha256: await made.platform.codeSha256(),
    description: '',
  });
  const lambda = lambdaOf(made);
  const RoutingConfig = { AdditionalVersionWeights: { '2': 0.5 } };
  await lambda.send(new UpdateAliasCommand({ FunctionName: functionName, Name: 'live', RoutingConfig }));
  made.draws.push(0.9, 0.1, 0.1);
  const from = instant(Math.floor(made.clock.now() / 60_000) * 60_000);
  for (let i = 0; i < 3; i++) {
    const fresh = made.clients.of((await import('@aws-sdk/client-lambda')).LambdaClient, { maxAttempts: 1 });
    await fresh
      .send(new InvokeCommand({ FunctionName: functionName, Qualifier: 'live' }))
      .catch(() => undefined);
  }
  const window = query({ from, to: instant(from + 60_000), tickMs: 60_000 });
  const [tick] = read(await createMetrics(options(made, 'weighted')).read(window));
  expect([tick?.champion?.throttles, tick?.challenger?.throttles]).toEqual([1, 2]);
  const unpublished = query({ ...window, challenger: arm('v2') });
  const [other] = read(await createMetrics(options(made, 'weighted')).read(unpublished));
  expect(other?.challenger?.throttles).toBe(0);
});

test("AWS's own minutes belong to the tick they end in, the router's seconds to their own", async () => {
  const made = await serving({ awsMetricResolutionSeconds: 60 });
  const from = instant(Math.ceil(made.clock.now() / 60_000) * 60_000);
  await made.clock.advance(from - made.clock.now() + 5_000);
  await ask(made, champion, { status: 500, times: 2 });
  print(made, answered(from + 5_000, 'v1', 20));
  await made.clock.advance(120_000);
  const metrics = createMetrics({ ...options(made), resolution: { routerMs: 1_000, awsMs: 60_000 } });
  const errorsOf = async (start: number, end: number) =>
    read(await metrics.read(query({ from: instant(from + start), to: instant(from + end) }))).map(
      ({ champion: at }) => [at?.requests, at?.endpointErrors],
    );
  expect(await errorsOf(0, 70_000)).toEqual([
    [1, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 2],
    [0, 0],
  ]);
  // Windows that cut the minute in two count it once.
  expect(await errorsOf(0, 30_000)).toEqual([
    [1, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(await errorsOf(30_000, 60_000)).toEqual([
    [0, 0],
    [0, 0],
    [0, 2],
  ]);
});

test('denied and broken are answers, and told apart', async () => {
  const made = await stack();
  made.local.inject({ deny: { 'cloudwatch:GetMetricData': true } });
  const denied = await createMetrics(options(made)).read(query());
  expect(denied).toMatchObject({ kind: 'unreadable', denied: true });
  expect((denied as { why: string }).why).toContain('Allow cloudwatch:GetMetricData');
  made.local.inject({ reset: true });
  made.fate = () => ({
    kind: 'before',
    error: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
  });
  expect(await createMetrics(options(made)).read(query())).toMatchObject({
    kind: 'unreadable',
    denied: false,
  });
});

test('concurrency is the largest of late, at least 1 and at most 50', async () => {
  const made = await stack();
  expect(await made.platform.concurrency()).toBe(1);
  made.functions.answer = async () => {
    await settled();
    return { payload: '{}', coldStart: false, logs: [] };
  };
  await users(made, 7);
  expect(await made.platform.concurrency()).toBe(7);
  await made.clock.advance(5 * 60_000);
  expect(await made.platform.concurrency()).toBe(7);
  await users(made, 80);
  expect(await made.platform.concurrency()).toBe(50);
  await made.clock.advance(20 * 60_000);
  expect(await made.platform.concurrency()).toBe(1);
});

test('a warm-up does not count as traffic, or each would be larger than the last', async () => {
  const made = await stack();
  await users(made, 3);
  await made.clock.advance(60_000);
  made.functions.answer = async () => {
    await settled();
    return { payload: '{}', coldStart: false, logs: [] };
  };
  expect(await made.platform.warm('1', 20)).toBe(20);
  expect(await made.platform.concurrency()).toBe(3);
});

test('nor does it hide the traffic from the next warm-up of the same minute; after a quarter of an hour it is forgotten', async () => {
  const made = await stack();
  made.functions.answer = async () => {
    await settled();
    return { payload: '{}', coldStart: false, logs: [] };
  };
  await users(made, 7);
  expect(await made.platform.concurrency()).toBe(7);
  await made.platform.warm('1', 7);
  expect(await made.platform.concurrency()).toBe(7);
  await made.clock.advance(20 * 60_000);
  expect(await made.platform.concurrency()).toBe(1);
});

test('where concurrency itself is not measured, requests times their duration say it', async () => {
  const made = await stack();
  const clients = { ...made.clients, of: () => ({ send: async () => measured }) } as unknown as Clients;
  const minute = new Date(Math.floor(made.clock.now() / 60_000) * 60_000);
  const result = (Id: string, values: number[]) => ({
    Id,
    StatusCode: 'Complete' as const,
    Timestamps: values.map(() => minute),
    Values: values,
  });
  // 600 requests a minute of 1.2 s each keep 12 busy.
  const measured = { MetricDataResults: [result('m0', []), result('m1', [600]), result('m2', [1_200])] };
  const warm = createLambdaWarm({ clients, clock: made.port, functionName });
  expect(await warm.concurrency()).toBe(12);
});

async function users(made: Stack, times: number): Promise<void> {
  const lambda = lambdaOf(made);
  const ask = () => lambda.send(new InvokeCommand({ FunctionName: functionName, Qualifier: 'live' }));
  await Promise.all(Array.from({ length: times }, ask));
}

/** Both endpoints in service. */
async function serving(settings: { awsMetricResolutionSeconds?: 1 | 60 } = {}): Promise<Stack> {
  const made = await stack({ settings: { settings } });
  for (const { endpoint, version } of [champion, challenger]) {
    await made.platform.ensureEndpoint({
      endpoint,
      version,
      artifactUri: 's3://models/m.tar.gz',
      artifactDigest: 'd',
    });
  }
  await made.clock.advance(5_000);
  return made;
}

async function ask(
  made: Stack,
  { endpoint }: ArmSource,
  { status = 200, takesMs = 1, times }: { status?: number; takesMs?: number; times: number },
): Promise<void> {
  made.containers.answer = async () => {
    await made.clock.advance(takesMs);
    return { status, body: Buffer.from('{}'), contentType: 'application/json', customAttributes: undefined };
  };
  const runtime = made.clients.of(SageMakerRuntimeClient, { maxAttempts: 1 });
  for (let i = 0; i < times; i++) {
    await runtime
      .send(new InvokeEndpointCommand({ EndpointName: endpoint, Body: '{}' }))
      .catch(() => undefined);
  }
}

describe('answers that are JSON', () => {
  const said = (at: number, version: string, isJson: boolean | undefined): string =>
    emf.request({
      at,
      version,
      arm: 'champion',
      rollout: 'r-abc',
      requestId: 'x',
      latencyMs: 10,
      throttled: false,
      counted: { as: 'compared', bucket: undefined },
      failure: undefined,
      isJson,
    });

  it.each(['sticky', 'weighted'] as const)('are counted per arm, %s', async (routing) => {
    const made = await stack();
    print(
      made,
      said(START + 1_000, 'v1', true),
      said(START + 2_000, 'v1', true),
      said(START + 3_000, 'v1', undefined),
      said(START + 1_000, 'v2', true),
      said(START + 2_000, 'v2', false),
    );
    await made.clock.advance(40_000);
    const [first, second] = read(await createMetrics(options(made, routing)).read(query()));
    expect(first?.champion).toMatchObject({ requests: 3, json: { requests: 2, errors: 0 } });
    expect(first?.challenger).toMatchObject({ requests: 2, json: { requests: 2, errors: 1 } });
    // No requests are not none that were JSON.
    expect(second?.champion?.json).toBeUndefined();
  });
});

describe('requests of testers', () => {
  const byTester = (at: number, version: string, why?: string): string =>
    emf.request({
      at,
      version,
      arm: 'challenger',
      rollout: 'r-abc',
      requestId: 'x',
      latencyMs: why === undefined ? 10 : undefined,
      throttled: false,
      counted: { as: 'tester', bucket: undefined },
      failure: why === undefined ? undefined : { why, detail: '' },
    });
  const window = async (made: Stack, routing: 'sticky' | 'weighted') => {
    const from = instant(Math.floor(made.clock.now() / 60_000) * 60_000);
    return read(
      await createMetrics(options(made, routing)).read(
        query({ from, to: instant(from + 60_000), tickMs: 60_000 }),
      ),
    )[0];
  };

  it.each(['sticky', 'weighted'] as const)(
    'are in neither arm, and neither are the errors that their endpoint counts, %s',
    async (routing) => {
      const made = await serving();
      await ask(made, champion, { times: 9 });
      await ask(made, challenger, { status: 500, times: 5 });
      const now = made.clock.now();
      // Four of the five were a tester's.
      print(
        made,
        ...Array.from({ length: 9 }, () => answered(now, 'v1', 20)),
        answered(now, 'v2', undefined),
        ...Array.from({ length: 4 }, () => byTester(now, 'v2', 'model')),
      );
      const tick = await window(made, routing);
      expect(tick?.champion).toMatchObject({ requests: 9, errors: 0, endpointErrors: 0 });
      expect(tick?.challenger).toMatchObject({ requests: 1, errors: 1, endpointErrors: 1 });
    },
  );

  it('alone are no reason to judge a weighted arm by its endpoint, which knows no testers', async () => {
    const made = await serving();
    await ask(made, champion, { times: 2 });
    await ask(made, challenger, { status: 500, times: 3 });
    const now = made.clock.now();
    print(
      made,
      ...Array.from({ length: 2 }, () => answered(now, 'v1', 20)),
      ...Array.from({ length: 3 }, () => byTester(now, 'v2', 'model')),
    );
    const tick = await window(made, 'weighted');
    expect(tick?.champion).toMatchObject({ requests: 2, errors: 0 });
    expect(tick?.challenger).toMatchObject({ requests: 0, errors: 0, endpointErrors: 0 });
  });
});
