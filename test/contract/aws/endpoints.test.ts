import {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListTagsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, test } from 'vitest';
import { createPlatform } from '../../../src/aws/platform.ts';
import { versionTag } from '../../../src/domain/units.ts';
import type { EndpointSpec, PlatformError } from '../../../src/ports/platform.ts';
import { functionName, lost, type Stack, stack } from './stack.ts';

const name = 'recommendation-prod-v2-0123abcd';
const spec: EndpointSpec = {
  endpoint: name,
  version: versionTag('v2.0'),
  artifactUri: 's3://models/v2/model.tar.gz',
  artifactDigest: '0123abcd',
};

const sagemaker = ({ clients }: Stack) => clients.of(SageMakerClient);
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as PlatformError).failure,
  );

test('an endpoint is absent, creating, in service, deleting, absent', async () => {
  const made = await stack();
  const { platform, clock } = made;
  expect(await platform.endpoint(name)).toEqual({ kind: 'absent' });
  expect(await platform.ensureEndpoint(spec)).toEqual({ kind: 'creating' });
  expect(await platform.ensureEndpoint(spec)).toEqual({ kind: 'creating' });
  await clock.advance(5_000);
  expect(await platform.ensureEndpoint(spec)).toEqual({ kind: 'in-service' });
  expect(await platform.endpoint(name)).toEqual({ kind: 'in-service' });
  expect(made.containers.started).toHaveLength(1);

  await platform.deleteEndpoint(name);
  expect(await platform.endpoint(name)).toEqual({ kind: 'absent' });
  await expect(
    sagemaker(made).send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })),
  ).rejects.toThrow();
  await expect(sagemaker(made).send(new DescribeModelCommand({ ModelName: name }))).rejects.toThrow();
  await platform.deleteEndpoint(name);
});

test('model, configuration and endpoint are made as the settings say, with tags', async () => {
  const made = await stack();
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  expect(made.containers.started[0]).toMatchObject({
    variantName: 'AllTraffic',
    modelDataUrl: spec.artifactUri,
    memoryMb: 2048,
    maxConcurrency: 10,
    environment: { MODEL_THREADS: '2', MLREG_ARTIFACT_DIGEST: '0123abcd' },
  });
  const { EndpointArn } = await sagemaker(made).send(new DescribeEndpointCommand({ EndpointName: name }));
  const { Tags } = await sagemaker(made).send(new ListTagsCommand({ ResourceArn: EndpointArn }));
  expect(Tags).toEqual([
    { Key: 'mlreg:environment', Value: 'prod' },
    { Key: 'mlreg:version', Value: 'v2.0' },
  ]);
});

test('what an earlier, cut-short call has made is taken up', async () => {
  const made = await stack();
  made.local.inject({ deny: { 'sagemaker:CreateEndpoint': true } });
  expect(await failure(made.platform.ensureEndpoint(spec))).toMatchObject({
    kind: 'denied',
    action: 'sagemaker:CreateEndpoint',
  });
  made.local.inject({ reset: true });
  expect(await made.platform.ensureEndpoint(spec)).toEqual({ kind: 'creating' });
});

test.each(['sagemaker:CreateModel', 'sagemaker:CreateEndpointConfig', 'sagemaker:CreateEndpoint'])(
  'a lost reply to %s is no harm',
  async (action) => {
    const made = await stack();
    made.local.inject({ faults: [{ action, kind: 'error-after' }] });
    expect(await made.platform.ensureEndpoint(spec)).toEqual({ kind: 'creating' });
    await made.clock.advance(5_000);
    expect(await made.platform.endpoint(name)).toEqual({ kind: 'in-service' });
  },
);

test("a container's own words are no part of the reason, for they may hold its variables", async () => {
  const made = await stack();
  made.containers.boot = async () => {
    throw new Error("KeyError: {'API_TOKEN': 'hunter2'}");
  };
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  expect(await made.platform.endpoint(name)).toEqual({
    kind: 'failed',
    why: `SageMaker calls it Failed. Its reason is not shown, for it may hold values of variables: aws sagemaker describe-endpoint --endpoint-name ${name} --query FailureReason`,
  });
});

