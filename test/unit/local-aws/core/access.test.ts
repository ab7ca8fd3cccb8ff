import { GetApisCommand, UpdateStageCommand } from '@aws-sdk/client-apigatewayv2';
import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand, InvokeCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ListModelsCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { CreateTopicCommand, ListTopicsCommand } from '@aws-sdk/client-sns';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { bench, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

const calls: Record<string, (sdk: Clients) => Promise<unknown>> = {
  'lambda:GetAlias': ({ lambda }) => lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'a' })),
  'sagemaker:ListModels': ({ sagemaker }) => sagemaker.send(new ListModelsCommand({})),
  'sagemaker:InvokeEndpoint': ({ runtime }) =>
    runtime.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: '{}' })),
  'apigateway:GetApis': ({ gateway }) => gateway.send(new GetApisCommand({})),
  'cloudwatch:ListMetrics': ({ cloudwatch }) => cloudwatch.send(new ListMetricsCommand({})),
  'sns:ListTopics': ({ sns }) => sns.send(new ListTopicsCommand({})),
  'ssm:GetParameter': ({ ssm }) => ssm.send(new GetParameterCommand({ Name: '/k' })),
  'sts:GetCallerIdentity': ({ sts }) => sts.send(new GetCallerIdentityCommand({})),
  's3:GetObject': ({ s3 }) => s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' })),
};

async function attempt(b: Bench, action: string, sessionToken?: string) {
  const { name, status } = await failure(
    calls[action]!(clients(b.local, sessionToken === undefined ? {} : { sessionToken })),
  );
  return `${name} ${status ?? ''}`.trim();
}

describe('without the session token', () => {
  test.each([
    ['lambda:GetAlias', 'UnrecognizedClientException 403'],
    ['sagemaker:ListModels', 'UnrecognizedClientException 403'],
    ['sagemaker:InvokeEndpoint', 'UnrecognizedClientException 403'],
    ['apigateway:GetApis', 'UnrecognizedClientException 403'],
    ['cloudwatch:ListMetrics', 'InvalidClientTokenId 403'],
    ['sns:ListTopics', 'InvalidClientTokenId 403'],
    ['ssm:GetParameter', 'UnrecognizedClientException 400'],
    ['sts:GetCallerIdentity', 'InvalidClientTokenId 403'],
    ['s3:GetObject', 'InvalidAccessKeyId 403'],
  ])('%s is %s', async (action, expected) => {
    const b = bench({ settings: { sessionToken: 'secret' } });
    expect(await attempt(b, action)).toBe(expected);
    expect(await attempt(b, action, 'other')).toBe(expected);
    expect(await attempt(b, action, 'secret')).not.toBe(expected);
  });
});

describe('denied', () => {
  test.each([
    ['lambda:GetAlias', 'AccessDeniedException 403'],
    ['sagemaker:ListModels', 'AccessDeniedException 400'],
    ['sagemaker:InvokeEndpoint', 'AccessDeniedException 400'],
    ['apigateway:GetApis', 'AccessDeniedException 403'],
    ['cloudwatch:ListMetrics', 'AccessDenied 403'],
    ['sns:ListTopics', 'AuthorizationErrorException 403'],
    ['ssm:GetParameter', 'AccessDeniedException 400'],
    ['sts:GetCallerIdentity', 'AccessDenied 403'],
    ['s3:GetObject', 'AccessDenied 403'],
  ])('%s is %s', async (action, expected) => {
    const b = bench();
    const allowed = await attempt(b, action);
    b.local.inject({ deny: { [action]: true } });
    expect(await attempt(b, action)).toBe(expected);
    b.local.inject({ deny: { [action]: false } });
    expect(await attempt(b, action)).toBe(allowed);
    b.local.inject({ deny: { [`${action.split(':')[0]}:*`]: true } });
    expect(await attempt(b, action)).toBe(expected);
    b.local.inject({ reset: true });
    expect(await attempt(b, action)).toBe(allowed);
  });

  test('IAM spells some actions otherwise', async () => {
    const b = bench();
    const { lambda, gateway } = clients(b.local);
    b.local.inject({ deny: { 'lambda:InvokeFunction': true, 'apigateway:PATCH': true } });
    expect(await failure(lambda.send(new InvokeCommand({ FunctionName: 'f' })))).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'arn:aws:iam::000000000000:user/local is not authorized to perform: lambda:InvokeFunction',
      ),
    });
    const update = gateway.send(new UpdateStageCommand({ ApiId: 'a', StageName: 's' }));
    expect(await failure(update)).toMatchObject({ name: 'AccessDeniedException', status: 403 });
  });
});

