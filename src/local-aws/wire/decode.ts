import { gunzipSync } from 'node:zlib';
import { AwsError } from './aws-error.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { decodeCbor } from './cbor.ts';
import type { Call, Protocol, ServiceName, WireRequest } from './messages.ts';
import { parseQueryForm } from './query-form.ts';
import { apiGatewayRoutes, lambdaRoutes, matchRest, runtimeRoutes, type RestRoute } from './rest-routes.ts';

/** What can be said of a request before its body is read: enough to spell an error for it. */
export interface Address {
  readonly service: ServiceName;
  readonly protocol: Protocol;
  /** Set where the request is for a service that isn't served; then `service` means nothing. */
  readonly unserved?: string;
}

/** Finds the service by X-Amz-Target, rpc-v2 path, signing scope, or path; S3 where nothing else fits. */
export function addressOf(request: WireRequest): Address {
  const target = request.headers['x-amz-target'] ?? '';
  if (target.startsWith('SageMaker.')) return { service: 'sagemaker', protocol: 'aws-json' };
  if (target.startsWith('Logs_20140328.')) return { service: 'logs', protocol: 'aws-json' };
  if (target.startsWith('AmazonSSM.')) return { service: 'ssm', protocol: 'aws-json' };
  if (target.startsWith(`${cloudWatchTarget}.`)) return { service: 'cloudwatch', protocol: 'aws-json' };
  if (request.path.startsWith(`/service/${cloudWatchTarget}/operation/`)) {
    const json = request.headers['smithy-protocol'] === 'rpc-v2-json';
    return { service: 'cloudwatch', protocol: json ? 'rpc-json' : 'rpc-cbor' };
  }
  const scope = signingName(request);
  switch (scope) {
    case 'lambda':
      return { service: 'lambda', protocol: 'rest-json' };
    case 'apigateway':
      return { service: 'apigateway', protocol: 'rest-json' };
    case 'sagemaker':
      return request.path.startsWith('/endpoints/')
        ? { service: 'sagemaker-runtime', protocol: 'rest-json' }
        : { service: 'sagemaker', protocol: 'aws-json' };
    case 'monitoring':
      return { service: 'cloudwatch', protocol: 'query' };
    case 'sns':
      return { service: 'sns', protocol: 'query' };
    case 'sts':
      return { service: 'sts', protocol: 'query' };
    case 's3':
      return { service: 's3', protocol: 'rest-xml' };
    case undefined:
      return target === '' ? byPath(request) : unserved(target, request);
    default:
      return unserved(`${scope} ${target}`.trim(), request);
  }
}

/**
 * Takes the call out of its protocol.
 * @throws AwsError SerializationException where the body can't be read
 */
export function decodeCall(request: WireRequest, { service, protocol }: Address): Call {
  const payload = plainBody(request);
  const described = `${request.method} ${request.path}`;
  const call = (operation: string, input: Record<string, unknown>): Call => ({
    service,
    protocol,
    operation,
    described,
    input,
    payload,
    headers: request.headers,
  });
  switch (protocol) {
    case 'aws-json':
      return call(afterLast(request.headers['x-amz-target'] ?? 'Unknown', '.'), parseJson(payload));
    case 'rpc-json':
      return call(afterLast(request.path, '/'), parseJson(payload));
    case 'rpc-cbor':
      return call(afterLast(request.path, '/'), parseCbor(payload));
    case 'query': {
      const { Action, Version: _, ...input } = parseQueryForm(payload);
      return call(typeof Action === 'string' ? Action : 'Unknown', input);
    }
    case 'rest-json': {
      const found = restMatch(restRoutesOf(service), request);
      if (found === undefined) return call('Unknown', {});
      const body = found.route.payload ? {} : parseJson(payload);
      return call(found.route.operation, { ...body, ...request.query, ...found.labels });
    }
    case 'rest-xml':
      return s3Call(request, call);
  }
}

/** An error in JSON or XML is as much as can be done for a service that isn't known. */
function unserved(what: string, request: WireRequest): Address {
  const json = request.headers['content-type']?.includes('json') ?? false;
  const described = `${what} (${request.method} ${request.path})`;
  return { service: 's3', protocol: json ? 'aws-json' : 'rest-xml', unserved: described };
}

