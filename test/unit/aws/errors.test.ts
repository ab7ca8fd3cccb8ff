import { expect, test } from 'vitest';
import { faultOf, toPlatformError } from '../../../src/aws/errors.ts';

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
  expect(mapped.cause).toBe(error);
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

test('denied says which action to allow, and credentials what to do', () => {
  const denied = toPlatformError(sdk('AccessDeniedException', 403, 'User: x is not authorized.'), what);
  expect(denied.failure).toMatchObject({ action: 'lambda:UpdateAlias' });
  expect(denied.message).toBe(
    'lambda:UpdateAlias on alias live of f was denied: AccessDeniedException: User: x is not authorized. Allow lambda:UpdateAlias for this identity on alias live of f',
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