describe('faults', () => {
  test.each([
    ['lambda:GetAlias', 'TooManyRequestsException 429'],
    ['sagemaker:ListModels', 'ThrottlingException 400'],
    ['sagemaker:InvokeEndpoint', 'ThrottlingException 400'],
    ['apigateway:GetApis', 'TooManyRequestsException 429'],
    ['cloudwatch:ListMetrics', 'Throttling 400'],
    ['sns:ListTopics', 'ThrottledException 429'],
    ['ssm:GetParameter', 'ThrottlingException 400'],
    ['sts:GetCallerIdentity', 'Throttling 400'],
    ['s3:GetObject', 'SlowDown 503'],
  ])('%s throttled is %s, as often as asked for', async (action, expected) => {
    const b = bench();
    const usual = await attempt(b, action);
    b.local.inject({ faults: [{ action, kind: 'throttle', times: 2 }] });
    expect([await attempt(b, action), await attempt(b, action), await attempt(b, action)]).toEqual([
      expected,
      expected,
      usual,
    ]);
  });

  test.each([
    ['error-before', 0],
    ['error-after', 1],
  ] as const)('%s leaves %d topics', async (kind, topics) => {
    const b = bench();
    const { sns } = clients(b.local);
    b.local.inject({ faults: [{ action: 'sns:CreateTopic', kind }] });
    expect(await failure(sns.send(new CreateTopicCommand({ Name: 't' })))).toMatchObject({ status: 500 });
    expect((await sns.send(new ListTopicsCommand({}))).Topics?.length ?? 0).toBe(topics);
  });

  test('a call that hangs has no effect, and is answered when local AWS stops', async () => {
    const b = bench();
    const { lambda } = clients(b.local);
    b.local.inject({ faults: [{ action: 'lambda:UpdateAlias', kind: 'hang' }] });
    const hanging = failure(lambda.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'a' })));
    const other = failure(lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'a' })));
    expect(await other).toMatchObject({ name: 'ResourceNotFoundException' });
    await b.local.stop();
    expect(await hanging).toMatchObject({ status: 500 });
  });
});

describe('POST /_local/faults', () => {
  const post = async (b: Bench, body: string, headers: Record<string, string> = {}, method = 'POST') => {
    const answer = await b.local.handle({
      method,
      path: '/_local/faults',
      query: {},
      headers,
      body: Buffer.from(body),
    });
    return { status: answer.status, body: Buffer.from(answer.body).toString() };
  };

  test('sets and shows', async () => {
    const b = bench();
    await post(b, '{"deny":{"lambda:GetAlias":true},"faults":[{"action":"sns:Publish","kind":"throttle"}]}');
    const { status, body } = await post(b, '', {}, 'GET');
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { deny: ['lambda:GetAlias'], faults: [{ action: 'sns:Publish', kind: 'throttle', times: 1 }] },
    ]);
    expect(await attempt(b, 'lambda:GetAlias')).toBe('AccessDeniedException 403');
  });

  test.each([
    '{',
    '{"dny":{}}',
    '{"faults":[{"action":"x","kind":"explode"}]}',
    '{"faults":[{"action":"x","kind":"hang","times":0}]}',
  ])('refuses %s', async (body) => {
    expect((await post(bench(), body)).status).toBe(400);
  });

  test('needs the token', async () => {
    const b = bench({ settings: { sessionToken: 'secret' } });
    expect((await post(b, '{}')).status).toBe(403);
    expect((await post(b, '{}', { 'x-amz-security-token': 'secret' })).status).toBe(200);
  });
});
