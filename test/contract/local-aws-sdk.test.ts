import * as gatewaySdk from '@aws-sdk/client-apigatewayv2';
import * as cloudwatchSdk from '@aws-sdk/client-cloudwatch';
import * as lambdaSdk from '@aws-sdk/client-lambda';
import * as s3Sdk from '@aws-sdk/client-s3';
import * as sagemakerSdk from '@aws-sdk/client-sagemaker';
import * as runtimeSdk from '@aws-sdk/client-sagemaker-runtime';
import * as snsSdk from '@aws-sdk/client-sns';
import * as stsSdk from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PersistedState } from '../../src/local-aws/core/local-aws.ts';
import { bench, START, zipped, type Bench } from '../unit/local-aws/core/bench.ts';
import { clients, failure, type Clients } from '../unit/local-aws/core/clients.ts';

/*
 * Local AWS as the AWS SDK sees it: one story a service, and the exception class of each error that mlreg tells apart.
 * The rules one by one are in test/unit/local-aws/core.
 */

const ROLE = 'arn:aws:iam::000000000000:role/r';
const FN = 'arn:aws:lambda:us-east-1:000000000000:function:f';

let b: Bench;
let sdk: Clients;
beforeEach(() => {
  b = bench();
  sdk = clients(b.local);
});

async function createFunction(): Promise<void> {
  await sdk.lambda.send(
    new lambdaSdk.CreateFunctionCommand({
      FunctionName: 'f',
      Role: ROLE,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipped() },
      Environment: { Variables: { USER_VARIABLE: 'kept' } },
    }),
  );
  await b.clock.advance(300);
}

/** As mlreg publishes a route: merge the variables, wait, re-read, publish under preconditions. */
async function publishRoute(route: string): Promise<string> {
  const { lambda } = sdk;
  const read = () => lambda.send(new lambdaSdk.GetFunctionConfigurationCommand({ FunctionName: 'f' }));
  const before = await read();
  await lambda.send(
    new lambdaSdk.UpdateFunctionConfigurationCommand({
      FunctionName: 'f',
      RevisionId: before.RevisionId,
      Environment: { Variables: { ...before.Environment?.Variables, MLREG_ROUTE: route } },
    }),
  );
  await b.clock.advance(300);
  const { RevisionId, LastUpdateStatus, CodeSha256 } = await read();
  expect(LastUpdateStatus).toBe('Successful');
  const published = await lambda.send(
    new lambdaSdk.PublishVersionCommand({ FunctionName: 'f', RevisionId, CodeSha256 }),
  );
  expect(published.Environment?.Variables).toEqual({ USER_VARIABLE: 'kept', MLREG_ROUTE: route });
  return published.Version!;
}

async function createGateway(): Promise<string> {
  const { gateway } = sdk;
  const { ApiId } = await gateway.send(
    new gatewaySdk.CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }),
  );
  const { IntegrationId } = await gateway.send(
    new gatewaySdk.CreateIntegrationCommand({
      ApiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: `${FN}:\${stageVariables.alias}`,
      PayloadFormatVersion: '2.0',
    }),
  );
  const RouteKey = 'POST /recommend';
  await gateway.send(
    new gatewaySdk.CreateRouteCommand({ ApiId, RouteKey, Target: `integrations/${IntegrationId}` }),
  );
  const { DeploymentId } = await gateway.send(new gatewaySdk.CreateDeploymentCommand({ ApiId }));
  await gateway.send(
    new gatewaySdk.CreateStageCommand({
      ApiId,
      StageName: '$default',
      DeploymentId,
      StageVariables: { alias: 'blue' },
    }),
  );
  return ApiId!;
}

