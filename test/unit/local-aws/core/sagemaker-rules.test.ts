import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  ListTagsCommand,
  UpdateEndpointCommand,
  type CreateEndpointConfigCommandInput,
  type ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import { createLocalAws } from '../../../../src/local-aws/core/local-aws.ts';
import { bench, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

const ARN = 'arn:aws:sagemaker:us-east-1:000000000000';
const inProgress = (name: string) => ({
  name: 'ValidationException',
  status: 400,
  message: `Cannot update in-progress endpoint "${ARN}:endpoint/${name}".`,
});

let b: Bench;
let sagemaker: Clients['sagemaker'];
let runtime: Clients['runtime'];
beforeEach(() => use(bench()));

function use(next: Bench) {
  b = next;
  ({ sagemaker, runtime } = clients(b.local));
}

const model = (ModelName: string, Image = 'image') =>
  sagemaker.send(
    new CreateModelCommand({
      ModelName,
      PrimaryContainer: { Image, ModelDataUrl: 's3://b/k', Environment: { A: '1' } },
    }),
  );
const config = (
  EndpointConfigName: string,
  variant: Partial<ProductionVariant> = {},
  more: Partial<CreateEndpointConfigCommandInput> = {},
) =>
  sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName,
      ProductionVariants: [
        {
          VariantName: 'v',
          ModelName: 'm',
          ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 2 },
          ...variant,
        },
      ],
      ...more,
    }),
  );
const create = (EndpointName: string, EndpointConfigName = 'c') =>
  sagemaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName }));
const describeEndpoint = (EndpointName = 'e') =>
  sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
const update = (EndpointConfigName: string) =>
  sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'e', EndpointConfigName }));
const remove = (EndpointName = 'e') => sagemaker.send(new DeleteEndpointCommand({ EndpointName }));
const invoke = (EndpointName = 'e', more: object = {}) =>
  runtime.send(
    new InvokeEndpointCommand({ EndpointName, Body: '{}', ContentType: 'application/json', ...more }),
  );

async function inService(name = 'e') {
  await create(name);
  await b.clock.advance(2000);
  expect((await describeEndpoint(name)).EndpointStatus).toBe('InService');
}

describe('names', () => {
  const endpointNames: [string, boolean][] = [
    ['rec-1-4-0', true],
    ['a', true],
    ['a--b', true],
    ['x'.repeat(63), true],
    ['x'.repeat(64), false],
    ['rec-1.4.0', false],
    ['rec_1', false],
    ['rec-', false],
    ['-rec', false],
    ['rec+1', false],
    ['', false],
  ];
  test.each(endpointNames)('endpoint %j: %s', async (name, allowed) => {
    await model('m');
    await config('c');
    expect((await failure(create(name))).name).toBe(allowed ? 'fulfilled' : 'ValidationException');
    expect((await failure(config(name))).name).toBe(allowed ? 'fulfilled' : 'ValidationException');
  });
  test.each(endpointNames)('model %j: %s', async (name, allowed) => {
    expect((await failure(model(name))).name).toBe(allowed ? 'fulfilled' : 'ValidationException');
  });

  test('of endpoints are case-insensitive, but not to invoke', async () => {
    await model('m');
    await config('c');
    await inService('Rec');
    expect(await failure(create('rec'))).toMatchObject({
      message: `Cannot create already existing endpoint "${ARN}:endpoint/rec".`,
    });
    expect((await describeEndpoint('rec')).EndpointName).toBe('Rec');
    expect(await failure(invoke('rec'))).toMatchObject({ name: 'ValidationError' });
    expect(await failure(invoke('Rec'))).toMatchObject({ name: 'fulfilled' });
  });
});