const cloudWatchTarget = 'GraniteServiceVersion20100801';

/** The service name in the SigV4 credential scope: `Credential=key/20261121/us-east-1/lambda/aws4_request`. */
function signingName(request: WireRequest): string | undefined {
  return /Credential=[^,\s]*\/([a-z0-9-]+)\/aws4_request/.exec(request.headers['authorization'] ?? '')?.[1];
}

function byPath(request: WireRequest): Address {
  if (request.path.startsWith('/v2/apis')) return { service: 'apigateway', protocol: 'rest-json' };
  if (request.path.startsWith('/endpoints/')) return { service: 'sagemaker-runtime', protocol: 'rest-json' };
  if (/^\/\d{4}-\d{2}-\d{2}\/(functions|tags)/.test(request.path))
    return { service: 'lambda', protocol: 'rest-json' };
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  if (form) {
    const version = new URLSearchParams(Buffer.from(request.body).toString('latin1')).get('Version');
    if (version === '2010-03-31') return { service: 'sns', protocol: 'query' };
    if (version === '2011-06-15') return { service: 'sts', protocol: 'query' };
    if (version === '2010-08-01') return { service: 'cloudwatch', protocol: 'query' };
  }
  return { service: 's3', protocol: 'rest-xml' };
}

function restRoutesOf(service: ServiceName): readonly RestRoute[] {
  if (service === 'lambda') return lambdaRoutes;
  return service === 'apigateway' ? apiGatewayRoutes : runtimeRoutes;
}

function restMatch(routes: readonly RestRoute[], request: WireRequest) {
  try {
    return matchRest(routes, request.method, request.path);
  } catch {
    return undefined;
  }
}

/** Path style: `/bucket` and `/bucket/key/with/slashes`. */
function s3Call(
  request: WireRequest,
  call: (operation: string, input: Record<string, unknown>) => Call,
): Call {
  let Bucket: string;
  let Key: string;
  try {
    [Bucket = '', Key = ''] =
      /^\/([^/]*)\/?(.*)$/s.exec(request.path)?.slice(1).map(decodeURIComponent) ?? [];
  } catch {
    throw new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.");
  }
  const input = { ...request.query, Bucket, Key };
  if (Bucket === '') return call('ListBuckets', input);
  if (Key === '') {
    if (request.method === 'GET' && request.query['list-type'] === '2') return call('ListObjectsV2', input);
    return call(request.method === 'HEAD' ? 'HeadBucket' : 'Unknown', input);
  }
  const operations: Record<string, string> = { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject' };
  const copyOrPart =
    'x-amz-copy-source' in request.headers || 'uploadId' in request.query || 'partNumber' in request.query;
  return call(copyOrPart ? 'Unknown' : (operations[request.method] ?? 'Unknown'), input);
}

/** Undoes gzip (which the SDKs put on large PutMetricData calls) and S3's aws-chunked. */
function plainBody(request: WireRequest): Uint8Array {
  const encoding = request.headers['content-encoding'] ?? '';
  try {
    const body = encoding.includes('aws-chunked') ? decodeAwsChunked(request.body) : request.body;
    return encoding.includes('gzip') && !encoding.includes('aws-chunked')
      ? gunzipSync(body, { maxOutputLength: 64 * 1024 * 1024 })
      : body;
  } catch (cause) {
    throw new AwsError(
      'SerializationException',
      400,
      `The body's ${encoding} could not be read: ${String(cause)}`,
    );
  }
}

function parseJson(payload: Uint8Array): Record<string, unknown> {
  if (payload.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 400, 'Could not parse request body into json');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new AwsError('SerializationException', 400, 'Expected the request body to be a JSON object');
}

function parseCbor(payload: Uint8Array): Record<string, unknown> {
  if (payload.length === 0) return {};
  try {
    return decodeCbor(payload) as Record<string, unknown>;
  } catch (cause) {
    throw new AwsError(
      'SerializationException',
      400,
      `Could not parse request body as CBOR: ${String(cause)}`,
    );
  }
}

function afterLast(text: string, separator: string): string {
  return text.slice(text.lastIndexOf(separator) + 1);
}
