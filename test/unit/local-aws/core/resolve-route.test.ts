import { describe, expect, test } from 'vitest';
import type { Api, Integration, Stage } from '../../../../src/local-aws/core/apigateway/api-state.ts';
import { resolveRoute } from '../../../../src/local-aws/core/apigateway/resolve-route.ts';

const FN = 'arn:aws:lambda:us-east-1:000000000000:function:f';

function apis(
  keys: readonly string[],
  uri = FN,
  stageVariables: Record<string, string> = {},
): Map<string, Api> {
  const integration: Integration = {
    id: 'i',
    integrationType: 'AWS_PROXY',
    integrationUri: uri,
    integrationMethod: undefined,
    payloadFormatVersion: '2.0',
    timeoutInMillis: 30_000,
    description: undefined,
  };
  const routes = keys.map((routeKey, n) => ({ id: `r${n}`, routeKey, target: 'integrations/i' }));
  const deployment = {
    id: 'd',
    description: undefined,
    autoDeployed: false,
    createdAt: 0,
    routes,
    integrations: [integration],
  };
  const stage: Stage = {
    name: 'prod',
    autoDeploy: false,
    deploymentId: 'd',
    description: undefined,
    stageVariables,
    defaultRouteSettings: {},
    routeSettings: {},
    accessLogSettings: undefined,
    tags: {},
    createdAt: 0,
    updatedAt: 0,
  };
  const api: Api = {
    id: 'a',
    name: 'n',
    description: undefined,
    tags: {},
    createdAt: 0,
    integrations: new Map(),
    routes: new Map(),
    deployments: new Map([['d', deployment]]),
    stages: new Map([
      ['prod', stage],
      ['empty', { ...stage, name: 'empty', deploymentId: undefined }],
    ]),
  };
  return new Map([['a', api]]);
}

const keys = [
  '$default',
  'ANY /{proxy+}',
  'ANY /recommend',
  'POST /recommend',
  'GET /users/{id}',
  'GET /users/me',
  'GET /users/{id}/{rest+}',
  'GET /a.b',
];

test.each<[string, string, string]>([
  ['POST', '/recommend', 'POST /recommend'],
  ['post', '/recommend', 'POST /recommend'],
  ['GET', '/recommend', 'ANY /recommend'],
  ['GET', '/users/me', 'GET /users/me'],
  ['GET', '/users/7', 'GET /users/{id}'],
  ['GET', '/users/7/orders/1', 'GET /users/{id}/{rest+}'],
  ['PUT', '/users/7', 'ANY /{proxy+}'],
  ['GET', '/a.b', 'GET /a.b'],
  ['GET', '/axb', 'ANY /{proxy+}'],
  ['GET', '/', '$default'],
])('%s %s goes to %s', (method, path, routeKey) => {
  expect(resolveRoute(apis(keys), 'a', 'prod', method, path)).toEqual({
    kind: 'lambda',
    functionArn: FN,
    routeKey,
    stage: 'prod',
  });
});

describe('what is not there', () => {
  test.each([
    ['no API', 'x', 'prod', '/recommend'],
    ['no stage', 'a', 'dev', '/recommend'],
    ['a stage without deployment', 'a', 'empty', '/recommend'],
    ['no route', 'a', 'prod', '/other'],
  ])('%s', (_, api, stage, path) => {
    expect(resolveRoute(apis(['POST /recommend']), api, stage, 'POST', path)).toEqual({ kind: 'not-found' });
  });
});

describe('the integration URI', () => {
  const wrapped = (arn: string) =>
    `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`;

  test.each<[string, string, Record<string, string>, string]>([
    ['an ARN with a variable', `${FN}:\${stageVariables.alias}`, { alias: 'green' }, `${FN}:green`],
    ['an invocation ARN', wrapped(`${FN}:\${stageVariables.alias}`), { alias: 'blue' }, `${FN}:blue`],
    ['a variable for the whole', '${stageVariables.fn}', { fn: FN }, FN],
  ])('%s', (_, uri, variables, functionArn) => {
    expect(resolveRoute(apis(['$default'], uri, variables), 'a', 'prod', 'GET', '/')).toMatchObject({
      kind: 'lambda',
      functionArn,
    });
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['a variable that is not set', `${FN}:\${stageVariables.alias}`, {}, 'stage prod has no variable alias'],
    ['no function', 'https://example.com', {}, 'integration URI is no Lambda function: https://example.com'],
  ])('%s', (_, uri, variables, why) => {
    expect(resolveRoute(apis(['$default'], uri, variables), 'a', 'prod', 'GET', '/')).toEqual({
      kind: 'misconfigured',
      why,
    });
  });
});