describe('endpoint configurations', () => {
  beforeEach(() => model('m'));
  const serverless = (ServerlessConfig: object) => ({ ServerlessConfig }) as Partial<ProductionVariant>;

  test.each<[string, Partial<ProductionVariant>, Partial<CreateEndpointConfigCommandInput>]>([
    ['memory of 1000 MB', serverless({ MemorySizeInMB: 1000, MaxConcurrency: 1 }), {}],
    ['memory of 1536 MB', serverless({ MemorySizeInMB: 1536, MaxConcurrency: 1 }), {}],
    ['memory of 7168 MB', serverless({ MemorySizeInMB: 7168, MaxConcurrency: 1 }), {}],
    ['a concurrency of 0', serverless({ MemorySizeInMB: 1024, MaxConcurrency: 0 }), {}],
    ['a concurrency of 201', serverless({ MemorySizeInMB: 1024, MaxConcurrency: 201 }), {}],
    [
      'more provisioned than there may be',
      serverless({ MemorySizeInMB: 1024, MaxConcurrency: 1, ProvisionedConcurrency: 2 }),
      {},
    ],
    ['an instance beside', { InstanceType: 'ml.m5.large', InitialInstanceCount: 1 }, {}],
    ['no serverless configuration', { ServerlessConfig: undefined }, {}],
    ['a model that is missing', { ModelName: 'none' }, {}],
    [
      'data capture',
      {},
      {
        DataCaptureConfig: {
          EnableCapture: true,
          InitialSamplingPercentage: 1,
          DestinationS3Uri: 's3://b/k',
          CaptureOptions: [],
        },
      },
    ],
    ['shadow variants', {}, { ShadowProductionVariants: [{ VariantName: 's', ModelName: 'm' }] }],
    [
      'two variants',
      {},
      {
        ProductionVariants: ['a', 'b'].map((VariantName) => ({
          VariantName,
          ModelName: 'm',
          ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 },
        })),
      },
    ],
    ['a VPC', {}, { VpcConfig: { SecurityGroupIds: ['s'], Subnets: ['n'] } }],
  ])('refuse %s', async (_, variant, more) => {
    expect(await failure(config('c', variant, more))).toMatchObject({
      name: 'ValidationException',
      status: 400,
    });
  });

  test.each([1024, 2048, 3072, 4096, 5120, 6144])('take memory of %d MB', async (MemorySizeInMB) => {
    await config('c', serverless({ MemorySizeInMB, MaxConcurrency: 200 }));
    const { ProductionVariants } = await sagemaker.send(
      new DescribeEndpointConfigCommand({ EndpointConfigName: 'c' }),
    );
    expect(ProductionVariants?.[0]?.ServerlessConfig).toEqual({ MemorySizeInMB, MaxConcurrency: 200 });
  });

  test('in use can not be deleted', async () => {
    await config('c');
    await config('c2');
    await inService();
    const drop = (EndpointConfigName: string) =>
      failure(sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName })));
    expect(await drop('c')).toMatchObject({ name: 'ValidationException' });
    await update('c2');
    expect([await drop('c'), await drop('c2')]).toMatchObject([
      { name: 'ValidationException' },
      { name: 'ValidationException' },
    ]);
    await b.clock.advance(2000);
    expect([await drop('c'), await drop('c2')]).toMatchObject([
      { name: 'fulfilled' },
      { name: 'ValidationException' },
    ]);
  });
});

test('models are created once, described, deleted', async () => {
  await model('m');
  expect(await failure(model('m'))).toMatchObject({
    message: `Cannot create already existing model "${ARN}:model/m".`,
  });
  expect(await sagemaker.send(new DescribeModelCommand({ ModelName: 'm' }))).toMatchObject({
    ModelArn: `${ARN}:model/m`,
    PrimaryContainer: { Image: 'image', ModelDataUrl: 's3://b/k', Environment: { A: '1' } },
  });
  await sagemaker.send(new DeleteModelCommand({ ModelName: 'm' }));
  const gone = { name: 'ValidationException', message: `Could not find model "${ARN}:model/m".` };
  expect(await failure(sagemaker.send(new DescribeModelCommand({ ModelName: 'm' })))).toMatchObject(gone);
  expect(await failure(sagemaker.send(new DeleteModelCommand({ ModelName: 'm' })))).toMatchObject(gone);
});

