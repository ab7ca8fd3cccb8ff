import { InvokeCommand } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import { createComparisons } from '../../../src/aws/logs-comparisons.ts';
import { latencyEdges } from '../../../src/domain/latency-edges.ts';
import type { FunctionSnapshot } from '../../../src/local-aws/seams.ts';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import { failed } from '../../../src/router/classify.ts';
import { createEmf } from '../../../src/router/emf.ts';
import type { ModelAnswer } from '../../../src/router/invoke.ts';
import { createShadow } from '../../../src/router/shadow/handler.ts';
import { memorySeen } from '../../../src/router/shadow/seen.ts';
import { shadowSettings } from '../../support/model-world.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { answered } from '../../unit/router/harness.ts';
import { functionName, lambdaOf, type Stack, stack } from './stack.ts';

const shadowFunction = 'recommendation-shadow-prod';
const env = { MLREG_ENVIRONMENT: 'prod', MLREG_MODEL: 'recommendation', MLREG_METRIC_RESOLUTION: '1' };

/** What the shadow function itself prints, so that its names and the adapters' can't drift apart. */
function shadowOf(made: Stack) {
  let answer: ModelAnswer = answered('{"items":[{"id":"a"}]}');
  let elapsed = 0;
  let requests = 0;
  const handler = createShadow({
    env,
    now: () => made.clock.now(),
    monotonicMs: () => elapsed,
    client: {
      invoke: async () => {
        elapsed += 40;
        return answer;
      },
      warm: async () => true,
    },
    seen: memorySeen(),
    emit: (line) => print(made, shadowFunction, line),
  });
  return async (text: string | null, over: object = {}): Promise<void> => {
    answer = text === null ? failed('throttled', '429') : answered(text);
    await handler({
      mlreg: 'shadow',
      rollout: 'r-1',
      requestId: `q-${++requests}`,
      challenger: { version: 'v2', endpoint: 'e2' },
      comparison: { ...shadowSettings().setup.comparison, show: ['origin'] },
      body: '{"origin":"EWR"}',
      champion: { answer: Buffer.from('{"items":[{"id":"a"}]}').toString('base64'), latencyMs: 8 },
      ...over,
    });
  };
}

const print = ({ local }: Stack, name: string, ...lines: string[]): void =>
  local.putLogLines({ functionName: name } as FunctionSnapshot, lines);

const arm = (version: string) => ({
  version: versionTag(version),
  endpoint: `e-${version}`,
  functionVersion: undefined,
});

test('copies are read as both versions on the same requests, by one GetMetricData', async () => {
  const made = await stack();
  const copy = shadowOf(made);
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
  const request: Omit<Parameters<typeof emf.request>[0], 'at' | 'version' | 'failure'> = {
    arm: 'champion',
    rollout: 'r-1',
    requestId: 'x',
    latencyMs: 3,
    throttled: false,
    counted: { as: 'compared', bucket: undefined },
  };
  for (const outcome of ['sent', 'sent', 'late', 'too-large', undefined] as const)
    print(
      made,
      functionName,
      emf.request({ ...request, at: START, version: 'v1', failure: undefined, copy: outcome }),
    );
  // Of the canary metrics none is the shadow's.
  print(made, functionName, emf.request({ ...request, at: START, version: 'v2', failure: undefined }));
  await copy('{"items":[{"id":"a"}]}');
  await copy('{"items":[{"id":"b"}]}');
  await copy('<html>');
  await copy(null);
  await copy('{"items":[{"id":"a"}]}', { champion: { failure: 'timeout' } });
  await copy('{"items":[{"id":"a"}]}', { requestId: 'q-1' });
  await made.clock.advance(30_000);
  made.asked.length = 0;
  const reading = await createMetrics({
    clients: made.clients,
    environment: 'prod',
    model: 'recommendation',
    routing: 'sticky',
    functionName,
    alias: 'live',
    now: () => made.clock.now(),
    resolution: { routerMs: 1_000, awsMs: 1_000 },
  }).read({
    champion: arm('v1'),
    challenger: arm('v2'),
    from: instant(START),
    to: instant(START + 20_000),
    tickMs: 10_000,
    plannedPercent: 50,
    copies: true,
  });
  expect(made.asked).toHaveLength(1);
  /** All in the bucket that holds so many milliseconds. */
  const counted = (ms: number, count: number) => {
    const bucket = latencyEdges.findIndex((edge) => ms <= edge);
    return {
      le: latencyEdges,
      count: [...latencyEdges, Infinity].map((_, index) => (index === bucket ? count : 0)),
    };
  };
  expect(reading).toEqual({
    kind: 'read',
    observations: [
      {
        at: START + 10_000,
        tickMs: 10_000,
        plannedPercent: 50,
        champion: {
          requests: 5,
          errors: 1,
          throttles: 0,
          meanLatencyMs: 8,
          latency: counted(8, 4),
        },
        challenger: { requests: 5, errors: 2, throttles: 1, meanLatencyMs: 40, latency: counted(40, 3) },
        copies: { sent: 2, dropped: 2, compared: 2, disagreed: 1, distance: 1, duplicates: 1 },
      },
      expect.objectContaining({
        challenger: { requests: 0, errors: 0, throttles: 0 },
        copies: { sent: 0, dropped: 0, compared: 0, disagreed: 0, distance: 0, duplicates: 0 },
      }),
    ],
  });
});

