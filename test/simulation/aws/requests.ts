import type { WireRequest } from '../../../src/local-aws/core/local-aws.ts';

/** What a request asks for, as AWS calls it. */
export function operationOf({ method, path, headers, query }: WireRequest): string {
  const target = headers['x-amz-target'];
  if (target !== undefined) return target.slice(target.lastIndexOf('.') + 1);
  if (path.includes('/operation/')) return path.slice(path.lastIndexOf('/') + 1);
  const [, kind] = /\/(aliases|configuration|versions|invocations|code)(?:\/[^/]*)?$/.exec(path) ?? [];
  const found = operations[`${method} ${kind}`];
  if (found === undefined) throw new Error(`a rollout doesn't ask ${method} ${path}`);
  return found === 'GetFunctionConfiguration' && 'Qualifier' in query ? 'GetVersion' : found;
}

const operations: Readonly<Record<string, string>> = {
  'GET aliases': 'GetAlias',
  'PUT aliases': 'UpdateAlias',
  'GET configuration': 'GetFunctionConfiguration',
  'PUT configuration': 'UpdateFunctionConfiguration',
  'GET versions': 'ListVersionsByFunction',
  'POST versions': 'PublishVersion',
  'POST invocations': 'Invoke',
};

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
};

export const callOf = (operation: string): string => callsByOperation[operation] ?? operation;

/** A request of nobody's: no fault befalls it. */
export function ownRequest(method: string, path: string, sessionToken: string, body?: object): WireRequest {
  return {
    method,
    path,
    query: {},
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20250615/us-east-1/lambda/aws4_request, Signature=x',
      'x-amz-security-token': sessionToken,
      'content-type': 'application/json',
    },
    body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
  };
}
