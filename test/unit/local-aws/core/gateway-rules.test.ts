import {
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteApiCommand,
  DeleteDeploymentCommand,
  DeleteRouteCommand,
  GetApiCommand,
  GetApisCommand,
  GetDeploymentCommand,
  GetDeploymentsCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStageCommand,
  UpdateStageCommand,
  type CreateStageCommandInput,
  type UpdateStageCommandInput,
} from '@aws-sdk/client-apigatewayv2';
import { beforeEach, describe, expect, test } from 'vitest';
import { bench, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

const FN = 'arn:aws:lambda:us-east-1:000000000000:function:f';

let b: Bench;
let gateway: Clients['gateway'];
let ApiId: string;
let integration: string;

beforeEach(async () => {
  b = bench();
  ({ gateway } = clients(b.local));
  ApiId = (await gateway.send(new CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }))).ApiId!;
  const created = await gateway.send(
    new CreateIntegrationCommand({
      ApiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: `${FN}:\${stageVariables.alias}`,
      PayloadFormatVersion: '2.0',
    }),
  );
  integration = created.IntegrationId!;
});

const route = (RouteKey: string) =>
  gateway.send(new CreateRouteCommand({ ApiId, RouteKey, Target: `integrations/${integration}` }));
const deploy = async (more: object = {}) =>
  (await gateway.send(new CreateDeploymentCommand({ ApiId, ...more }))).DeploymentId!;
const createStage = (more: Partial<CreateStageCommandInput> = {}) =>
  gateway.send(
    new CreateStageCommand({ ApiId, StageName: 'prod', StageVariables: { alias: 'blue' }, ...more }),
  );
const updateStage = (more: Partial<UpdateStageCommandInput>) =>
  gateway.send(new UpdateStageCommand({ ApiId, StageName: 'prod', ...more }));
const stage = () => gateway.send(new GetStageCommand({ ApiId, StageName: 'prod' }));
const target = (method = 'POST', path = '/recommend') => {
  const found = b.local.view.route(ApiId, 'prod', method, path);
  return found.kind === 'lambda' ? found.functionArn : found.kind;
};

describe('a stage that deploys by itself', () => {
  test('serves each change at once, as a new deployment', async () => {
    await createStage({ AutoDeploy: true });
    expect(target()).toBe('not-found');
    const before = (await stage()).DeploymentId;
    const { RouteId } = await route('POST /recommend');
    expect(target()).toBe(`${FN}:blue`);
    expect((await stage()).DeploymentId).not.toBe(before);
    await gateway.send(new DeleteRouteCommand({ ApiId, RouteId }));
    expect(target()).toBe('not-found');
    const { Items } = await gateway.send(new GetDeploymentsCommand({ ApiId }));
    expect(Items!.map(({ AutoDeployed }) => AutoDeployed)).toEqual([true, true, true]);
  });

  test('takes no deployment id, even its own', async () => {
    await createStage({ AutoDeploy: true });
    const { DeploymentId } = await stage();
    const refused = {
      name: 'BadRequestException',
      status: 400,
      message: expect.stringContaining('AutoDeploy'),
    };
    expect(await failure(updateStage({ DeploymentId, StageVariables: { alias: 'green' } }))).toMatchObject(
      refused,
    );
    expect((await stage()).StageVariables).toEqual({ alias: 'blue' });
    expect(await failure(createStage({ StageName: 'dev', AutoDeploy: true, DeploymentId }))).toMatchObject(
      refused,
    );
    expect(await failure(deploy({ StageName: 'prod' }))).toMatchObject({ name: 'BadRequestException' });
  });
});

describe('a stage that does not', () => {
  test('serves the snapshot it points at, until it is moved', async () => {
    await route('POST /recommend');
    const first = await deploy();
    await createStage({ DeploymentId: first });
    await route('GET /other');
    expect([target(), target('GET', '/other')]).toEqual([`${FN}:blue`, 'not-found']);
    const second = await deploy({ Description: 'two' });
    expect(target('GET', '/other')).toBe('not-found');
    await updateStage({ DeploymentId: second });
    expect(target('GET', '/other')).toBe(`${FN}:blue`);
    await updateStage({ DeploymentId: first });
    expect(target('GET', '/other')).toBe('not-found');
    const { Description } = await gateway.send(new GetDeploymentCommand({ ApiId, DeploymentId: second }));
    expect(Description).toBe('two');
  });

  test('keeps its deployment from being deleted', async () => {
    await route('POST /recommend');
    const [first, second] = [await deploy(), await deploy()];
    await createStage({ DeploymentId: first });
    const drop = (DeploymentId: string) =>
      failure(gateway.send(new DeleteDeploymentCommand({ ApiId, DeploymentId })));
    expect(await drop(first)).toMatchObject({ name: 'BadRequestException', status: 400 });
    expect(await drop(second)).toMatchObject({ name: 'fulfilled' });
    expect(await failure(updateStage({ DeploymentId: second }))).toMatchObject({
      name: 'NotFoundException',
      status: 404,
    });
  });

  test('a deployment may be made for it', async () => {
    await route('POST /recommend');
    await createStage();
    expect(target()).toBe('not-found');
    const id = await deploy({ StageName: 'prod' });
    expect((await stage()).DeploymentId).toBe(id);
    expect(target()).toBe(`${FN}:blue`);
  });
});