test('a container that does not come up fails with its reason, and can be deleted', async () => {
  const made = await stack();
  made.containers.boot = async () => {
    throw new Error('Request to service failed. If failure persists after retry, contact customer support.');
  };
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  const failed = {
    kind: 'failed',
    why: 'Request to service failed. If failure persists after retry, contact customer support',
  };
  expect(await made.platform.ensureEndpoint(spec)).toEqual(failed);
  expect(await made.platform.endpoint(name)).toEqual(failed);
  await made.platform.deleteEndpoint(name);
  expect(await made.platform.endpoint(name)).toEqual({ kind: 'absent' });
});

test.each([
  ['digest', { artifactDigest: 'ffff' }, 'artifact digest is 0123abcd'],
  ['address', { artifactUri: 's3://models/other.tar.gz' }, 'artifact is s3://models/v2/model.tar.gz'],
])('an endpoint of that name with another %s is refused', async (_what, other, words) => {
  const made = await stack();
  await made.platform.ensureEndpoint(spec);
  const seen = await failure(made.platform.ensureEndpoint({ ...spec, ...other }));
  expect(seen).toMatchObject({ kind: 'refused' });
  expect(seen?.message).toContain(words);
});

test("somebody else's model of that name is refused before an endpoint is made of it", async () => {
  const made = await stack();
  await sagemaker(made).send(
    new CreateModelCommand({ ModelName: name, PrimaryContainer: { Image: 'other' } }),
  );
  expect(await failure(made.platform.ensureEndpoint(spec))).toMatchObject({ kind: 'refused' });
  expect(await made.platform.endpoint(name)).toEqual({ kind: 'absent' });
});

test('an endpoint that was moved to another configuration is refused', async () => {
  const made = await stack();
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  await sagemaker(made).send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'foreign',
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: name,
          ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 },
        },
      ],
    }),
  );
  await sagemaker(made).send(
    new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: 'foreign' }),
  );
  // It answers users all through the update.
  expect(await made.platform.endpoint(name)).toEqual({ kind: 'in-service' });
  await made.clock.advance(5_000);
  const seen = await failure(made.platform.ensureEndpoint(spec));
  expect(seen?.message).toContain('its configuration is foreign');
});

test('a used-up quota is refused, and says what to do', async () => {
  const made = await stack({ settings: { settings: { endpointQuota: 0 } } });
  const seen = await failure(made.platform.ensureEndpoint(spec));
  expect(seen).toMatchObject({ kind: 'refused' });
  expect(seen?.message).toMatch(/quota.*mlreg gc/);
});

test('an endpoint that is being made cannot be deleted yet', async () => {
  const made = await stack();
  await made.platform.ensureEndpoint(spec);
  expect(await failure(made.platform.deleteEndpoint(name))).toMatchObject({ kind: 'throttled' });
});

test('an endpoint that takes over ten minutes is creating all that time, and can be deleted when it is there', async () => {
  const minutes = 60_000;
  const made = await stack({ settings: { settings: { endpointCreatingMs: 12 * minutes } } });
  const seen: string[] = [(await made.platform.ensureEndpoint(spec)).kind];
  for (let minute = 1; minute <= 12; minute++) {
    await made.clock.advance(minutes);
    seen.push((await made.platform.ensureEndpoint(spec)).kind);
  }
  expect(seen).toEqual([...Array.from({ length: 12 }, () => 'creating'), 'in-service']);
  await made.platform.deleteEndpoint(name);
  expect(await made.platform.endpoint(name)).toEqual({ kind: 'absent' });
});