const allowGateway = (Qualifier: string, ApiId: string) =>
  sdk.lambda.send(
    new lambdaSdk.AddPermissionCommand({
      FunctionName: 'f',
      Qualifier,
      StatementId: 'gateway',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${ApiId}/*/*`,
    }),
  );

async function createEndpoint(name: string): Promise<void> {
  const { sagemaker } = sdk;
  const container = { Image: 'image', ModelDataUrl: 's3://bucket/model.tar.gz' };
  await sagemaker.send(
    new sagemakerSdk.CreateModelCommand({
      ModelName: name,
      ExecutionRoleArn: ROLE,
      PrimaryContainer: container,
    }),
  );
  await sagemaker.send(
    new sagemakerSdk.CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: name,
          ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 20 },
        },
      ],
    }),
  );
  await sagemaker.send(
    new sagemakerSdk.CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }),
  );
}

describe('Lambda', () => {
  test('a canary: publish, fence, shift, promote, roll back', async () => {
    await createFunction();
    const { lambda } = sdk;
    const champion = await publishRoute('champion');
    const canary = await publishRoute('canary');
    expect([champion, canary]).toEqual(['1', '2']);
    await lambda.send(
      new lambdaSdk.CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: champion }),
    );
    const update = (input: Partial<lambdaSdk.UpdateAliasCommandInput>) =>
      lambda.send(new lambdaSdk.UpdateAliasCommand({ FunctionName: 'f', Name: 'live', ...input }));

    const stale = await lambda.send(new lambdaSdk.GetAliasCommand({ FunctionName: 'f', Name: 'live' }));
    const fenced = await update({ Description: 'token=2', RevisionId: stale.RevisionId });
    await expect(update({ FunctionVersion: canary, RevisionId: stale.RevisionId })).rejects.toThrow(
      lambdaSdk.PreconditionFailedException,
    );
    const RoutingConfig = { AdditionalVersionWeights: { [canary]: 0.1 } };
    const shifted = await update({ RoutingConfig, RevisionId: fenced.RevisionId });
    b.draws.push(0.05, 0.5);
    const run = async () =>
      (await lambda.send(new lambdaSdk.InvokeCommand({ FunctionName: 'f', Qualifier: 'live' })))
        .ExecutedVersion;
    expect([await run(), await run()]).toEqual([canary, champion]);

    const empty = { AdditionalVersionWeights: {} };
    const promoted = await update({
      FunctionVersion: canary,
      RoutingConfig: empty,
      RevisionId: shifted.RevisionId,
    });
    expect(promoted).toMatchObject({ FunctionVersion: canary, Description: 'token=2' });
    expect(await run()).toBe(canary);
    await update({ FunctionVersion: champion, RoutingConfig: empty, RevisionId: promoted.RevisionId });
    expect(await run()).toBe(champion);
  });

  test('exception classes', async () => {
    await createFunction();
    const { lambda } = sdk;
    const alias = { FunctionName: 'f', Name: 'live' };
    await expect(lambda.send(new lambdaSdk.GetAliasCommand(alias))).rejects.toThrow(
      lambdaSdk.ResourceNotFoundException,
    );
    const update = () =>
      lambda.send(new lambdaSdk.UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 9 }));
    await update();
    await expect(update()).rejects.toThrow(lambdaSdk.ResourceConflictException);
    await b.clock.advance(300);
    const wrongCode = lambda.send(
      new lambdaSdk.PublishVersionCommand({ FunctionName: 'f', CodeSha256: 'wrong' }),
    );
    await expect(wrongCode).rejects.toThrow(lambdaSdk.InvalidParameterValueException);
    await lambda.send(
      new lambdaSdk.PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 }),
    );
    const throttled = lambda.send(new lambdaSdk.InvokeCommand({ FunctionName: 'f' }));
    await expect(throttled).rejects.toThrow(lambdaSdk.TooManyRequestsException);
    await expect(throttled).rejects.toMatchObject({
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
  });

  test('waiters see the states they wait for', async () => {
    await createFunction();
    const waiting = { client: sdk.lambda, maxWaitTime: 5 };
    const done = await lambdaSdk.waitUntilFunctionUpdatedV2(waiting, { FunctionName: 'f' });
    expect(done.state).toBe('SUCCESS');
  });
});

describe('SageMaker and its runtime', () => {
  test('an endpoint from creation to deletion', async () => {
    await createEndpoint('rec-1');
    const describeIt = () =>
      sdk.sagemaker.send(new sagemakerSdk.DescribeEndpointCommand({ EndpointName: 'rec-1' }));
    expect((await describeIt()).EndpointStatus).toBe('Creating');
    await b.clock.advance(2000);
    expect(await describeIt()).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'rec-1',
      CreationTime: new Date(START),
    });
    const invoked = await sdk.runtime.send(
      new runtimeSdk.InvokeEndpointCommand({
        EndpointName: 'rec-1',
        Body: '{"user":1}',
        ContentType: 'application/json',
      }),
    );
    expect(JSON.parse(invoked.Body.transformToString())).toEqual({ image: 'image', got: '{"user":1}' });
    await sdk.sagemaker.send(new sagemakerSdk.DeleteEndpointCommand({ EndpointName: 'rec-1' }));
    await b.clock.advance(300);
    expect(await failure(describeIt())).toMatchObject({
      name: 'ValidationException',
      status: 400,
      message: 'Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/rec-1".',
    });
  });

  test('exception classes', async () => {
    const invoke = () =>
      sdk.runtime.send(new runtimeSdk.InvokeEndpointCommand({ EndpointName: 'rec-1', Body: '{}' }));
    await expect(invoke()).rejects.toThrow(runtimeSdk.ValidationError);
    await createEndpoint('rec-1');
    await b.clock.advance(2000);
    b.containers.answer = async () => ({
      status: 400,
      body: Buffer.from('bad'),
      contentType: 'text/plain',
      customAttributes: undefined,
    });
    await expect(invoke()).rejects.toThrow(runtimeSdk.ModelError);
    b.containers.answer = () => Promise.reject(new Error('gone'));
    await expect(invoke()).rejects.toThrow(runtimeSdk.ServiceUnavailable);
    b = bench({ settings: { endpointQuota: 0 } });
    sdk = clients(b.local);
    await expect(createEndpoint('rec-1')).rejects.toThrow(sagemakerSdk.ResourceLimitExceeded);
  });
});

describe('API Gateway', () => {
  test('a blue-green swap, seen by the gateway', async () => {
    await createFunction();
    const [blue, green] = [await publishRoute('blue'), await publishRoute('green')];
    const ApiId = await createGateway();
    for (const [Name, FunctionVersion] of [
      ['blue', blue],
      ['green', green],
    ] as const) {
      // prettier-ignore
      await sdk.lambda.send(new lambdaSdk.CreateAliasCommand({ FunctionName: 'f', Name, FunctionVersion }));
    }
    await allowGateway('blue', ApiId);
    const request = async () => {
      const target = b.local.view.route(ApiId, '$default', 'POST', '/recommend');
      if (target.kind !== 'lambda') return target.kind;
      const invoked = await b.local.view.invoke(target.functionArn, '{}');
      return invoked.kind === 'ok' ? invoked.executedVersion : invoked.kind;
    };
    expect(await request()).toBe(blue);
    const swap = (alias: string) =>
      sdk.gateway.send(
        new gatewaySdk.UpdateStageCommand({ ApiId, StageName: '$default', StageVariables: { alias } }),
      );
    await swap('green');
    // The permission for green was forgotten: all traffic fails right at the switch.
    expect(await request()).toBe('denied');
    await allowGateway('green', ApiId);
    expect(await request()).toBe(green);
    // A rollback that needs no gateway change: green points at the champion's version.
    await sdk.lambda.send(
      new lambdaSdk.UpdateAliasCommand({ FunctionName: 'f', Name: 'green', FunctionVersion: blue }),
    );
    expect(await request()).toBe(blue);
    await swap('red');
    expect(await request()).toBe('missing');
    await sdk.lambda.send(
      new lambdaSdk.PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 }),
    );
    await swap('blue');
    expect(await request()).toBe('throttled');
  });

  test('exception classes', async () => {
    const stage = { ApiId: 'nope', StageName: '$default' };
    await expect(sdk.gateway.send(new gatewaySdk.GetStageCommand(stage))).rejects.toThrow(
      gatewaySdk.NotFoundException,
    );
    const ApiId = await createGateway();
    const { gateway } = sdk;
    await gateway.send(new gatewaySdk.UpdateStageCommand({ ApiId, StageName: '$default', AutoDeploy: true }));
    const { DeploymentId } = await gateway.send(
      new gatewaySdk.GetStageCommand({ ApiId, StageName: '$default' }),
    );
    const pinned = gateway.send(
      new gatewaySdk.UpdateStageCommand({ ApiId, StageName: '$default', DeploymentId }),
    );
    await expect(pinned).rejects.toThrow(gatewaySdk.BadRequestException);
    const again = gateway.send(new gatewaySdk.CreateStageCommand({ ApiId, StageName: '$default' }));
    await expect(again).rejects.toThrow(gatewaySdk.ConflictException);
  });
});

describe('CloudWatch', () => {
  test('twenty metrics in one call, newest first, times as Date', async () => {
    const MetricData = Array.from({ length: 20 }, (_, i) => ({
      MetricName: `m${i}`,
      Timestamp: new Date(START - 60_000),
      Values: [1, 2, 3],
      StorageResolution: 1,
    }));
    await sdk.cloudwatch.send(new cloudwatchSdk.PutMetricDataCommand({ Namespace: 'N', MetricData }));
    const answer = await sdk.cloudwatch.send(
      new cloudwatchSdk.GetMetricDataCommand({
        StartTime: new Date(START - 120_000),
        EndTime: new Date(START),
        MetricDataQueries: MetricData.map(({ MetricName }, i) => ({
          Id: `q${i}`,
          MetricStat: { Metric: { Namespace: 'N', MetricName }, Period: 10, Stat: 'PR(:2)' },
        })),
      }),
    );
    expect(answer.MetricDataResults).toHaveLength(20);
    expect(answer.MetricDataResults?.[19]).toMatchObject({
      Id: 'q19',
      Timestamps: [new Date(START - 60_000)],
      Values: [expect.closeTo(200 / 3, 9) as number],
      StatusCode: 'Complete',
    });
  });

  test('exception classes', async () => {
    const put = sdk.cloudwatch.send(
      new cloudwatchSdk.PutMetricDataCommand({
        Namespace: 'AWS/X',
        MetricData: [{ MetricName: 'm', Value: 1 }],
      }),
    );
    await expect(put).rejects.toThrow(cloudwatchSdk.InvalidParameterValueException);
    const drop = sdk.cloudwatch.send(new cloudwatchSdk.DeleteAlarmsCommand({ AlarmNames: ['x'] }));
    await expect(drop).rejects.toThrow(cloudwatchSdk.ResourceNotFound);
  });
});

test('SNS: topics, attributes, messages', async () => {
  const { sns } = sdk;
  const { TopicArn } = await sns.send(new snsSdk.CreateTopicCommand({ Name: 't' }));
  expect((await sns.send(new snsSdk.CreateTopicCommand({ Name: 't' }))).TopicArn).toBe(TopicArn);
  const { MessageId } = await sns.send(
    new snsSdk.PublishCommand({ TopicArn, Subject: 's', Message: 'a & <b> "ü"' }),
  );
  expect(b.local.messages(TopicArn!)).toEqual([
    { messageId: MessageId, subject: 's', message: 'a & <b> "ü"', publishedAt: START },
  ]);
  expect((await sns.send(new snsSdk.ListTopicsCommand({}))).Topics).toEqual([{ TopicArn }]);
  const { Attributes } = await sns.send(new snsSdk.GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes).toMatchObject({ TopicArn, Owner: '000000000000' });
  const nowhere = sns.send(new snsSdk.PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'm' }));
  await expect(nowhere).rejects.toThrow(snsSdk.NotFoundException);
});

test('STS: who am I', async () => {
  expect(await sdk.sts.send(new stsSdk.GetCallerIdentityCommand({}))).toMatchObject({
    Account: '000000000000',
    Arn: 'arn:aws:iam::000000000000:user/local',
  });
});

describe('S3', () => {
  const Bucket = 'bucket';
  const put = (Key: string, Body: string) =>
    sdk.s3.send(new s3Sdk.PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/plain' }));

  test('objects are put, got whole or in part, headed, listed', async () => {
    for (const key of ['models/a b.txt', 'models/v1/model.tar.gz', 'models/v2/model.tar.gz', 'other'])
      await put(key, `at ${key}`);
    const got = await sdk.s3.send(new s3Sdk.GetObjectCommand({ Bucket, Key: 'models/a b.txt' }));
    expect([await got.Body!.transformToString(), got.ContentType, got.ContentLength]).toEqual([
      'at models/a b.txt',
      'text/plain',
      17,
    ]);
    const part = await sdk.s3.send(new s3Sdk.GetObjectCommand({ Bucket, Key: 'other', Range: 'bytes=3-' }));
    expect([await part.Body!.transformToString(), part.ContentRange]).toEqual(['other', 'bytes 3-7/8']);
    const head = await sdk.s3.send(new s3Sdk.HeadObjectCommand({ Bucket, Key: 'other' }));
    expect(head).toMatchObject({
      ContentLength: 8,
      ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/) as string,
      LastModified: new Date(START),
    });
    const list = await sdk.s3.send(
      new s3Sdk.ListObjectsV2Command({ Bucket, Prefix: 'models/', Delimiter: '/' }),
    );
    expect(list.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['models/a b.txt', 17]]);
    expect(list.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['models/v1/', 'models/v2/']);
    const keys: (string | undefined)[] = [];
    for await (const page of s3Sdk.paginateListObjectsV2({ client: sdk.s3, pageSize: 2 }, { Bucket })) {
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
    }
    expect(keys).toEqual(['models/a b.txt', 'models/v1/model.tar.gz', 'models/v2/model.tar.gz', 'other']);
  });

  test('exception classes', async () => {
    await put('there', 'x');
    const get = (bucket: string) =>
      sdk.s3.send(new s3Sdk.GetObjectCommand({ Bucket: bucket, Key: 'missing' }));
    await expect(get(Bucket)).rejects.toThrow(s3Sdk.NoSuchKey);
    expect(await failure(get('nobody'))).toMatchObject({ name: 'NoSuchBucket', status: 404 });
    const head = sdk.s3.send(new s3Sdk.HeadObjectCommand({ Bucket, Key: 'missing' }));
    await expect(head).rejects.toThrow(s3Sdk.NotFound);
  });
});

describe('what is not implemented says so', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a Lambda operation',
      () => sdk.lambda.send(new lambdaSdk.ListLayersCommand({})),
      'lambda GET /2018-10-31/layers',
    ],
    [
      'a SageMaker operation',
      () => sdk.sagemaker.send(new sagemakerSdk.ListImagesCommand({})),
      'sagemaker ListImages',
    ],
    [
      'a CloudWatch operation',
      () => sdk.cloudwatch.send(new cloudwatchSdk.ListDashboardsCommand({})),
      'cloudwatch ListDashboards',
    ],
    [
      'an SNS operation',
      () => sdk.sns.send(new snsSdk.ListSubscriptionsCommand({})),
      'sns ListSubscriptions',
    ],
    [
      'a gateway operation',
      () => sdk.gateway.send(new gatewaySdk.GetVpcLinksCommand({})),
      'apigateway GET /v2/vpclinks',
    ],
    [
      'an S3 operation',
      () => sdk.s3.send(new s3Sdk.GetBucketAclCommand({ Bucket: 'bucket' })),
      's3 GET /bucket/',
    ],
  ])('%s', async (_, call, what) => {
    expect(await failure(call())).toMatchObject({
      name: 'NotImplemented',
      status: 501,
      message: expect.stringContaining(what),
    });
  });
});

test('all but metrics and messages outlives a restart', async () => {
  await createFunction();
  const version = await publishRoute('r');
  await sdk.lambda.send(
    new lambdaSdk.CreateAliasCommand({ FunctionName: 'f', Name: 'blue', FunctionVersion: version }),
  );
  const ApiId = await createGateway();
  await allowGateway('blue', ApiId);
  await createEndpoint('rec-1');
  await b.clock.advance(2000);
  await sdk.sns.send(new snsSdk.CreateTopicCommand({ Name: 't' }));
  const read = async () => ({
    alias: await sdk.lambda.send(new lambdaSdk.GetAliasCommand({ FunctionName: 'f', Name: 'blue' })),
    version: await sdk.lambda.send(
      new lambdaSdk.GetFunctionCommand({ FunctionName: 'f', Qualifier: version }),
    ),
    stage: await sdk.gateway.send(new gatewaySdk.GetStageCommand({ ApiId, StageName: '$default' })),
    endpoint: await sdk.sagemaker.send(new sagemakerSdk.DescribeEndpointCommand({ EndpointName: 'rec-1' })),
    topics: await sdk.sns.send(new snsSdk.ListTopicsCommand({})),
  });
  const plain = (value: unknown) =>
    JSON.stringify(value, (key, each: unknown) => (key === '$metadata' ? undefined : each));
  const before = plain(await read());
  const saved = JSON.parse(JSON.stringify(b.local.snapshot())) as PersistedState;

  b = bench({ initial: saved, clock: b.clock });
  sdk = clients(b.local);
  await b.local.resume();
  expect(plain(await read())).toBe(before);
  expect(await b.local.view.invoke(`${FN}:blue`, '{}')).toMatchObject({
    kind: 'ok',
    executedVersion: version,
  });
  expect(Buffer.from(b.functions.invoked[0]!.version.code).toString()).toContain('exports.handler');
  expect(await publishRoute('s')).toBe('2');
});
