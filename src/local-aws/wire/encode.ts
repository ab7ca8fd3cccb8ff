import type { AwsError } from './aws-error.ts';
import { encodeCbor } from './cbor.ts';
import type { Address } from './decode.ts';
import type { Answer, ServiceName, WireResponse } from './messages.ts';
import { escapeXml, xmlContent } from './xml.ts';

/** Spells an operation's answer in the protocol it was asked in. */
export function encodeAnswer(
  address: Address,
  operation: string,
  answer: Answer,
  requestId: string,
): WireResponse {
  const ids = requestIdHeaders(address.service, requestId);
  if (answer.kind === 'raw')
    return { status: answer.status, headers: { ...ids, ...answer.headers }, body: answer.body };
  const status = answer.status ?? 200;
  const document = answer.document;
  switch (address.protocol) {
    case 'aws-json':
      return jsonResponse(
        status,
        { ...ids, 'content-type': jsonType(address.service) },
        document ?? {},
        'seconds',
      );
    case 'rpc-json':
      return jsonResponse(
        status,
        { ...ids, 'content-type': 'application/json', 'smithy-protocol': 'rpc-v2-json' },
        document ?? {},
        'seconds',
      );
    case 'rest-json':
      if (document === undefined) return { status, headers: ids, body: empty };
      return jsonResponse(
        status,
        { ...ids, 'content-type': 'application/json' },
        document,
        address.service === 'apigateway' ? 'iso' : 'seconds',
      );
    case 'rpc-cbor':
      return cborResponse(status, ids, document ?? {});
    case 'query':
      return xmlResponse(
        status,
        ids,
        `<${operation}Response xmlns="${namespaces[address.service] ?? ''}">` +
          (document === undefined ? '' : `<${operation}Result>${xmlContent(document)}</${operation}Result>`) +
          `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`,
      );
    case 'rest-xml':
      return document === undefined
        ? { status, headers: ids, body: empty }
        : xmlResponse(status, ids, `<?xml version="1.0" encoding="UTF-8"?>\n${xmlContent(document)}`);
  }
}

/** Spells an error as the service of `address` would. */
export function encodeError(
  address: Address,
  error: AwsError,
  requestId: string,
  bodiless = false,
): WireResponse {
  const ids = requestIdHeaders(address.service, requestId);
  const { status } = error;
  const compatible: Record<string, string> =
    address.service === 'cloudwatch' ? { 'x-amzn-query-error': `${error.queryCode};${error.fault}` } : {};
  const document = { __type: error.code, message: error.message, Message: error.message, ...error.members };
  switch (address.protocol) {
    case 'aws-json':
    case 'rpc-json':
    case 'rest-json': {
      const type = address.protocol === 'aws-json' ? jsonType(address.service) : 'application/json';
      const headers = { ...ids, ...compatible, 'content-type': type, 'x-amzn-errortype': error.code };
      return jsonResponse(status, headers, document, 'seconds');
    }
    case 'rpc-cbor':
      return cborResponse(status, { ...ids, ...compatible }, document);
    case 'query':
      return xmlResponse(
        status,
        ids,
        `<ErrorResponse xmlns="${namespaces[address.service] ?? ''}"><Error><Type>${error.fault}</Type>` +
          `<Code>${escapeXml(error.queryCode)}</Code><Message>${escapeXml(error.message)}</Message></Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      );
    case 'rest-xml':
      if (bodiless) return { status, headers: ids, body: empty };
      return xmlResponse(
        status,
        ids,
        `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escapeXml(error.code)}</Code>` +
          `<Message>${escapeXml(error.message)}</Message>${xmlContent(error.members)}<RequestId>${requestId}</RequestId></Error>`,
      );
  }
}

const empty = new Uint8Array();

const namespaces: Partial<Record<ServiceName, string>> = {
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  cloudwatch: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
};

function requestIdHeaders(service: ServiceName, requestId: string): Record<string, string> {
  return { [service === 's3' ? 'x-amz-request-id' : 'x-amzn-requestid']: requestId };
}

function jsonType(service: ServiceName): string {
  return service === 'cloudwatch' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1';
}

function jsonResponse(
  status: number,
  headers: Record<string, string>,
  document: unknown,
  times: 'seconds' | 'iso',
): WireResponse {
  return { status, headers, body: Buffer.from(JSON.stringify(jsonReady(document, times))) };
}

function cborResponse(status: number, ids: Record<string, string>, document: unknown): WireResponse {
  const headers = { ...ids, 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' };
  return { status, headers, body: encodeCbor(document) };
}

function xmlResponse(status: number, ids: Record<string, string>, xml: string): WireResponse {
  return { status, headers: { ...ids, 'content-type': 'text/xml' }, body: Buffer.from(xml) };
}

function jsonReady(value: unknown, times: 'seconds' | 'iso'): unknown {
  if (value instanceof Date) return times === 'iso' ? value.toISOString() : value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((each) => jsonReady(each, times));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonReady(each, times)]));
  }
  return value;
}
