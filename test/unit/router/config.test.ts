import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/router/config.ts';
import type { Environment } from '../../../src/router/environment.ts';
import { route, stickyEnv, weightedEnv } from './harness.ts';

/** As a plan has it. */
const comparison = {
  class: 'items.0.id',
  score: null,
  scale: 1,
  tolerance: 0.001,
  ignore: ['modelVersion'],
  show: ['origin'],
};

const digest = 'ab'.repeat(32);

describe('readConfig', () => {
  it('reads a published route, with defaults for the rest', () => {
    expect(readConfig(stickyEnv)).toEqual({
      kind: 'read',
      config: {
        serving: { kind: 'sticky', route },
        environment: 'prod',
        model: 'recommendation',
        recommendPath: '/recommend',
        userKey: { in: 'body', name: 'userId', path: ['userId'] },
        tellsArm: false,
        tellsVersion: true,
        apiKeys: { kind: 'none' },
        invokeTimeoutMs: 25_000,
        metricResolution: 1,
      },
    });
  });

  it('reads everything that can be set', () => {
    const shadow = { sample: 25, function: 'recommendation-shadow-prod:live', comparison };
    const reading = readConfig({
      ...stickyEnv,
      MLREG_ROUTE: JSON.stringify({ ...route, percent: 0, shadow }),
      MLREG_RECOMMEND_PATH: '/v1/recommend',
      MLREG_USER_KEY: 'header:X-User-Id',
      MLREG_ARM_HEADER: 'on',
      MLREG_API_KEYS_SHA256: `${digest}, ${digest.toUpperCase()}`,
      MLREG_INVOKE_TIMEOUT_MS: '1500',
      MLREG_METRIC_RESOLUTION: '1',
    });
    expect(reading).toMatchObject({
      kind: 'read',
      config: {
        serving: { kind: 'sticky', route: { percent: 0, shadow } },
        recommendPath: '/v1/recommend',
        userKey: { in: 'header', name: 'x-user-id' },
        tellsArm: true,
        apiKeys: { kind: 'frozen', keys: [Buffer.from(digest, 'hex'), Buffer.from(digest, 'hex')] },
        invokeTimeoutMs: 1500,
        metricResolution: 1,
      },
    });
  });

  it.each([
    '/mlreg/prod/api-keys',
    'api-keys',
    'arn:aws:ssm:eu-west-1:123456789012:parameter/mlreg/prod/api-keys',
    '/aws/reference/secretsmanager/mlreg/api-keys',
  ])('reads the keys from the parameter %s, whatever MLREG_API_KEYS_SHA256 holds', (name) => {
    for (const MLREG_API_KEYS_SHA256 of [undefined, digest, 'secret']) {
      const env = { ...stickyEnv, MLREG_API_KEYS_PARAMETER: name, MLREG_API_KEYS_SHA256 };
      expect(readConfig(env)).toMatchObject({ config: { apiKeys: { kind: 'parameter', name } } });
    }
  });

  it('takes a route of the champion alone, without percent and salt', () => {
    const { rollout, token, champion } = route;
    const reading = readConfig({ ...stickyEnv, MLREG_ROUTE: JSON.stringify({ rollout, token, champion }) });
    expect(reading).toMatchObject({
      config: { serving: { kind: 'sticky', route: { rollout, token, champion, percent: 0, salt: '' } } },
    });
  });

  it('reads weighted routing, and prefers a published route to it', () => {
    expect(readConfig(weightedEnv)).toMatchObject({
      config: { serving: { kind: 'weighted', arm: route.champion } },
    });
    expect(readConfig({ ...weightedEnv, ...stickyEnv })).toMatchObject({
      config: { serving: { kind: 'sticky' } },
    });
    expect(readConfig({ ...weightedEnv, MLREG_ROUTE: '' })).toMatchObject({
      config: { serving: { kind: 'weighted' } },
    });
  });

  const withRoute = (change: object): Environment => ({
    ...stickyEnv,
    MLREG_ROUTE: JSON.stringify({ ...route, ...change }),
  });

  it.each<[what: string, env: Environment, why: string]>([
    ['not JSON', { ...stickyEnv, MLREG_ROUTE: '{' }, 'MLREG_ROUTE is not JSON'],
    ['null', { ...stickyEnv, MLREG_ROUTE: 'null' }, 'MLREG_ROUTE is not an object'],
    ['a list', { ...stickyEnv, MLREG_ROUTE: '[]' }, 'MLREG_ROUTE is not an object'],
    ['no rollout', withRoute({ rollout: undefined }), 'MLREG_ROUTE.rollout is missing, empty or no string'],
    ['a token in quotes', withRoute({ token: '5' }), 'MLREG_ROUTE.token is no whole number from 0'],
    ['a negative token', withRoute({ token: -1 }), 'MLREG_ROUTE.token is no whole number from 0'],
    ['half a token', withRoute({ token: 1.5 }), 'MLREG_ROUTE.token is no whole number from 0'],
    ['no champion', withRoute({ champion: undefined }), 'MLREG_ROUTE.champion is not an object'],
    ['a champion by name', withRoute({ champion: 'v2.2.0' }), 'MLREG_ROUTE.champion is not an object'],
    [
      'an arm without endpoint',
      withRoute({ challenger: { version: 'v2.3.0' } }),
      'MLREG_ROUTE.challenger.endpoint is missing, empty or no string',
    ],
    [
      'an endpoint that would leave its path',
      withRoute({ challenger: { version: 'v2.3.0', endpoint: '../x' } }),
      "MLREG_ROUTE.challenger.endpoint '../x' is no SageMaker endpoint name",
    ],
    [
      'a version that would break a header',
      withRoute({ champion: { ...route.champion, version: 'v1\r\nx: y' } }),
      "MLREG_ROUTE.champion.version: 'v1\r\nx: y' is not a version",
    ],
    ['percent over 100', withRoute({ percent: 100.1 }), 'MLREG_ROUTE.percent is no number from 0 to 100'],
    ['percent below 0', withRoute({ percent: -1 }), 'MLREG_ROUTE.percent is no number from 0 to 100'],
    ['percent in quotes', withRoute({ percent: '10' }), 'MLREG_ROUTE.percent is no number from 0 to 100'],
    ['no percent', withRoute({ percent: undefined }), 'MLREG_ROUTE.percent is no number from 0 to 100'],
    [
      'a share for nobody',
      withRoute({ challenger: undefined }),
      'MLREG_ROUTE.percent is 10, but there is no challenger',
    ],
    ['no salt', withRoute({ salt: undefined }), 'MLREG_ROUTE.salt is missing, empty or no string'],
    ['an empty salt', withRoute({ salt: '' }), 'MLREG_ROUTE.salt is missing, empty or no string'],
    ['a misspelt member', withRoute({ percnt: 10 }), 'MLREG_ROUTE has unknown members: percnt'],
    [
      'a shadow with an empty function',
      withRoute({ shadow: { sample: 5, function: '' } }),
      'MLREG_ROUTE.shadow.function is missing, empty or no string',
    ],
    [
      'a shadow without sample',
      withRoute({ shadow: { function: 'f:live', comparison } }),
      'MLREG_ROUTE.shadow.sample is no number from 0 to 100',
    ],
    [
      'a shadow by a function without an alias',
      withRoute({ shadow: { sample: 5, function: 'f', comparison } }),
      "MLREG_ROUTE.shadow.function 'f' is no NAME:ALIAS",
    ],
    [
      'copies for nobody',
      withRoute({ challenger: undefined, percent: 0, shadow: { sample: 5, function: 'f:live', comparison } }),
      'MLREG_ROUTE.shadow is given, but there is no challenger',
    ],
    ...(
      [
        ['class', 5, 'class is missing, empty or no string'],
        ['score', '', 'score is missing, empty or no string'],
        ['scale', -1, 'scale is no number from 0'],
        ['tolerance', '0', 'tolerance is no number from 0'],
        ['ignore', 'modelVersion', 'ignore is no list'],
        ['show', [1], 'show[0] is missing, empty or no string'],
        ['sow', [], undefined],
      ] as const
    ).map(([name, value, why]): [string, Environment, string] => [
      `a comparison whose ${name} is ${JSON.stringify(value)}`,
      withRoute({ shadow: { sample: 5, function: 'f:live', comparison: { ...comparison, [name]: value } } }),
      why === undefined
        ? `MLREG_ROUTE.shadow.comparison has unknown members: ${name}`
        : `MLREG_ROUTE.shadow.comparison.${why}`,
    ]),
    [
      'an empty route and no version',
      { ...stickyEnv, MLREG_ROUTE: '' },
      'neither MLREG_ROUTE nor MODEL_VERSION and SAGEMAKER_ENDPOINT are set',
    ],
    [
      'nothing to serve',
      { MLREG_ENVIRONMENT: 'prod', MLREG_MODEL: 'm' },
      'neither MLREG_ROUTE nor MODEL_VERSION and SAGEMAKER_ENDPOINT are set',
    ],
    [
      'half of weighted routing',
      { ...weightedEnv, SAGEMAKER_ENDPOINT: undefined },
      'SAGEMAKER_ENDPOINT is missing, empty or no string',
    ],
    [
      'no environment',
      { ...stickyEnv, MLREG_ENVIRONMENT: undefined },
      'MLREG_ENVIRONMENT is missing or empty',
    ],
    ['an empty model', { ...stickyEnv, MLREG_MODEL: ' ' }, 'MLREG_MODEL is missing or empty'],
    [
      'a relative path',
      { ...stickyEnv, MLREG_RECOMMEND_PATH: 'recommend' },
      "MLREG_RECOMMEND_PATH 'recommend' is no path: write /recommend",
    ],
    ['an empty user key', { ...stickyEnv, MLREG_USER_KEY: '' }, 'MLREG_USER_KEY is missing or empty'],
    [
      'a key instead of its digest',
      { ...stickyEnv, MLREG_API_KEYS_SHA256: `${digest},secret` },
      'MLREG_API_KEYS_SHA256: entry 2 is no SHA-256 digest of 64 hexadecimal digits',
    ],
    [
      'no keys where keys are set',
      { ...stickyEnv, MLREG_API_KEYS_SHA256: '' },
      'MLREG_API_KEYS_SHA256: entry 1 is no SHA-256 digest of 64 hexadecimal digits',
    ],
    ...(
      [
        ['no name', ''],
        ['a version of a parameter, which would be frozen too', '/mlreg/prod/api-keys:3'],
        ['a version in an ARN', 'arn:aws:ssm:eu-west-1:123456789012:parameter/k:3'],
        ['an ARN of another service', 'arn:aws:s3:::bucket/keys'],
        ['a name with spaces', 'api keys'],
      ] as const
    ).map(([what, name]): [string, Environment, string] => [
      `${what} where the parameter of the keys is due`,
      { ...stickyEnv, MLREG_API_KEYS_PARAMETER: name, MLREG_API_KEYS_SHA256: digest },
      `MLREG_API_KEYS_PARAMETER '${name}' is no name of an SSM parameter: write /mlreg/prod/api-keys, without a version`,
    ]),
    [
      'no time',
      { ...stickyEnv, MLREG_INVOKE_TIMEOUT_MS: '0' },
      "MLREG_INVOKE_TIMEOUT_MS '0' is no number from 1 to 60000",
    ],
    [
      'time with a unit',
      { ...stickyEnv, MLREG_INVOKE_TIMEOUT_MS: '25s' },
      "MLREG_INVOKE_TIMEOUT_MS '25s' is no number from 1 to 60000",
    ],
    [
      'another resolution',
      { ...stickyEnv, MLREG_METRIC_RESOLUTION: '5' },
      "MLREG_METRIC_RESOLUTION '5' is neither 1 nor 60",
    ],
  ])('refuses %s', (_, env, why) => {
    expect(readConfig(env)).toEqual({ kind: 'wrong', why });
  });
});
