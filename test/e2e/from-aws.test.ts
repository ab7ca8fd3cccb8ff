import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { artifact, createScene, quick, succeeds } from '../support/e2e.ts';

const scene = createScene('from-aws');
const config = join(scene.dir, 'mlreg.yaml');
const role = 'arn:aws:iam::000000000000:role/shop';

/** A function, an alias, an API and an endpoint that somebody made by hand, on the emulator. */
beforeAll(async () => {
  await scene.up({ controller: false });
  const printed = await succeeds(scene.run('local', 'env'));
  for (const [, name = '', value = ''] of printed.stdout.matchAll(/^export (\w+)='(.*)'$/gm))
    scene.variables[name] = value;
  const access = {
    region: scene.variables['AWS_REGION'] ?? '',
    endpoint: scene.variables['AWS_ENDPOINT_URL'] ?? '',
    credentials: {
      accessKeyId: 'local',
      secretAccessKey: 'local',
      sessionToken: scene.variables['AWS_SESSION_TOKEN'] ?? '',
    },
  };
  const sagemaker = new SageMakerClient(access);
  const PrimaryContainer = { Image: quick.sagemaker.image, ModelDataUrl: `file://${artifact('v2.2.0')}` };
  await sagemaker.send(
    new CreateModelCommand({ ModelName: 'shop-model', ExecutionRoleArn: role, PrimaryContainer }),
  );
  const ServerlessConfig = { MemorySizeInMB: 2048 as const, MaxConcurrency: 10 };
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'shop-config',
      ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'shop-model', ServerlessConfig }],
    }),
  );
  await sagemaker.send(
    new CreateEndpointCommand({ EndpointName: 'shop-scorer', EndpointConfigName: 'shop-config' }),
  );
  const lambda = new LambdaClient(access);
  const code = 'exports.handler = async () => ({ statusCode: 200, body: "{}" });';
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'shop-function',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: role,
      Code: { ZipFile: zipSync({ 'index.js': Buffer.from(code) }) },
      Environment: { Variables: { MODEL_ENDPOINT: 'shop-scorer', DATABASE_PASSWORD: 'planted-secret' } },
    }),
  );
  await waitFor(async () =>
    expect(
      (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'shop-function' }))).State,
    ).toBe('Active'),
  );
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName: 'shop-function' }));
  await lambda.send(
    new CreateAliasCommand({ FunctionName: 'shop-function', Name: 'prod', FunctionVersion: Version }),
  );
  const gateway = new ApiGatewayV2Client(access);
  const { ApiId } = await gateway.send(new CreateApiCommand({ Name: 'shop-api', ProtocolType: 'HTTP' }));
  const { IntegrationId } = await gateway.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
      IntegrationUri: `arn:aws:lambda:${access.region}:000000000000:function:shop-function:prod`,
    }),
  );
  await gateway.send(
    new CreateRouteCommand({ ApiId, RouteKey: 'POST /score', Target: `integrations/${IntegrationId}` }),
  );
  await gateway.send(new CreateStageCommand({ ApiId, StageName: '$default', AutoDeploy: true }));
});
afterAll(() => scene.end());

const init = ['init', '--from-aws', '--function', 'shop-function', '--region', 'us-east-1', '-e', 'dev'];

describe('mlreg init --from-aws', () => {
  it('writes what it read into mlreg.yaml, and prints what is missing with how to mend it', async () => {
    const before = readFileSync(config, 'utf8');
    rmSync(config);
    const { stdout, stderr } = await succeeds(scene.run(...init));
    const written = readFileSync(config, 'utf8');
    const section = written.slice(written.indexOf('  dev:\n'), written.indexOf('  staging:\n'));
    for (const line of [
      'region: us-east-1',
      'routing: weighted',
      'path: /score',
      'function: shop-function',
      'alias: prod',
      'green: off',
      'name: shop-api',
      `role: ${role}`,
      'maxConcurrency: 10',
    ])
      expect(section).toContain(line);
    expect(stdout).toMatch(/✔ alias +prod -> Lambda version 1/);
    expect(stdout).toMatch(/✔ API +shop-api \(\w+\) invokes :prod/);
    expect(stdout).toMatch(/! router [\s\S]*fix: .*terraform\/modules\/lambda-inference/);
    expect(stdout).toMatch(/✔ endpoint +shop-scorer, file:\/\//);
    expect(stdout).toContain('mlreg adopt VERSION -e dev');
    expect(written + stdout + stderr).not.toContain('planted-secret');
    // The local one is needed to end the emulator.
    rmSync(config);
    scene.configure(quick);
    expect(before).toBe(readFileSync(config, 'utf8'));
  });

  it('says what mlreg.yaml lacks where there is one', async () => {
    const { stdout } = await succeeds(scene.run(...init));
    expect(stdout).toContain('put into mlreg.yaml:');
    expect(stdout).toContain('function: shop-function');
  });

  it('is data for programs', async () => {
    const answer = await scene.ask(...init);
    expect(answer.checklist.map(({ what, ok }: { what: string; ok: boolean }) => [what, ok])).toEqual([
      ['alias', true],
      ['one write', true],
      ['API', true],
      ['router', false],
      ['metrics', false],
      ['endpoint', true],
      ['concurrency', true],
      ['table', false],
    ]);
  });

  it('tells of a permission that lacks, and reads the rest', async () => {
    await scene.faults({ deny: { 'apigateway:GET': true } });
    const answer = await scene.ask(...init);
    await scene.faults({ reset: true });
    const items = new Map<string, { ok: boolean; detail: string }>(
      answer.checklist.map((item: { what: string; ok: boolean; detail: string }) => [item.what, item]),
    );
    expect(items.get('permission')?.detail).toContain('apigateway:GET');
    expect(items.get('alias')?.ok).toBe(true);
  });

  it('a function that is not there: said, and nothing is written', async () => {
    rmSync(config);
    const ran = await scene.run(...init.map((word) => (word === 'shop-function' ? 'nowhere' : word)));
    scene.configure(quick);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain('nowhere');
  });
});
