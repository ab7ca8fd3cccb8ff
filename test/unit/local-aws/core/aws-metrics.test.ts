import { GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import { bench, START, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

let b: Bench;
let sdk: Clients;
beforeEach(() => {
  b = bench({ settings: { functionUpdateMs: 0, endpointCreatingMs: 0 } });
  sdk = clients(b.local);
});

/** The one value of a metric over the whole test; undefined where there is no point. */
async function value(
  Namespace: string,
  MetricName: string,
  dimensions: Record<string, string>,
  Stat = 'Sum',
) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const MetricStat = { Metric: { Namespace, MetricName, Dimensions }, Period: 86_400, Stat };
  const input = {
    MetricDataQueries: [{ Id: 'q', MetricStat }],
    StartTime: new Date(START),
    EndTime: new Date(START + 86_400_000),
  };
  return (await sdk.cloudwatch.send(new GetMetricDataCommand(input))).MetricDataResults?.[0]?.Values?.[0];
}

async function createFunction(): Promise<void> {
  const { lambda } = sdk;
  const { zipped } = await import('./bench.ts');
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: 'arn:aws:iam::000000000000:role/r',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipped() },
    }),
  );
  for (const VERSION of ['1', '2']) {
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables: { VERSION } } }),
    );
    await lambda.send(new PublishVersionCommand({ FunctionName: 'f' }));
  }
  await lambda.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
  const RoutingConfig = { AdditionalVersionWeights: { '2': 0.5 } };
  await lambda.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', RoutingConfig }));
}

describe('AWS/Lambda', () => {
  const FN = { FunctionName: 'f' };
  const LIVE = { ...FN, Resource: 'f:live' };
  const metric = (name: string, dimensions: Record<string, string>, stat?: string) =>
    value('AWS/Lambda', name, dimensions, stat);
  const invoke = (Qualifier?: string) => sdk.lambda.send(new InvokeCommand({ FunctionName: 'f', Qualifier }));

  beforeEach(createFunction);

  test('splits an alias by executed version, and sums up by resource, function and account', async () => {
    b.functions.answer = async ({ version }) => {
      await b.clock.advance(version === '2' ? 30 : 10);
      return version === '2'
        ? { payload: '{}', functionError: 'Unhandled', coldStart: false, logs: [] }
        : { payload: '1', coldStart: false, logs: [] };
    };
    b.draws.push(0.1, 0.9, 0.9);
    for (let i = 0; i < 3; i++) await invoke('live');
    await invoke('1');
    await invoke();
    const all = async (dimensions: Record<string, string>) => [
      await metric('Invocations', dimensions),
      await metric('Errors', dimensions),
      await metric('Throttles', dimensions),
      await metric('Duration', dimensions, 'Maximum'),
    ];
    expect(await all({ ...LIVE, ExecutedVersion: '1' })).toEqual([2, 0, 0, 10]);
    expect(await all({ ...LIVE, ExecutedVersion: '2' })).toEqual([1, 1, 0, 30]);
    expect(await all(LIVE)).toEqual([3, 1, 0, 30]);
    expect(await all({ ...FN, Resource: 'f:1' })).toEqual([1, 0, 0, 10]);
    expect(await all({ ...FN, Resource: 'f' })).toEqual([1, 0, 0, 10]);
    expect(await all(FN)).toEqual([5, 1, 0, 30]);
    expect(await all({})).toEqual([5, 1, 0, 30]);
    // Only aliases have executed versions.
    expect(await metric('Invocations', { ...FN, Resource: 'f:1', ExecutedVersion: '1' })).toBeUndefined();
  });

  test('a throttled call is neither an invocation nor an error', async () => {
    await sdk.lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 }),
    );
    b.draws.push(0.1);
    expect(await failure(invoke('live'))).toMatchObject({ name: 'TooManyRequestsException' });
    const dimensions = { ...LIVE, ExecutedVersion: '2' };
    expect(await metric('Throttles', dimensions)).toBe(1);
    expect([await metric('Invocations', dimensions), await metric('Errors', dimensions)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('an invocation counts at its start', async () => {
    b.functions.answer = async () => {
      await b.clock.advance(5000);
      return { payload: '1', coldStart: false, logs: [] };
    };
    await invoke();
    const MetricStat = {
      Metric: { Namespace: 'AWS/Lambda', MetricName: 'Duration', Dimensions: [] },
      Period: 1,
      Stat: 'Sum',
    };
    const { MetricDataResults } = await sdk.cloudwatch.send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: 'q', MetricStat }],
        StartTime: new Date(START),
        EndTime: new Date(START + 60_000),
      }),
    );
    expect(MetricDataResults?.[0]).toMatchObject({ Timestamps: [new Date(START)], Values: [5000] });
  });

  test('no invocations are no points, not zeroes', async () => {
    expect(await metric('Errors', FN)).toBeUndefined();
  });

  test('lines that a function prints become metrics', async () => {
    const line = JSON.stringify({
      _aws: {
        Timestamp: START,
        CloudWatchMetrics: [{ Namespace: 'mlreg', Dimensions: [['Arm']], Metrics: [{ Name: 'Latency' }] }],
      },
      Arm: 'challenger',
      Latency: [1, 2],
    });
    b.functions.answer = () => ({ payload: '1', coldStart: false, logs: ['hello', line] });
    await invoke();
    expect(await value('mlreg', 'Latency', { Arm: 'challenger' })).toBe(3);
    b.local.putLogLines(b.functions.invoked[0]!.version, [line]);
    expect(await value('mlreg', 'Latency', { Arm: 'challenger' })).toBe(6);
  });
});