test('a configuration that SageMaker does not see yet is asked for again', async () => {
  const made = await stack();
  // Hidden from CreateEndpoint twice, as eventual consistency has it.
  let hidden = 2;
  made.fate = (request) => {
    const creating = request.headers['x-amz-target'] === 'SageMaker.CreateEndpoint';
    if (!creating || hidden-- <= 0) return 'pass';
    const error = Object.assign(new Error(`Could not find endpoint configuration "${name}".`), {
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
    return { kind: 'before', error };
  };
  const before = made.clock.now();
  expect(await made.platform.ensureEndpoint(spec)).toEqual({ kind: 'creating' });
  expect(made.clock.now() - before).toBe(1_500);
});

test.each([
  [
    'passes with JSON',
    { status: 200, body: '{"items":[1,2],"model":"x"}' },
    { items: [1, 2] },
    { passed: true, requests: 2 },
  ],
  [
    'fails on text',
    { status: 200, body: 'hello' },
    undefined,
    { passed: false, requests: 1, why: 'request 1 of 2: the answer is no JSON: hello' },
  ],
  [
    'fails on another answer',
    { status: 200, body: '{"items":[1]}' },
    { items: [1, 2] },
    {
      passed: false,
      requests: 1,
      why: 'request 1 of 2: the answer lacks what is expected at /items: {"items":[1]}',
    },
  ],
  [
    'names the member that is missing',
    { status: 200, body: '{"items":[{"id":1}]}' },
    { items: [{ id: 1, score: 2 }] },
    {
      passed: false,
      requests: 1,
      why: 'request 1 of 2: the answer lacks what is expected at /items/0/score: {"items":[{"id":1}]}',
    },
  ],
  [
    'shows 300 characters of an answer, and control characters as question marks',
    { status: 500, body: `\u001b[2J${'x'.repeat(400)}` },
    undefined,
    {
      passed: false,
      requests: 1,
      why: `request 1 of 2: ${`the model answered 500: ?[2J${'x'.repeat(400)}`.slice(0, 357)}...`,
    },
  ],
  [
    "fails on the model's error",
    { status: 500, body: 'no such feature' },
    undefined,
    { passed: false, requests: 1, why: 'request 1 of 2: the model answered 500: no such feature' },
  ],
])('smoke %s', async (_what, { status, body }, expect_, outcome) => {
  const request = { body: '{"userId":"smoke"}', ...(expect_ === undefined ? {} : { expect: expect_ }) };
  const made = await stack({ smokeRequests: [request, { body: '{}' }] });
  made.containers.answer = async () => ({
    status,
    body: Buffer.from(body),
    contentType: 'application/json',
    customAttributes: undefined,
  });
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  expect(await made.platform.smoke(name)).toEqual(outcome);
});

const said = (payload: string, functionError?: 'Unhandled') => async () => ({
  payload,
  coldStart: true,
  logs: [],
  ...(functionError === undefined ? {} : { functionError }),
});

test.each([
  ['an answer', said('{"statusCode":200,"body":"{}"}'), undefined],
  ['an answer in short form', said('{"items":[1]}'), undefined],
  ['that an API key is needed: the version runs', said('{"statusCode":401}'), undefined],
  ['an error status', said('{"statusCode":503,"body":"API_TOKEN=hunter2"}'), 'answered with status 503'],
  ['no JSON', said('hello'), 'answered without a status code'],
  [
    'an exception, whose words are not repeated',
    said('{"errorType":"TypeError","errorMessage":"API_TOKEN=hunter2"}', 'Unhandled'),
    'failed (TypeError)',
  ],
])('smoke through a Lambda version that gives %s', async (_what, answer, why) => {
  const made = await stack({ smokeRequests: [{ body: '{"userId":"smoke"}' }], requestPath: '/score' });
  made.functions.answer = answer;
  await made.platform.ensureEndpoint(spec);
  await made.clock.advance(5_000);
  expect(await made.platform.smoke(name, '1')).toEqual(
    why === undefined
      ? { passed: true, requests: 1 }
      : { passed: false, requests: 1, why: `request 1 of 1: Lambda version 1 ${why}` },
  );
  const sent = JSON.parse(made.functions.invoked[0]!.invocation.payload) as object;
  expect(sent).toMatchObject({
    version: '2.0',
    rawPath: '/score',
    requestContext: { http: { method: 'POST', path: '/score' } },
    body: '{"userId":"smoke"}',
  });
});

test('somebody in haste gets one attempt', async () => {
  const made = await stack();
  made.fate = () => ({ kind: 'before', error: lost() });
  expect(await failure(made.platform.endpoint(name, { withinMs: 500 }))).toMatchObject({ kind: 'unknown' });
  expect(await failure(made.platform.codeSha256('1', { withinMs: 500 }))).toMatchObject({ kind: 'unknown' });
  expect(made.asked).toHaveLength(2);
});

test('smoke of an endpoint that is not there, or not allowed, is an error', async () => {
  const made = await stack({ smokeRequests: [{ body: '{}' }] });
  expect(await failure(made.platform.smoke(name))).toMatchObject({ kind: 'missing' });
  made.local.inject({ deny: { 'sagemaker:InvokeEndpoint': true } });
  expect(await failure(made.platform.smoke(name))).toMatchObject({
    kind: 'denied',
    action: 'sagemaker:InvokeEndpoint',
  });
});

describe('how an endpoint serves, beside what is configured', () => {
  const settings = {
    roleArn: 'arn:aws:iam::000000000000:role/models',
    image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
    memoryMb: 2048,
    maxConcurrency: 10,
    environment: { MODEL_THREADS: '2' },
  };
  const over = async (changed: object): Promise<Stack['platform']> => {
    const made = await stack();
    await made.platform.ensureEndpoint(spec);
    await made.clock.advance(5_000);
    const configured = { ...settings, ...changed };
    return createPlatform({
      api: { id: null, name: 'api', stage: 'prod' },
      clients: made.clients,
      clock: made.port,
      functionName,
      smokeRequests: [],
      sagemaker: configured,
      tags: {},
    });
  };

  test.each<[string, object, readonly string[]]>([
    ['nothing', {}, []],
    ['its memory', { memoryMb: 4096 }, ['memory (4,096 MB configured, 2,048 MB serving)']],
    ['its concurrency', { maxConcurrency: 20 }, ['maximum concurrency (20 configured, 10 serving)']],
    [
      'its role',
      { roleArn: 'arn:aws:iam::000000000000:role/other' },
      [
        'role (arn:aws:iam::000000000000:role/other configured, arn:aws:iam::000000000000:role/models serving)',
      ],
    ],
    ['its image', { image: 'models:2' }, [`image (models:2 configured, ${settings.image} serving)`]],
    ['no image, where none is configured', { image: '' }, []],
    [
      'its variables',
      { environment: { MODEL_THREADS: 'hunter2', NEW: 'hunter2' } },
      [
        'variable NEW (configured, not serving)',
        'variable MODEL_THREADS (another value serving than configured)',
      ],
    ],
    [
      'a variable that is not configured',
      { environment: {} },
      ['variable MODEL_THREADS (serving, not configured)'],
    ],
  ])('differs in %s', async (_what, changed, expected) => {
    const platform = await over(changed);
    const found = await platform.servingDifferences(name);
    expect(found).toEqual(expected);
    expect(found.join()).not.toContain('hunter2');
  });

  test('is missing where there is no endpoint', async () => {
    const platform = await over({});
    expect(await failure(platform.servingDifferences('recommendation-prod-none'))).toMatchObject({
      kind: 'missing',
    });
  });

  test.each<[string, object, string]>([
    ['memory', { memoryMb: 4096 }, 'memory (4,096 MB configured, 2,048 MB serving)'],
    ['image', { image: 'models:2' }, 'image (models:2 configured'],
  ])('an endpoint that was not made with the planned %s is refused', async (_what, changed, words) => {
    const platform = await over({});
    const { environment: _values, ...planned } = settings;
    const serving = { ...planned, ...changed, variables: ['MODEL_THREADS'] };
    const seen = await failure(platform.ensureEndpoint({ ...spec, serving }));
    expect(seen).toMatchObject({ kind: 'refused' });
    expect(seen?.message).toContain(words);
    expect(
      await platform.ensureEndpoint({ ...spec, serving: { ...planned, variables: ['MODEL_THREADS'] } }),
    ).toEqual({
      kind: 'in-service',
    });
  });

  test('an endpoint of a later generation carries it as a tag, for a value takes no number sign', async () => {
    const made = await stack();
    await made.platform.ensureEndpoint({ ...spec, version: versionTag('v2.0#3') });
    const { EndpointArn } = await sagemaker(made).send(new DescribeEndpointCommand({ EndpointName: name }));
    const { Tags } = await sagemaker(made).send(new ListTagsCommand({ ResourceArn: EndpointArn }));
    expect(Tags).toEqual([
      { Key: 'mlreg:environment', Value: 'prod' },
      { Key: 'mlreg:version', Value: 'v2.0' },
      { Key: 'mlreg:generation', Value: '3' },
    ]);
  });
});