describe('UpdateStage', () => {
  beforeEach(async () => {
    await route('POST /recommend');
    await createStage({ DeploymentId: await deploy(), Description: 'd' });
  });

  test('changes what is sent; variables are replaced whole, and act at once', async () => {
    await updateStage({ StageVariables: { alias: 'green', other: '1' } });
    expect(target()).toBe(`${FN}:green`);
    await updateStage({ StageVariables: { alias: 'blue' } });
    expect(await stage()).toMatchObject({
      StageVariables: { alias: 'blue' },
      Description: 'd',
      AutoDeploy: false,
    });
    await updateStage({ Description: 'e' });
    expect(await stage()).toMatchObject({ StageVariables: { alias: 'blue' }, Description: 'e' });
  });

  test('a variable that is gone makes the route misconfigured', async () => {
    await updateStage({ StageVariables: { other: '1' } });
    expect(target()).toBe('misconfigured');
  });

  test.each<[string, Record<string, string>]>([
    ['a name with a dash', { 'a-b': 'x' }],
    ['a name of 65', { ['x'.repeat(65)]: 'x' }],
    ['a value with a space', { alias: 'a b' }],
    ['a value with $', { alias: '${x}' }],
    ['a value of 513', { alias: 'x'.repeat(513) }],
    ['an empty value', { alias: '' }],
    ['101 variables', Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`v${i}`, 'x']))],
  ])('refuses %s', async (_, StageVariables) => {
    expect(await failure(updateStage({ StageVariables }))).toMatchObject({
      name: 'BadRequestException',
      status: 400,
    });
    expect((await stage()).StageVariables).toEqual({ alias: 'blue' });
  });

  test('takes what values may be', async () => {
    const StageVariables = { a_1: 'A-z.0_9~:/?#&=,' };
    await updateStage({ StageVariables });
    expect((await stage()).StageVariables).toEqual(StageVariables);
  });
});

describe('errors', () => {
  test('of what is missing', async () => {
    const name = 'NotFoundException';
    const message = 'Invalid API identifier specified 000000000000:nope';
    expect(await failure(gateway.send(new GetApiCommand({ ApiId: 'nope' })))).toEqual({
      name,
      status: 404,
      message,
    });
    expect(await failure(stage())).toEqual({
      name,
      status: 404,
      message: 'Invalid stage identifier specified',
    });
    expect(await failure(updateStage({}))).toMatchObject({ name, status: 404 });
    await gateway.send(new DeleteApiCommand({ ApiId }));
    expect(await failure(gateway.send(new GetApiCommand({ ApiId })))).toMatchObject({ name, status: 404 });
  });

  test('of what is there already', async () => {
    await route('POST /recommend');
    expect(await failure(route('POST /recommend'))).toMatchObject({ name: 'ConflictException', status: 409 });
    await createStage();
    expect(await failure(createStage())).toMatchObject({ name: 'ConflictException', status: 409 });
  });

  test.each([['recommend'], ['FETCH /x'], ['GET x'], ['']])('of the route key %j', async (key) => {
    expect(await failure(route(key))).toMatchObject({ name: 'BadRequestException', status: 400 });
  });

  test('of a target that is no integration, and of a deployment without routes', async () => {
    const nowhere = gateway.send(
      new CreateRouteCommand({ ApiId, RouteKey: 'GET /x', Target: 'integrations/nope' }),
    );
    expect(await failure(nowhere)).toMatchObject({ name: 'BadRequestException' });
    expect(await failure(deploy())).toMatchObject({ name: 'BadRequestException' });
  });

  test('of the eleventh stage', async () => {
    for (let i = 0; i < 10; i++) await createStage({ StageName: `s${i}` });
    expect(await failure(createStage())).toMatchObject({ name: 'BadRequestException' });
  });
});

test('lists, in pages', async () => {
  for (const key of ['GET /a', 'GET /b', 'GET /c']) await route(key);
  const first = await gateway.send(new GetRoutesCommand({ ApiId, MaxResults: '2' }));
  const second = await gateway.send(
    new GetRoutesCommand({ ApiId, MaxResults: '2', NextToken: first.NextToken }),
  );
  expect([...first.Items!, ...second.Items!].map(({ RouteKey }) => RouteKey)).toEqual([
    'GET /a',
    'GET /b',
    'GET /c',
  ]);
  expect(second.NextToken).toBeUndefined();
  expect((await gateway.send(new GetApisCommand({}))).Items?.[0]).toMatchObject({
    ApiId,
    Name: 'api',
    CreatedDate: expect.any(Date),
  });
  expect((await gateway.send(new GetIntegrationsCommand({ ApiId }))).Items?.[0]).toMatchObject({
    TimeoutInMillis: 30_000,
  });
});