test('standard resolution can be asked for, as AWS has it', async () => {
  b = bench({ settings: { functionUpdateMs: 0, awsMetricResolutionSeconds: 60 } });
  sdk = clients(b.local);
  await createFunction();
  await b.clock.advance(30_000);
  await sdk.lambda.send(new InvokeCommand({ FunctionName: 'f' }));
  const MetricStat = {
    Metric: { Namespace: 'AWS/Lambda', MetricName: 'Invocations', Dimensions: [] },
    Period: 1,
    Stat: 'Sum',
  };
  const range = { StartTime: new Date(START), EndTime: new Date(START + 60_000) };
  const { MetricDataResults } = await sdk.cloudwatch.send(
    new GetMetricDataCommand({ MetricDataQueries: [{ Id: 'q', MetricStat }], ...range }),
  );
  expect(MetricDataResults?.[0]?.Timestamps).toEqual([new Date(START)]);
});

describe('AWS/SageMaker', () => {
  const metric = (name: string, stat?: string) =>
    value('AWS/SageMaker', name, { EndpointName: 'e', VariantName: 'AllTraffic' }, stat);
  const invoke = () =>
    failure(sdk.runtime.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: '{}' })));

  beforeEach(async () => {
    const { sagemaker } = sdk;
    await sagemaker.send(new CreateModelCommand({ ModelName: 'm', PrimaryContainer: { Image: 'i' } }));
    const ServerlessConfig = { MemorySizeInMB: 1024, MaxConcurrency: 5 };
    await sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'c',
        ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'm', ServerlessConfig }],
      }),
    );
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'e', EndpointConfigName: 'c' }));
    await b.clock.advance(0);
  });

  test('latencies are microseconds; errors are 0 or 1 a request', async () => {
    const statuses = [200, 404, 503, 200];
    b.containers.answer = async () => {
      await b.clock.advance(25);
      return {
        status: statuses.shift()!,
        body: new Uint8Array(),
        contentType: 'text/plain',
        customAttributes: undefined,
      };
    };
    for (let i = 0; i < 4; i++) await invoke();
    expect([await metric('Invocations'), await metric('Invocations', 'SampleCount')]).toEqual([4, 4]);
    expect([await metric('Invocation4XXErrors'), await metric('Invocation4XXErrors', 'Average')]).toEqual([
      1, 0.25,
    ]);
    expect(await metric('Invocation5XXErrors')).toBe(1);
    expect(await metric('InvocationModelErrors')).toBe(2);
    expect(await metric('ModelLatency', 'p99')).toBe(25_000);
    expect(await metric('OverheadLatency', 'Maximum')).toBe(0);
  });

  test('a dead container is a model error without a latency', async () => {
    b.containers.answer = () => Promise.reject(new Error('gone'));
    expect(await invoke()).toMatchObject({ name: 'ServiceUnavailable' });
    expect([
      await metric('Invocations'),
      await metric('Invocation5XXErrors'),
      await metric('InvocationModelErrors'),
    ]).toEqual([1, 1, 1]);
    expect(await metric('ModelLatency')).toBeUndefined();
  });

  test('an endpoint that is not there has no metrics', async () => {
    await failure(sdk.runtime.send(new InvokeEndpointCommand({ EndpointName: 'x', Body: '{}' })));
    expect(
      (await sdk.cloudwatch.send(new ListMetricsCommand({ Namespace: 'AWS/SageMaker' }))).Metrics,
    ).toEqual([]);
  });
});

test('AWS/ApiGateway counts by API and stage', async () => {
  const { view } = b.local;
  view.record('api', 'prod', 200, 12, 10);
  view.record('api', 'prod', 404, 1);
  view.record('api', 'dev', 503, 30, 29);
  const read = (name: string, dimensions: Record<string, string>, stat?: string) =>
    value('AWS/ApiGateway', name, dimensions, stat);
  const prod = { ApiId: 'api', Stage: 'prod' };
  expect([await read('Count', prod), await read('4xx', prod), await read('5xx', prod)]).toEqual([2, 1, 0]);
  expect([await read('Latency', prod), await read('IntegrationLatency', prod, 'SampleCount')]).toEqual([
    13, 1,
  ]);
  expect([await read('Count', { ApiId: 'api' }), await read('5xx', { ApiId: 'api' })]).toEqual([3, 1]);
});
