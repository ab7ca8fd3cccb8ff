import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  GetApisCommand,
  GetDeploymentsCommand,
  GetStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import { AddPermissionCommand, CreateAliasCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { functionName, isOperation, lambdaOf, lost, type Stack, stack } from './stack.ts';

const stamp = (seq: number, over: Partial<Stamp> = {}): Stamp => ({
  environment: 'prod',
  token: 5,
  seq,
  rollout: rolloutId('r-1'),
  back: '7',
  ...over,
});

const others = { tier: 'gold', url: 'https://example.test/?a=b' };

/** An HTTP API with a stage `prod` that names `live`. */
async function withStage(autoDeploy: boolean, StageVariables: Record<string, string> = { alias: 'live' }) {
  const made = await stack();
  const gateway = made.clients.of(ApiGatewayV2Client);
  // More than one page of APIs before the one that is meant.
  for (let index = 0; index < 30; index++)
    await gateway.send(new CreateApiCommand({ Name: `other-${index}`, ProtocolType: 'HTTP' }));
  const { ApiId } = await gateway.send(new CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }));
  await gateway.send(new CreateRouteCommand({ ApiId, RouteKey: 'GET /health' }));
  const { DeploymentId } = await gateway.send(new CreateDeploymentCommand({ ApiId }));
  await gateway.send(
    new CreateStageCommand({
      ApiId,
      StageName: 'prod',
      AutoDeploy: autoDeploy,
      ...(autoDeploy ? {} : { DeploymentId }),
      StageVariables,
    }),
  );
  made.asked.length = 0;
  const raw = () => gateway.send(new GetStageCommand({ ApiId, StageName: 'prod' }));
  const deployments = async () =>
    (await gateway.send(new GetDeploymentsCommand({ ApiId }))).Items?.map((item) => item.DeploymentId);
  return Object.assign(made, { raw, deployments, firstDeployment: DeploymentId });
}

const updates = ({ asked }: Pick<Stack, 'asked'>) => asked.filter((line) => line.startsWith('PATCH'));

test('names an alias, and says who wrote it; found by the name of its API', async () => {
  const { platform } = await withStage(true);
  const found = await platform.readStage();
  expect(found).toMatchObject({ alias: 'live', stamp: undefined, autoDeploy: true });
});

test('a stage that names no alias is told apart from one that is not there', async () => {
  const { platform } = await withStage(true, {});
  expect((await platform.readStage()).alias).toBeUndefined();
  const none = await stack();
  await expect(none.platform.readStage()).rejects.toMatchObject({
    failure: { kind: 'missing', message: expect.stringContaining('api.name') },
  });
});

test('two APIs of one name are no guess', async () => {
  const { platform, clients } = await withStage(true);
  await clients.of(ApiGatewayV2Client).send(new CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }));
  await expect(platform.readStage()).rejects.toMatchObject({ failure: { kind: 'refused' } });
});

test("a swap is one UpdateStage, keeps everybody else's variables, and is read back with its stamp", async () => {
  const made = await withStage(true, { alias: 'live', ...others });
  await made.platform.writeStage({ alias: 'green', stamp: stamp(12), deployment: 'new' });
  expect(updates(made)).toHaveLength(1);
  expect(await made.platform.readStage()).toMatchObject({ alias: 'green', stamp: stamp(12) });
  expect((await made.raw()).StageVariables).toMatchObject(others);
});

test('where the stage deploys by itself no deployment is made or named', async () => {
  const made = await withStage(true);
  const before = await made.raw();
  await made.platform.writeStage({ alias: 'green', stamp: stamp(1), deployment: 'new' });
  await made.platform.writeStage({ alias: 'live', stamp: stamp(2), deployment: { id: 'whatever' } });
  expect((await made.raw()).DeploymentId).toBe(before.DeploymentId);
  expect(made.asked.filter((line) => line.includes('/deployments'))).toEqual([]);
});

test('elsewhere a swap makes one new deployment a rollout, and the way back leads to the old one', async () => {
  const made = await withStage(false);
  const { platform, firstDeployment } = made;
  await platform.writeStage({ alias: 'green', stamp: stamp(1), deployment: 'new' });
  await platform.writeStage({ alias: 'green', stamp: stamp(2), deployment: 'new' });
  const swapped = (await platform.readStage()).deploymentId;
  expect(swapped).not.toBe(firstDeployment);
  expect(await made.deployments()).toHaveLength(2);
  await platform.writeStage({ alias: 'live', stamp: stamp(3), deployment: 'keep' });
  expect(await platform.readStage()).toMatchObject({ alias: 'live', deploymentId: swapped });
  await platform.writeStage({ alias: 'live', stamp: stamp(4), deployment: { id: firstDeployment ?? '' } });
  expect((await platform.readStage()).deploymentId).toBe(firstDeployment);
  await platform.writeStage({
    alias: 'green',
    stamp: stamp(9, { rollout: rolloutId('r-2') }),
    deployment: 'new',
  });
  expect(await made.deployments()).toHaveLength(3);
});

