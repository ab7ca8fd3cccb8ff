import type { WireRequest } from '../../../src/local-aws/core/local-aws.ts';
import { apiGatewayRoutes, lambdaRoutes, matchRest } from '../../../src/local-aws/wire/rest-routes.ts';

/** What a request asks for, as AWS calls it. */
export function operationOf(request: WireRequest): string {
  const { path, headers, query } = request;
  const target = headers['x-amz-target'];
  if (target !== undefined) return afterLast(target, '.');
  if (path.startsWith('/endpoints/')) return 'InvokeEndpoint';
  if (path.includes('/operation/')) return afterLast(path, '/');
  const found = matchRest(path.startsWith('/v2/') ? apiGatewayRoutes : lambdaRoutes, request.method, path);
  if (found === undefined) throw new Error(`a rollout doesn't ask ${request.method} ${path}`);
  const { operation } = found.route;
  return operation === 'GetFunctionConfiguration' && 'Qualifier' in query ? 'GetVersion' : operation;
}

const afterLast = (text: string, mark: string): string => text.slice(text.lastIndexOf(mark) + 1);

/** The call of a port that a request stands for: by these names faults and outages are drawn. */
const callsByOperation: Readonly<Record<string, string>> = {
  GetAlias: 'readAlias',
  UpdateAlias: 'writeAlias',
  GetVersion: 'variables',
  UpdateFunctionConfiguration: 'publish',
  PublishVersion: 'publish',
  DescribeEndpoint: 'ensureEndpoint',
  CreateModel: 'ensureEndpoint',
  CreateEndpointConfig: 'ensureEndpoint',
  CreateEndpoint: 'ensureEndpoint',
  DeleteEndpoint: 'deleteEndpoint',
  GetStage: 'readStage',
  UpdateStage: 'writeStage',
};

export const callOf = (operation: string): string => callsByOperation[operation] ?? operation;

/** A request of nobody's: no fault befalls it. */
export function ownRequest(method: string, path: string, sessionToken: string, body?: object): WireRequest {
  const service = path.startsWith('/v2/') ? 'apigateway' : 'lambda';
  return {
    method,
    path,
    query: {},
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=test/20250615/us-east-1/${service}/aws4_request, Signature=x`,
      'x-amz-security-token': sessionToken,
      'content-type': 'application/json',
    },
    body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
  };
}
