import { describe, expect, it } from 'vitest';
import { quotable, withoutValues } from '../../../src/domain/aws-words.ts';

const arn = 'arn:aws:sagemaker:eu-west-1:123456789012:endpoint/recs-prod-v2';

describe('of AWS is quoted', () => {
  it.each([
    `Could not find endpoint "${arn}".`,
    `Cannot create already existing model "${arn}".`,
    `Cannot update in-progress endpoint "${arn}".`,
    'Endpoint recs-prod-v2 of account 123456789012 not found.',
    'Function not found: arn:aws:lambda:eu-west-1:123456789012:function:recs:live',
    'The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:eu-west-1:123456789012:function:recs',
    'The RevisionId provided does not match the latest RevisionId. Call the GetAlias API to retrieve the latest RevisionId',
    'User: arn:aws:sts::123456789012:assumed-role/deploy/ana is not authorized to perform: sagemaker:CreateModel on resource: arn:aws:sagemaker:eu-west-1:123456789012:model/x with an explicit deny in a service control policy: arn:aws:organizations::123456789012:policy/o-1/service_control_policy/p-2',
    'The security token included in the request is expired',
    'Signature expired: 20261130T080000Z is now earlier than 20261130T081500Z (20261130T082000Z - 5 min.)',
    'Token is expired. To refresh this SSO session run aws sso login with the corresponding profile.',
    'Rate exceeded',
    'Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]',
    'getaddrinfo ENOTFOUND lambda.eu-west-1.amazonaws.com',
    'connect ECONNREFUSED 10.0.0.1:443',
    'socket hang up',
  ])('%s', (text) => {
    expect(quotable(text)).toBe(text.replace(/\.$/, ''));
  });

  it.each([
    [
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"A":"b"}',
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit',
    ],
    [
      "2 validation errors detected: Value 'x' at 'modelName' failed to satisfy constraint: Member must have length less than or equal to 63; Value 'y' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z]",
      'the value of modelName is invalid: Member must satisfy regular expression pattern',
    ],
    [
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint. Here: the model server exited with code 1; its log is logs/recs-AllTraffic.log in its state directory',
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint. Here: the model server exited with code 1; its log is logs/recs-AllTraffic.log in its state directory',
    ],
    [
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint. PASSWORD=x',
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint',
    ],
  ])('only what is known of %s', (text, quoted) => {
    expect(quotable(text)).toBe(quoted);
  });

  it.each([
    '',
    'hunter2',
    'Rate exceeded by hunter2',
    'Endpoint x of account 1 not found, but hunter2',
    'x'.repeat(1e6),
  ])('nothing of a sentence that is not known', (text) => {
    expect(quotable(text)).toBeNull();
  });

  it('in a time that does not grow with the text', () => {
    const hostile = `1 validation error detected: Value ${"at 'a' failed to satisfy ".repeat(100_000)}`;
    const start = performance.now();
    expect(quotable(hostile)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe("a model's own words", () => {
  it.each([
    ['KeyError: s3cret-token', ['s3cret-token'], 'KeyError: ***'],
    ['{"env":"a\\"b\\"c\\"d"}', ['a"b"c"d'], '{"env":"***"}'],
    ['longer-secret-1 longer-secret', ['longer-secret', 'longer-secret-1'], '*** ***'],
    ['2 threads, level info', ['2', 'info'], '2 threads, level info'],
    ['s3cr3t s3cr3t s3cr3t', ['s3cr3t'], '*** *** ***'],
  ])('%s without %j', (text, values, left) => {
    expect(withoutValues(text, values)).toBe(left);
  });
});
