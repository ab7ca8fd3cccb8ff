import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { differencesOf } from '../../../src/aws/lambda-differences.ts';

const serving: FunctionConfiguration = {
  CodeSha256: 'c0de',
  Runtime: 'nodejs22.x',
  Handler: 'index.handler',
  MemorySize: 1024,
  Timeout: 10,
  Role: 'arn:aws:iam::123456789012:role/inference',
  Environment: { Variables: { LOG_LEVEL: 'info', API_TOKEN: 'hunter2', MLREG_ROUTE: '{}' } },
};

describe('in what $LATEST is not what serves', () => {
  it.each<[string, FunctionConfiguration, readonly string[]]>([
    ['nothing', {}, []],
    [
      "mlreg's own variables",
      {
        Environment: {
          Variables: { LOG_LEVEL: 'info', API_TOKEN: 'hunter2', MODEL_VERSION: 'v9', MLREG_ROLLOUT: 'r-1' },
        },
      },
      [],
    ],
    ['what nobody has set is what Lambda sets', { LoggingConfig: { LogFormat: 'Text' }, Layers: [] }, []],
    ['code', { CodeSha256: 'other' }, ['code']],
    ['memory', { MemorySize: 2048 }, ['memory (2,048 MB instead of 1,024 MB)']],
    ['timeout', { Timeout: 3 }, ['timeout (3 s instead of 10 s)']],
    ['role', { Role: 'arn:aws:iam::123456789012:role/other' }, ['role']],
    ['layers', { Layers: [{ Arn: 'arn:aws:lambda:eu-west-1:1:layer:x:1' }] }, ['layers']],
    ['VPC', { VpcConfig: { SubnetIds: ['subnet-1'] } }, ['VPC']],
    ['log format', { LoggingConfig: { LogFormat: 'JSON' } }, ['log format (JSON instead of Text)']],
    [
      'variables, by name alone',
      { Environment: { Variables: { API_TOKEN: 's3cret', NEW_FLAG: 'on', MLREG_ROUTE: '{}' } } },
      ['variable API_TOKEN (changed)', 'variable LOG_LEVEL (removed)', 'variable NEW_FLAG (new)'],
    ],
  ])('%s', (_what, over, expected) => {
    const found = differencesOf({ ...serving, ...over }, serving);
    expect(found).toEqual(expected);
    expect(found.join()).not.toMatch(/hunter2|s3cret/);
  });
});