describe('an endpoint', () => {
  beforeEach(async () => {
    await model('m');
    await config('c');
  });

  test('is Creating until its time is over and its container answers', async () => {
    let answer: () => void = () => undefined;
    b.containers.boot = () => new Promise((resolve) => (answer = resolve));
    await create('e');
    await b.clock.advance(5000);
    expect(await describeEndpoint()).toMatchObject({ EndpointStatus: 'Creating', EndpointConfigName: 'c' });
    expect(await failure(invoke())).toEqual({
      name: 'ValidationError',
      status: 400,
      message: 'Endpoint e of account 000000000000 not found.',
    });
    answer();
    await b.clock.advance(0);
    expect((await describeEndpoint()).EndpointStatus).toBe('InService');
    expect(b.containers.started[0]).toEqual({
      endpointName: 'e',
      variantName: 'v',
      image: 'image',
      modelDataUrl: 's3://b/k',
      environment: { A: '1' },
      memoryMb: 2048,
      maxConcurrency: 2,
    });
  });

  test('is Creating for its time however quick the container', async () => {
    await create('e');
    await b.clock.advance(1999);
    expect((await describeEndpoint()).EndpointStatus).toBe('Creating');
    await b.clock.advance(1);
    expect((await describeEndpoint()).EndpointStatus).toBe('InService');
  });

  test('is Failed with the reason where the container does not come up; then it can only be deleted', async () => {
    b.containers.boot = () => Promise.reject(new Error('no /ping'));
    await create('e');
    await b.clock.advance(2000);
    expect(await describeEndpoint()).toMatchObject({ EndpointStatus: 'Failed', FailureReason: 'no /ping' });
    expect(await failure(update('c'))).toMatchObject({ name: 'ValidationException' });
    await remove();
    await b.clock.advance(300);
    expect(await failure(describeEndpoint())).toMatchObject({
      message: `Could not find endpoint "${ARN}:endpoint/e".`,
    });
  });

  test('in progress refuses update and deletion', async () => {
    await create('e');
    expect([await failure(update('c')), await failure(remove())]).toEqual([inProgress('e'), inProgress('e')]);
    await b.clock.advance(2000);
    await config('c2');
    await update('c2');
    expect([await failure(update('c')), await failure(remove())]).toEqual([inProgress('e'), inProgress('e')]);
    await b.clock.advance(2000);
    await remove();
    expect([await failure(update('c')), await failure(remove())]).toEqual([inProgress('e'), inProgress('e')]);
  });

  test('serves the old deployment while Updating, then the new one', async () => {
    await model('m2', 'image2');
    await config('c2', { ModelName: 'm2' });
    await inService();
    await update('c2');
    expect(await describeEndpoint()).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'c' });
    expect((await invoke()).Body.transformToString()).toContain('"image"');
    await b.clock.advance(2000);
    expect(await describeEndpoint()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c2' });
    expect((await invoke()).Body.transformToString()).toContain('"image2"');
    expect(b.containers.stopped.map(({ image }) => image)).toEqual(['image']);
  });

  test('comes back on the old configuration without a word where an update fails', async () => {
    await model('m2', 'image2');
    await config('c2', { ModelName: 'm2' });
    await inService();
    b.containers.boot = () => Promise.reject(new Error('no /ping'));
    await update('c2');
    await b.clock.advance(2000);
    const after = await describeEndpoint();
    expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'c' });
    expect(after.FailureReason).toBeUndefined();
    expect(await failure(invoke())).toMatchObject({ name: 'fulfilled' });
  });

  test('is Deleting for a while, answers no more, then is gone and may be made again', async () => {
    await inService();
    await remove();
    expect((await describeEndpoint()).EndpointStatus).toBe('Deleting');
    expect(await failure(invoke())).toMatchObject({ name: 'ValidationError' });
    expect(b.containers.stopped.length).toBe(1);
    await b.clock.advance(300);
    expect(await failure(describeEndpoint())).toMatchObject({ name: 'ValidationException' });
    await inService();
  });

  test('is listed by status and name', async () => {
    await inService('one');
    await create('two');
    const list = async (filter: object) =>
      (await sagemaker.send(new ListEndpointsCommand(filter))).Endpoints?.map(
        ({ EndpointName }) => EndpointName,
      );
    expect(await list({})).toEqual(['two', 'one']);
    expect(await list({ SortBy: 'Name', SortOrder: 'Ascending' })).toEqual(['one', 'two']);
    expect(await list({ StatusEquals: 'InService' })).toEqual(['one']);
    expect(await list({ NameContains: 'tw' })).toEqual(['two']);
    const { NextToken } = await sagemaker.send(new ListEndpointsCommand({ MaxResults: 1 }));
    expect(await list({ MaxResults: 1, NextToken })).toEqual(['one']);
    expect(
      (await sagemaker.send(new ListModelsCommand({}))).Models?.map(({ ModelName }) => ModelName),
    ).toEqual(['m']);
    const configs = await sagemaker.send(new ListEndpointConfigsCommand({}));
    expect(configs.EndpointConfigs?.map(({ EndpointConfigName }) => EndpointConfigName)).toEqual(['c']);
  });

  test('has tags', async () => {
    await inService();
    const ResourceArn = `${ARN}:endpoint/e`;
    await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'k', Value: 'v' }] }));
    await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'k', Value: 'w' }] }));
    expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([
      { Key: 'k', Value: 'w' },
    ]);
    const missing = sagemaker.send(new ListTagsCommand({ ResourceArn: `${ARN}:endpoint/x` }));
    expect(await failure(missing)).toMatchObject({ name: 'ValidationException' });
  });
});

