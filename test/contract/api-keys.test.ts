import { createHash } from 'node:crypto';
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  UpdateRouteCommand,
} from '@aws-sdk/client-apigatewayv2';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { build } from 'esbuild';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startControl } from '../../src/local-aws/daemon-control.ts';
import { createFunctionRuntime } from '../../src/local-aws/data-plane/environments.ts';
import { type Gateway, startGateway } from '../../src/local-aws/data-plane/gateway.ts';
import { inProcess } from '../support/in-process.ts';
import { bench, START, virtualClock, zipped } from '../unit/local-aws/core/bench.ts';

// The bundle as it is deployed, on local AWS behind its HTTP API; only time is virtual.

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const parameter = '/mlreg/prod/recommendation/api-keys';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const minute = 60_000;
let bundle = '';
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/router/index.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  bundle = outputFiles[0]!.text;
});

interface Scene {
  /** Replaces the list of valid keys. */
  put(...keys: string[]): Promise<void>;
  /** The status of a request with this key. */
  ask(key?: string): Promise<number>;
  pass(ms: number): Promise<void>;
  readonly aws: ReturnType<typeof bench>['local'];
  /** Points `live` at a version published from $LATEST now. */
  release(variables: Record<string, string>): Promise<string>;
  moveTo(version: string): Promise<unknown>;
  /** Puts the authorizer before the API. */
  protect(resultTtlSeconds: number): Promise<void>;
}

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

const routed = {
  MLREG_ENVIRONMENT: 'prod',
  MLREG_MODEL: 'recommendation',
  MODEL_VERSION: 'v1.0.0',
  SAGEMAKER_ENDPOINT: 'e',
};

async function scene(variables: Record<string, string>): Promise<Scene> {
  const clock = virtualClock();
  let controlUrl = '';
  const functions = createFunctionRuntime({
    clock,
    region: 'us-east-1',
    platformVariables: () => ({
      AWS_ENDPOINT_URL: controlUrl,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    }),
    modules: { perf_hooks: { performance: { now: () => clock.now() - START } } },
    settings: { coldStartMs: 0, idleMs: 24 * 60 * minute },
  });
  const { local } = bench({ clock, functions });
  const control = await startControl({
    port: 0,
    sessionToken: 'none',
    handle: (request) => local.handle(request),
    status: () => ({}),
    stop: () => undefined,
  });
  controlUrl = control.url;
  const config = {
    requestHandler: inProcess(local),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const lambda = new LambdaClient(config);
  const apis = new ApiGatewayV2Client(config);
  const ssm = new SSMClient(config);
  const put = async (...keys: string[]): Promise<void> => {
    await ssm.send(
      new PutParameterCommand({
        Name: parameter,
        Type: 'SecureString',
        Overwrite: true,
        Value: keys.map(sha256).join('\n') || 'none',
      }),
    );
  };
  await put('old', 'new');

  const make = async (name: string, handler: string, environment: Record<string, string>) => {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Role: 'arn:aws:iam::000000000000:role/r',
        Runtime: 'nodejs22.x',
        Handler: handler,
        Code: { ZipFile: zipped(bundle) },
        Environment: { Variables: environment },
      }),
    );
    await clock.advance(1_000);
    const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName: name }));
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: Version }));
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: name,
        Qualifier: 'live',
        StatementId: 'api',
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
      }),
    );
  };
  await make('router', 'index.handler', { ...routed, ...variables });
  const { ApiId } = await apis.send(new CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }));
  const { IntegrationId } = await apis.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: 'arn:aws:lambda:us-east-1:000000000000:function:router:live',
      PayloadFormatVersion: '2.0',
    }),
  );
  const { RouteId } = await apis.send(
    new CreateRouteCommand({ ApiId, RouteKey: 'GET /metrics', Target: `integrations/${IntegrationId}` }),
  );
  await apis.send(new CreateStageCommand({ ApiId, StageName: '$default', AutoDeploy: true }));
  const moveTo = (FunctionVersion: string) =>
    lambda.send(new UpdateAliasCommand({ FunctionName: 'router', Name: 'live', FunctionVersion }));
  const gateway: Gateway = await startGateway({
    port: 0,
    view: local.view,
    clock,
    apiId: () => ApiId!,
    stage: '$default',
    accountId: '000000000000',
    runId: 'run',
  });
  open.push(gateway, control, { stop: () => local.stop() });
  return {
    put,
    async ask(key) {
      const headers = key === undefined ? {} : { 'x-api-key': key };
      // Nothing is asked of a model: whether the key is valid is all that matters.
      const { status } = await fetch(`${gateway.url}/metrics`, { headers });
      return status;
    },
    pass: (ms) => clock.advance(ms),
    aws: local,
    async release(changed) {
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: 'router',
          Environment: { Variables: { ...routed, ...changed } },
        }),
      );
      await clock.advance(1_000);
      const { Version = '' } = await lambda.send(new PublishVersionCommand({ FunctionName: 'router' }));
      await moveTo(Version);
      return Version;
    },
    moveTo,
    async protect(AuthorizerResultTtlInSeconds) {
      await make('authorizer', 'index.authorizer', {
        MLREG_ENVIRONMENT: 'prod',
        MLREG_API_KEYS_PARAMETER: parameter,
      });
      const { AuthorizerId } = await apis.send(
        new CreateAuthorizerCommand({
          ApiId,
          Name: 'keys',
          AuthorizerType: 'REQUEST',
          AuthorizerUri:
            'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:authorizer:live/invocations',
          AuthorizerPayloadFormatVersion: '2.0',
          EnableSimpleResponses: true,
          IdentitySource: ['$request.header.x-api-key'],
          AuthorizerResultTtlInSeconds,
        }),
      );
      await apis.send(new UpdateRouteCommand({ ApiId, RouteId, AuthorizationType: 'CUSTOM', AuthorizerId }));
    },
  };
}

