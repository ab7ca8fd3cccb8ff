import type { Address } from './decode.ts';
import type { Call, WireRequest } from './messages.ts';

export const predictionAddress: Address = { service: 'sagemaker-runtime', protocol: 'rest-json' };

/**
 * InvokeEndpoint where it comes as every SDK sends it: nearly all requests there are, so they are not led through the
 * search for service, protocol and operation.
 * @returns undefined where anything is otherwise; then addressOf and decodeCall say what it is
 */
export function predictionOf(request: WireRequest): Call | undefined {
  const { method, path, headers, query } = request;
  if (method !== 'POST' || !path.startsWith(before) || !path.endsWith(after)) return undefined;
  const EndpointName = path.slice(before.length, -after.length);
  if (!/^[A-Za-z0-9-]+$/.test(EndpointName) || !isSignedForSageMaker(headers['authorization']))
    return undefined;
  if (headers['x-amz-target'] !== undefined || headers['content-encoding'] !== undefined) return undefined;
  for (const _ in query) return undefined;
  return {
    ...predictionAddress,
    operation: 'InvokeEndpoint',
    described: `POST ${path}`,
    input: { EndpointName },
    payload: request.body,
    headers,
  };
}

const before = '/endpoints/';
const after = '/invocations';

function isSignedForSageMaker(authorization: string | undefined): boolean {
  if (!authorization?.startsWith('AWS4-HMAC-SHA256 Credential=')) return false;
  return authorization.slice(0, authorization.indexOf(',')).endsWith('/sagemaker/aws4_request');
}