describe('quotas', () => {
  test.each([
    ['of endpoints', { endpointQuota: 2 }],
    ['of concurrency', { endpointConcurrencyQuota: 5 }],
  ])('%s', async (_, settings) => {
    use(bench({ settings }));
    await model('m');
    await config('c');
    await create('one');
    await create('two');
    expect(await failure(create('three'))).toMatchObject({
      name: 'ResourceLimitExceeded',
      status: 400,
      message: expect.stringContaining('The account-level service limit'),
    });
  });
});

describe('invoking', () => {
  beforeEach(async () => {
    await model('m');
    await config('c');
    await inService();
  });
  const reply = (status: number, body: string) => ({
    status,
    body: Buffer.from(body),
    contentType: 'text/plain',
    customAttributes: undefined,
  });

  test('passes body, types and attributes through', async () => {
    b.containers.answer = async (_, request) => ({
      status: 200,
      body: Buffer.concat([Buffer.from(`${request.contentType} ${request.accept} `), request.body]),
      contentType: 'text/csv',
      customAttributes: `${request.customAttributes}!`,
    });
    const result = await invoke('e', {
      Body: '1,2',
      ContentType: 'text/csv',
      Accept: 'text/csv',
      CustomAttributes: 'a=b',
    });
    expect(result).toMatchObject({
      ContentType: 'text/csv',
      CustomAttributes: 'a=b!',
      InvokedProductionVariant: 'v',
    });
    expect(result.Body.transformToString()).toBe('text/csv text/csv 1,2');
  });

  test.each([
    [400, 'client', 'CLIENT_ERROR_FROM_MODEL'],
    [500, 'server', 'INTERNAL_FAILURE_FROM_MODEL'],
    [302, 'server', 'INTERNAL_FAILURE_FROM_MODEL'],
  ])('a %d of the container is a ModelError', async (status, kind, ErrorCode) => {
    b.containers.answer = async () => reply(status, 'why');
    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
      OriginalStatusCode: status,
      OriginalMessage: 'why',
      ErrorCode,
      message: expect.stringContaining(`Received ${kind} error (${status}) from primary with message "why"`),
    });
  });

  test('a container that is dead is unavailable, and replaced', async () => {
    const alive = b.containers.answer;
    b.containers.answer = () => Promise.reject(new Error('ECONNRESET'));
    expect(await failure(invoke())).toMatchObject({ name: 'ServiceUnavailable', status: 503 });
    b.containers.answer = alive;
    await b.clock.advance(0);
    expect(await failure(invoke())).toMatchObject({ name: 'fulfilled' });
    expect(b.containers.started.length).toBe(2);
  });

  test('a container has a minute', async () => {
    let asked = false;
    b.containers.answer = () => {
      asked = true;
      return new Promise(() => undefined);
    };
    const late = failure(invoke());
    await expect.poll(() => asked).toBe(true);
    await b.clock.advance(59_999);
    await b.clock.advance(1);
    expect(await late).toMatchObject({
      name: 'ModelError',
      status: 424,
      message: expect.stringContaining('timed out'),
    });
  });

  test('beyond MaxConcurrency is throttled', async () => {
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    let busy = 0;
    b.containers.answer = async () => {
      busy++;
      await gate;
      return reply(200, 'ok');
    };
    const both = [invoke(), invoke()];
    await expect.poll(() => busy).toBe(2);
    expect(await failure(invoke())).toMatchObject({ name: 'ThrottlingException', status: 400 });
    finish();
    await Promise.all(both);
    expect(await failure(invoke())).toMatchObject({ name: 'fulfilled' });
  });

  test('4 MB either way', async () => {
    b.containers.answer = async () => reply(200, 'ok');
    expect(await failure(invoke('e', { Body: new Uint8Array(4 * 1024 * 1024 + 1) }))).toMatchObject({
      name: 'ValidationError',
      status: 400,
    });
    expect(await failure(invoke('e', { Body: new Uint8Array(4 * 1024 * 1024) }))).toMatchObject({
      name: 'fulfilled',
    });
    b.containers.answer = async () => reply(200, 'x'.repeat(4 * 1024 * 1024 + 1));
    expect(await failure(invoke())).toMatchObject({ name: 'ModelError' });
  });
});