const byParameter = { MLREG_API_KEYS_PARAMETER: parameter };

describe('keys that the router checks', () => {
  test('a revoked key is refused within a minute, and a new one is valid within a minute', async () => {
    const at = await scene(byParameter);
    expect([await at.ask('old'), await at.ask('new'), await at.ask('third'), await at.ask()]).toEqual([
      200, 200, 401, 401,
    ]);
    await at.put('new', 'third');
    await at.pass(minute);
    expect([await at.ask('old'), await at.ask('new'), await at.ask('third')]).toEqual([401, 200, 200]);
  });

  test('a rotation has both keys valid at once, then the new one alone', async () => {
    const at = await scene(byParameter);
    const valid = async () => [await at.ask('old'), await at.ask('new')];
    await at.put('old');
    expect(await valid()).toEqual([200, 401]);
    await at.put('old', 'new');
    await at.pass(minute);
    expect(await valid()).toEqual([200, 200]);
    await at.put('new');
    await at.pass(minute);
    expect(await valid()).toEqual([401, 200]);
  });

  test('a revoked key stays refused when the alias returns to the version published before', async () => {
    const at = await scene(byParameter);
    expect(await at.ask('old')).toBe(200);
    await at.release({ ...byParameter, LOG_LEVEL: 'debug' });
    await at.put('new');
    await at.pass(minute);
    await at.moveTo('1');
    expect([await at.ask('old'), await at.ask('new')]).toEqual([401, 200]);
  });

  test('keys frozen into a version come back with it: what the parameter is for', async () => {
    const at = await scene({ MLREG_API_KEYS_SHA256: sha256('old') });
    await at.release({ MLREG_API_KEYS_SHA256: sha256('new') });
    expect([await at.ask('old'), await at.ask('new')]).toEqual([401, 200]);
    await at.moveTo('1');
    expect([await at.ask('old'), await at.ask('new')]).toEqual([200, 401]);
  });

  test('while the read is denied the last list is used for ten minutes, then every request is 503', async () => {
    const at = await scene(byParameter);
    expect(await at.ask('old')).toBe(200);
    at.aws.inject({ deny: { 'ssm:GetParameter': true } });
    await at.pass(9 * minute);
    expect([await at.ask('old'), await at.ask('third')]).toEqual([200, 401]);
    await at.pass(minute);
    expect(await at.ask('old')).toBe(503);
    at.aws.inject({ deny: { 'ssm:GetParameter': false } });
    await at.pass(minute);
    expect(await at.ask('old')).toBe(200);
  });

  test('a throttled first read is tried again and refuses nobody', async () => {
    const at = await scene({ MLREG_API_KEYS_SHA256: sha256('old') });
    at.aws.inject({ faults: [{ action: 'ssm:GetParameter', kind: 'throttle', times: 2 }] });
    await at.release(byParameter);
    expect(await at.ask('old')).toBe(200);
  });

  test('a first read that is denied refuses everybody with 503', async () => {
    const at = await scene({ MLREG_API_KEYS_SHA256: sha256('old') });
    at.aws.inject({ deny: { 'ssm:GetParameter': true } });
    await at.release({ ...byParameter, MLREG_API_KEYS_SHA256: sha256('old') });
    expect(await at.ask('old')).toBe(503);
  });
});

describe('keys that the authorizer checks', () => {
  test('a revoked key is refused within a minute, and without a key nobody is asked', async () => {
    const at = await scene({});
    await at.protect(0);
    expect([await at.ask('old'), await at.ask('new'), await at.ask('third'), await at.ask()]).toEqual([
      200, 200, 403, 401,
    ]);
    await at.put('new');
    await at.pass(minute);
    expect([await at.ask('old'), await at.ask('new')]).toEqual([403, 200]);
  });

  test('seconds for which the gateway caches an answer are added to that minute', async () => {
    const at = await scene({});
    await at.protect(300);
    expect(await at.ask('old')).toBe(200);
    await at.put('new');
    await at.pass(2 * minute);
    expect(await at.ask('old')).toBe(200);
    await at.pass(3 * minute);
    expect(await at.ask('old')).toBe(403);
  });

  test('a read that fails for longer than ten minutes is 500, and nothing of it is cached', async () => {
    const at = await scene({});
    await at.protect(60);
    expect(await at.ask('old')).toBe(200);
    at.aws.inject({ deny: { 'ssm:GetParameter': true } });
    await at.pass(10 * minute);
    expect(await at.ask('old')).toBe(500);
    at.aws.inject({ deny: { 'ssm:GetParameter': false } });
    await at.pass(20_000);
    expect(await at.ask('old')).toBe(200);
  });

  test('all keys are revoked by the list of nobody', async () => {
    const at = await scene({});
    await at.protect(0);
    expect(await at.ask('old')).toBe(200);
    await at.put();
    await at.pass(minute);
    expect([await at.ask('old'), await at.ask('new')]).toEqual([403, 403]);
  });
});