test('an old deployment that is gone is missing, and nothing was changed', async () => {
  const made = await withStage(false);
  const gone = made.platform.writeStage({ alias: 'green', stamp: stamp(1), deployment: { id: 'gone12' } });
  await expect(gone).rejects.toMatchObject({ failure: { kind: 'missing' } });
  expect((await made.platform.readStage()).alias).toBe('live');
});

test('a lost reply is unknown, and never sent twice', async () => {
  const made = await withStage(true);
  made.fate = (request) =>
    isOperation('PATCH', /stages/)(request) ? { kind: 'after', error: lost() } : 'pass';
  await expect(
    made.platform.writeStage({ alias: 'green', stamp: stamp(1), deployment: 'new' }),
  ).rejects.toMatchObject({ failure: { kind: 'unknown' } });
  expect(updates(made)).toHaveLength(1);
  expect((await made.platform.readStage()).alias).toBe('green');
});

test('denied names the verb that IAM must allow', async () => {
  const made = await withStage(true);
  made.local.inject({ deny: { 'apigateway:PATCH': true } });
  await expect(
    made.platform.writeStage({ alias: 'green', stamp: stamp(1), deployment: 'new' }),
  ).rejects.toMatchObject({ failure: { kind: 'denied', action: 'apigateway:PATCH' } });
});

test.each(['r-abc', 'r-0'])('a stamp of %s survives the alphabet of stage variables', async (id) => {
  const { platform } = await withStage(true);
  const wanted = stamp(3, { rollout: rolloutId(id), back: '$LATEST' });
  await platform.writeStage({ alias: 'green', stamp: wanted, deployment: 'keep' });
  expect((await platform.readStage()).stamp).toEqual(wanted);
});

describe('what would make a swap fail users', () => {
  async function stageOf(uri: string) {
    const made = await withStage(true);
    const gateway = made.clients.of(ApiGatewayV2Client);
    const ApiId = (await gateway.send(new GetApisCommand({ MaxResults: '100' }))).Items?.find(
      ({ Name }) => Name === 'api',
    )?.ApiId;
    await gateway.send(
      new CreateIntegrationCommand({
        ApiId,
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: uri,
        PayloadFormatVersion: '2.0',
      }),
    );
    const lambda = lambdaOf(made);
    await lambda.send(
      new CreateAliasCommand({ FunctionName: functionName, Name: 'green', FunctionVersion: '1' }),
    );
    const allow = (Principal: string) =>
      lambda.send(
        new AddPermissionCommand({
          FunctionName: functionName,
          Qualifier: 'green',
          StatementId: Principal.replaceAll('.', '-'),
          Action: 'lambda:InvokeFunction',
          Principal,
        }),
      );
    return { ...made, allow };
  }
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`;

  test('an integration that names its alias itself, and a gateway that may not invoke green', async () => {
    const { platform, allow } = await stageOf(`${arn}:live`);
    await allow('events.amazonaws.com');
    expect(await platform.swapProblems('green')).toEqual([
      expect.stringContaining('takes its alias from the stage'),
      expect.stringContaining('API Gateway may not invoke alias green'),
    ]);
  });

  test('nothing, where both are right', async () => {
    const { platform, allow } = await stageOf(`${arn}:\${stageVariables.alias}`);
    await allow('apigateway.amazonaws.com');
    expect(await platform.swapProblems('green')).toEqual([]);
  });

  test('denied is not absent', async () => {
    const { platform, local } = await stageOf(`${arn}:\${stageVariables.alias}`);
    local.inject({ deny: { 'lambda:GetPolicy': true } });
    await expect(platform.swapProblems('green')).rejects.toMatchObject({
      failure: { kind: 'denied', action: 'lambda:GetPolicy' },
    });
  });
});

test('all aliases of the function, beyond the first page, with their weights', async () => {
  const made = await stack();
  const lambda = lambdaOf(made);
  for (let index = 0; index < 60; index++)
    await lambda.send(
      new CreateAliasCommand({ FunctionName: functionName, Name: `a-${index}`, FunctionVersion: '1' }),
    );
  const found = await made.platform.aliases();
  expect(found).toHaveLength(61);
  expect(found).toContainEqual({ name: 'live', target: { functionVersion: '1', weights: {} } });
});