describe('a restart', () => {
  test('starts the containers again, and goes on with what was in progress', async () => {
    await model('m');
    await config('c');
    await config('c2');
    await inService('one');
    await inService('two');
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'two', EndpointConfigName: 'c2' }));
    await create('three');
    const saved = JSON.parse(JSON.stringify(b.local.snapshot())) as ReturnType<typeof b.local.snapshot>;
    await b.local.stop();
    expect(b.containers.stopped.map(({ endpointName }) => endpointName).sort()).toEqual([
      'one',
      'three',
      'two',
      'two',
    ]);

    const next = bench({ initial: saved, clock: b.clock });
    use(next);
    await next.local.resume();
    expect(next.containers.started.map(({ endpointName }) => endpointName).sort()).toEqual([
      'one',
      'three',
      'two',
      'two',
    ]);
    const body = async (name: string) => (await failure(invoke(name))).name;
    expect([await body('one'), await body('two'), await body('three')]).toEqual([
      'fulfilled',
      'fulfilled',
      'ValidationError',
    ]);
    await b.clock.advance(2000);
    expect(await describeEndpoint('two')).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'c2',
    });
    expect(await body('three')).toBe('fulfilled');
  });

  test('a container that comes up after the stop is ended', async () => {
    await model('m');
    await config('c');
    let answer: () => void = () => undefined;
    b.containers.boot = () => new Promise((resolve) => (answer = resolve));
    await create('e');
    await b.local.stop();
    answer();
    await b.clock.advance(0);
    expect(b.containers.stopped.length).toBe(1);
  });
});

test('a state of an unknown format is refused', () => {
  const { clock, functions, containers } = bench();
  const initial = { format: 2, state: {} } as never;
  expect(() =>
    createLocalAws({ clock, functions, containers, ids: () => 'x', random: () => 0, initial }),
  ).toThrow();
});
