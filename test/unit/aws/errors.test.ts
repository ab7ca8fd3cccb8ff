import { describe, expect, test } from 'vitest';
import { inspect } from 'node:util';
import { answerOf, faultOf, toPlatformError } from '../../../src/aws/errors.ts';

const what = { action: 'lambda:UpdateAlias', resource: 'alias live of f' };
const sdk = (name: string, status?: number, message = 'said so') =>
  Object.assign(new Error(message), {
    name,
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
  });
const node = (code: string, more: object = {}) =>
  Object.assign(new Error(`connect ${code}`), { code, ...more });

test.each([
  // name, status, fault, kind
  ['AccessDeniedException', 403, 'denied', 'denied'],
  ['AccessDeniedException', 400, 'denied', 'denied'],
  ['AccessDenied', 403, 'denied', 'denied'],
  ['KMSAccessDeniedException', 502, 'denied', 'denied'],
  ['AuthorizationError', 403, 'denied', 'denied'],
  ['SomethingNew', 403, 'denied', 'denied'],
  ['ExpiredTokenException', 403, 'credentials', 'credentials'],
  ['ExpiredToken', 400, 'credentials', 'credentials'],
  ['UnrecognizedClientException', 403, 'credentials', 'credentials'],
  ['InvalidClientTokenId', 403, 'credentials', 'credentials'],
  ['InvalidSignatureException', 403, 'credentials', 'credentials'],
  ['CredentialsProviderError', undefined, 'credentials', 'credentials'],
  ['ThrottlingException', 400, 'throttled', 'throttled'],
  ['Throttling', 400, 'throttled', 'throttled'],
  ['TooManyRequestsException', 429, 'throttled', 'throttled'],
  ['SlowDown', 503, 'throttled', 'throttled'],
  ['SomethingNew', 429, 'throttled', 'throttled'],
  ['ResourceNotFoundException', 404, 'missing', 'missing'],
  ['NotFoundException', 404, 'missing', 'missing'],
  ['NoSuchKey', 404, 'missing', 'missing'],
  ['PreconditionFailedException', 412, 'precondition', 'throttled'],
  ['ResourceConflictException', 409, 'busy', 'throttled'],
  ['ResourceLimitExceeded', 400, 'quota', 'refused'],
  ['InvalidParameterValueException', 400, 'refused', 'refused'],
  ['SomethingNew', 404, 'refused', 'refused'],
  ['SomethingNew', 400, 'refused', 'refused'],
  ['ServiceException', 500, 'unknown', 'unknown'],
  ['ServiceUnavailable', 503, 'unknown', 'unknown'],
  ['TimeoutError', undefined, 'unknown', 'unknown'],
  ['RequestTimeout', 400, 'unknown', 'unknown'],
  ['AbortError', undefined, 'unknown', 'unknown'],
  ['SyntaxError', 200, 'unknown', 'unknown'],
] as const)('%s with status %s is %s', (name, status, fault, kind) => {
  const error = sdk(name, status);
  expect(faultOf(error)).toBe(fault);
  const mapped = toPlatformError(error, what);
  expect(mapped.failure.kind).toBe(kind);
  expect(mapped.message).toContain('lambda:UpdateAlias on alias live of f');
  expect(answerOf(mapped)).toBe(error);
  // Found again where an adapter asks what an error was.
  expect(faultOf(mapped)).toBe(fault);
});

test.each([
  ['ValidationException', 'Could not find endpoint "arn:aws:sagemaker:us-east-1:0:endpoint/x".', 'missing'],
  ['ValidationException', 'Could not find endpoint configuration "x".', 'missing'],
  ['ValidationException', 'Could not find model "x".', 'missing'],
  ['ValidationError', 'Endpoint x of account 000000000000 not found.', 'missing'],
  ['ValidationException', 'Cannot create already existing model "x".', 'exists'],
  ['ValidationException', 'Cannot update in-progress endpoint "x".', 'busy'],
  // Words nobody knows mean refused, whatever they speak of.
  ['ValidationException', 'Could find nothing wrong', 'refused'],
  [
    'ValidationException',
    'Could not access model data at s3://x. Model data could not find its way',
    'refused',
  ],
  ['ValidationException', '', 'refused'],
] as const)('SageMaker: %s, %j', (name, message, fault) => {
  expect(faultOf(sdk(name, 400, message))).toBe(fault);
});

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('%s may have taken effect', (code) => {
  expect(toPlatformError(node(code), what).failure.kind).toBe('unknown');
});

test.each([
  node('ECONNREFUSED', { address: '127.0.0.1', port: 4566 }),
  node('ECONNREFUSED', { errors: [{ address: '::1' }, { address: '127.0.0.1' }] }),
])('a loopback address where nobody listens is local AWS that is not running', (error) => {
  expect(faultOf(error)).toBe('unreachable');
  expect(toPlatformError(error, what).message).toBe(
    'lambda:UpdateAlias on alias live of f: local AWS is not running. Start it with: mlreg local up',
  );
});

