import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeAwsChunked } from '../../../../src/local-aws/wire/aws-chunked.ts';
import { addressOf, decodeCall } from '../../../../src/local-aws/wire/decode.ts';
import type { WireRequest } from '../../../../src/local-aws/wire/messages.ts';
import { parseQueryForm } from '../../../../src/local-aws/wire/query-form.ts';
import { xmlContent } from '../../../../src/local-aws/wire/xml.ts';

function request(fields: Partial<WireRequest>): WireRequest {
  return { method: 'POST', path: '/', query: {}, headers: {}, body: new Uint8Array(), ...fields };
}

const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

describe('finds service, protocol and operation', () => {
  test.each<[string, Partial<WireRequest>, string]>([
    ['by target', { headers: { 'x-amz-target': 'SageMaker.ListModels' } }, 'sagemaker aws-json ListModels'],
    [
      'by target, CloudWatch',
      { headers: { 'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData' } },
      'cloudwatch aws-json GetMetricData',
    ],
    [
      'by rpc path, CBOR',
      {
        path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
        headers: { 'smithy-protocol': 'rpc-v2-cbor' },
      },
      'cloudwatch rpc-cbor ListMetrics',
    ],
    [
      'by rpc path, JSON',
      {
        path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
        headers: { 'smithy-protocol': 'rpc-v2-json' },
      },
      'cloudwatch rpc-json ListMetrics',
    ],
    [
      'by scope, query',
      { headers: signedFor('sns'), body: Buffer.from('Action=ListTopics') },
      'sns query ListTopics',
    ],
    [
      'by scope, CloudWatch query',
      { headers: signedFor('monitoring'), body: Buffer.from('Action=ListMetrics') },
      'cloudwatch query ListMetrics',
    ],
    [
      'by scope, runtime',
      { path: '/endpoints/e/invocations', headers: signedFor('sagemaker') },
      'sagemaker-runtime rest-json InvokeEndpoint',
    ],
    ['by path, Lambda', { method: 'GET', path: '/2015-03-31/functions/' }, 'lambda rest-json ListFunctions'],
    [
      'by path, gateway',
      { method: 'PATCH', path: '/v2/apis/a/stages/$default' },
      'apigateway rest-json UpdateStage',
    ],
    [
      'by form version',
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: Buffer.from('Action=GetCallerIdentity&Version=2011-06-15'),
      },
      'sts query GetCallerIdentity',
    ],
    ['what is left', { method: 'GET', path: '/bucket/key' }, 's3 rest-xml GetObject'],
    [
      'a bucket',
      { method: 'GET', path: '/bucket', query: { 'list-type': '2' } },
      's3 rest-xml ListObjectsV2',
    ],
    ['no route', { method: 'GET', path: '/v2/apis/a/models' }, 'apigateway rest-json Unknown'],
  ])('%s', (_, fields, expected) => {
    const wire = request(fields);
    const address = addressOf(wire);
    const call = decodeCall(wire, address);
    expect(`${call.service} ${call.protocol} ${call.operation}`).toBe(expected);
  });

  test('names a service that is not served', () => {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.ListTables', ...signedFor('dynamodb') };
    expect(addressOf(request({ headers })).unserved).toBe('dynamodb DynamoDB_20120810.ListTables (POST /)');
  });
});

test('labels are decoded, body and query come along', () => {
  const wire = request({
    method: 'PUT',
    path: '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/aliases/live',
    body: Buffer.from('{"FunctionVersion":"2"}'),
    query: { x: 'y' },
  });
  expect(decodeCall(wire, addressOf(wire)).input).toEqual({
    FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    Name: 'live',
    FunctionVersion: '2',
    x: 'y',
  });
});

test('a gzipped body is undone', () => {
  const headers = {
    'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
    'content-encoding': 'gzip',
  };
  const wire = request({ headers, body: gzipSync('{"Namespace":"N"}') });
  expect(decodeCall(wire, addressOf(wire)).input).toEqual({ Namespace: 'N' });
});

test.each([
  ['broken JSON', request({ headers: { 'x-amz-target': 'SageMaker.X' }, body: Buffer.from('{') })],
  ['no object', request({ headers: { 'x-amz-target': 'SageMaker.X' }, body: Buffer.from('[]') })],
  [
    'no gzip',
    request({
      headers: { 'x-amz-target': 'SageMaker.X', 'content-encoding': 'gzip' },
      body: Buffer.from('{}'),
    }),
  ],
])('%s is a SerializationException', (_, wire) => {
  expect(() => decodeCall(wire, addressOf(wire))).toThrow(
    expect.objectContaining({ code: 'SerializationException', status: 400 }),
  );
});

describe('the query form', () => {
  test.each<[string, unknown]>([
    ['A=1&B.C=x', { A: '1', B: { C: 'x' } }],
    ['L.member.1=a&L.member.2=b', { L: ['a', 'b'] }],
    [
      'D.member.1.Name=n&D.member.1.Value=v&D.member.2.Name=m',
      { D: [{ Name: 'n', Value: 'v' }, { Name: 'm' }] },
    ],
    ['M.entry.1.key=k&M.entry.1.value=a%20b', { M: [{ key: 'k', value: 'a b' }] }],
    ['L.member.9999=a', { L: [] }],
  ])('%s', (form, expected) => {
    expect(JSON.parse(JSON.stringify(parseQueryForm(Buffer.from(form))))).toEqual(expected);
  });

  test('reaches no prototype', () => {
    parseQueryForm(
      Buffer.from('__proto__.polluted=1&A.__proto__.polluted=1&L.member.1.constructor.prototype.polluted=1'),
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

test('XML escapes, lists members and entries', () => {
  const value = {
    Text: 'a<b>&"c"',
    List: [1, true],
    Map: new Map([['k', 'v']]),
    At: new Date(0),
    Left: undefined,
  };
  expect(xmlContent(value)).toBe(
    '<Text>a&lt;b&gt;&amp;&quot;c&quot;</Text><List><member>1</member><member>true</member></List>' +
      '<Map><entry><key>k</key><value>v</value></entry></Map><At>1970-01-01T00:00:00.000Z</At>',
  );
});

describe('aws-chunked', () => {
  test('with and without signatures, trailers left off', () => {
    const body = '5;chunk-signature=abc\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAA==\r\n\r\n';
    expect(Buffer.from(decodeAwsChunked(Buffer.from(body))).toString()).toBe('hello!');
  });

  test.each(['5\r\nhel', 'zz\r\n', '3'])('refuses %j', (body) => {
    expect(() => decodeAwsChunked(Buffer.from(body))).toThrow();
  });
});