const asked = (made: Stack, over: object = {}) =>
  createComparisons({ clients: made.clients }).differences({
    function: `${shadowFunction}:live`,
    rollout: rolloutId('r-1'),
    from: instant(START),
    to: instant(START + 60_000),
    ...over,
  });

test('what differed is read back from the log, and nothing that only looks like it', async () => {
  const made = await stack();
  const copy = shadowOf(made);
  await copy('{"items":[{"id":"a"}]}');
  await copy('{"items":[{"id":"b"}]}');
  await copy('{"items":[{"id":"c"}]}', { rollout: 'r-12' });
  print(
    made,
    shadowFunction,
    'mlreg shadow differs r-1',
    '{"tag":"mlreg shadow differs r-1","rolloutId":"r-1","requestId":"forged","difference":{"direction":"sideways"}}',
    // As Lambda's runtime writes lines of console.log.
    '2026-11-26T08:00:00.000Z\tabc\tINFO\t{"tag":"mlreg shadow differs r-1","rolloutId":"r-1","requestId":"q-9","difference":{"direction":"up","champion":null,"challenger":null,"distance":0.5,"shown":{}}}',
  );
  await made.clock.advance(120_000);
  await copy('{"items":[{"id":"late"}]}');
  expect(await asked(made)).toEqual({
    complete: true,
    found: [
      {
        requestId: 'q-2',
        at: START + 1_000,
        direction: 'other',
        champion: 'a',
        challenger: 'b',
        distance: 1,
        shown: { origin: 'EWR' },
      },
      {
        requestId: 'q-9',
        at: START + 1_000,
        direction: 'up',
        champion: null,
        challenger: null,
        distance: 0.5,
        shown: {},
      },
    ],
  });
});

test('of very many the first are enough, and it is said', async () => {
  const made = await stack();
  const line = (i: number): string =>
    `{"tag":"mlreg shadow differs r-1","rolloutId":"r-1","requestId":"q-${i}","difference":{"direction":"up","champion":"a","challenger":"b","distance":1,"shown":{}}}`;
  print(made, shadowFunction, ...Array.from({ length: 12_000 }, (_, i) => line(i)));
  const { found, complete } = await asked(made);
  expect([found.length, found[0]?.requestId, complete]).toEqual([5_000, 'q-0', false]);
});

test('a log that is missing, or kept from us, is a failure with a name', async () => {
  const made = await stack();
  await expect(asked(made)).rejects.toMatchObject({ failure: { kind: 'missing' } });
  made.local.inject({ deny: { 'logs:FilterLogEvents': true } });
  await expect(asked(made)).rejects.toMatchObject({
    failure: { kind: 'denied', message: expect.stringContaining('Allow logs:FilterLogEvents') },
  });
});

test('a router that may not reach the shadow function is found out when it is warmed', async () => {
  const made = await stack();
  const saying = (payload: string) => () => ({ payload, coldStart: false, logs: [] });
  made.functions.answer = saying('{"warm":true,"copies":"refused"}');
  await expect(made.platform.warm('1', 2)).rejects.toMatchObject({
    failure: { kind: 'refused', message: expect.stringContaining('may not invoke the shadow function') },
  });
  for (const payload of ['{"warm":true,"copies":"sent"}', '{"warm":true,"copies":"late"}', '{"warm":true}']) {
    made.functions.answer = saying(payload);
    expect(await made.platform.warm('1', 2)).toBe(2);
  }
});

test('a router that may not read the list of API keys is found out when it is warmed', async () => {
  const made = await stack();
  const saying = (keys: string) => () => ({
    payload: `{"warm":true,"keys":"${keys}"}`,
    coldStart: false,
    logs: [],
  });
  made.functions.answer = saying('refused');
  await expect(made.platform.warm('1', 2)).rejects.toMatchObject({
    failure: { kind: 'refused', message: expect.stringContaining('allow its role ssm:GetParameter') },
  });
  made.functions.answer = saying('unavailable');
  expect(await made.platform.warm('1', 2)).toBe(0);
  made.functions.answer = saying('known');
  expect(await made.platform.warm('1', 2)).toBe(2);
});