test.each([node('ENOTFOUND'), node('ECONNREFUSED', { address: '10.0.0.1' })])(
  'elsewhere it is AWS that is away',
  (error) => {
    expect(toPlatformError(error, what).message).toContain("AWS can't be reached");
  },
);

const user =
  'User: arn:aws:sts::123456789012:assumed-role/deploy/ana is not authorized to perform: lambda:UpdateAlias on resource: arn:aws:lambda:eu-west-1:123456789012:function:f';

test('denied says which action to allow, and credentials what to do', () => {
  const denied = toPlatformError(
    sdk(
      'AccessDeniedException',
      403,
      `${user} because no identity-based policy allows the lambda:UpdateAlias action.`,
    ),
    what,
  );
  expect(denied.failure).toMatchObject({ action: 'lambda:UpdateAlias' });
  expect(denied.message).toBe(
    `lambda:UpdateAlias on alias live of f was denied: AccessDeniedException: ${user} because no identity-based policy allows the lambda:UpdateAlias action. Allow lambda:UpdateAlias for this identity on alias live of f`,
  );
  expect(toPlatformError(sdk('ExpiredToken', 400), what).message).toContain('aws sso login');
});

test('a page of HTML becomes one short line', () => {
  const { message } = toPlatformError(sdk('Error', 502, `<html>\n  <p>${'x'.repeat(5_000)}`), what);
  expect(message.length).toBeLessThan(700);
  expect(message).not.toContain('\n');
});

test.each([undefined, 'text', null])('%s thrown is unknown', (thrown) => {
  expect(faultOf(thrown)).toBe('unknown');
});

describe('a secret in what AWS says', () => {
  const secret = 'hunter2-s3cret';
  /** As AWS, the SDK, Node and proxies are known to quote what they were given. */
  const texts = [
    `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"API_TOKEN":"${secret}"}`,
    `1 validation error detected: Value '{API_TOKEN=${secret}}' at 'primaryContainer.environment' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 1024]`,
    `Environment variable map cannot be specified both at Model Package {API_TOKEN=${secret}} and Model`,
    `The request signature we calculated does not match the signature you provided. The Canonical String for this request should have been 'POST / x-amz-security-token:${secret}'`,
    `Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256 ${secret}`,
    `Received server error (500) from primary with message "API_TOKEN=${secret}". See the logs of the container`,
    `Command failed: credentials --password ${secret}`,
    `Unexpected token 'P', "{"Variables":{"T":"${secret}" is not valid JSON\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.`,
    `<html>${secret}</html>`,
    secret,
    `User: arn:aws:iam::123456789012:user/ana is not authorized to perform: lambda:UpdateAlias because ${secret}`,
    `Rate exceeded ${secret}`,
    `connect ECONNREFUSED http://user:${secret}@proxy`,
  ];
  const kinds = [
    ...[400, 403, 404, 409, 412, 429, 500, undefined].map((status) => ['SomethingNew', status] as const),
    ['InvalidParameterValueException', 400],
    ['ValidationException', 400],
    ['SignatureDoesNotMatch', 403],
    ['CredentialsProviderError', undefined],
    ['AccessDeniedException', 403],
    ['ResourceLimitExceeded', 400],
    ['ResourceConflictException', 409],
    ['ModelError', 424],
    ['SyntaxError', 200],
    ['Error', undefined],
    [secret.replaceAll(/./g, '<'), 400],
  ] as const;

  test.each(texts)('%s', (text) => {
    for (const [name, status] of kinds) {
      const error = toPlatformError(sdk(name, status, text), what);
      for (const shown of [
        error.message,
        inspect(error, { showHidden: true, depth: 9 }),
        JSON.stringify(error.failure),
      ])
        expect(shown).not.toContain(secret);
      expect(error.message).not.toMatch(/[<\n]/);
    }
  });

  test('is left out with the id under which AWS has it', () => {
    const error = sdk('InvalidParameterValueException', 400, secret);
    Object.assign(error, { $metadata: { httpStatusCode: 400, requestId: '8f0c5e1a-1' } });
    expect(toPlatformError(error, what).message).toBe(
      'lambda:UpdateAlias on alias live of f was refused: InvalidParameterValueException: its text is not shown, for it may hold values of variables, request 8f0c5e1a-1',
    );
  });

  test('is no part of a proxy address that Node names', () => {
    const error = node('ENOTFOUND', { message: `getaddrinfo ENOTFOUND ${secret}:x@proxy` });
    expect(toPlatformError(error, what).message).not.toContain(secret);
  });
});
