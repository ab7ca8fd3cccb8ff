import { LambdaClient } from '@aws-sdk/client-lambda';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { serviceAddress } from '../../../src/router/service-address.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const keys = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' };

describe('serviceAddress', () => {
  it.each(['eu-central-1', 'us-east-1', 'us-gov-west-1', 'cn-north-1', 'ap-southeast-4'])(
    'is the one that the SDK resolves in %s',
    (region) => {
      const client = new SageMakerRuntimeClient({
        region,
        credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
      });
      for (const fips of region.startsWith('cn-') ? [false] : [false, true]) {
        const expected = client.config.endpointProvider({
          Region: region,
          UseFIPS: fips,
          UseDualStack: false,
        }).url;
        const env = { ...keys, AWS_REGION: region, ...(fips && { AWS_USE_FIPS_ENDPOINT: 'true' }) };
        expect(serviceAddress(env, 'sagemaker').url.href, `FIPS ${fips}`).toBe(expected.href);
      }
    },
  );

  it.each(['eu-central-1', 'us-east-1', 'us-gov-west-1', 'cn-north-1'])(
    'is the one that the SDK resolves for Lambda in %s',
    (region) => {
      const client = new LambdaClient({ region, credentials: { accessKeyId: 'A', secretAccessKey: 'B' } });
      for (const fips of region.startsWith('cn-') ? [false] : [false, true]) {
        const expected = client.config.endpointProvider({
          Region: region,
          UseFIPS: fips,
          UseDualStack: false,
        }).url;
        const env = { ...keys, AWS_REGION: region, ...(fips && { AWS_USE_FIPS_ENDPOINT: 'true' }) };
        expect(serviceAddress(env, 'lambda').url.href, `FIPS ${fips}`).toBe(expected.href);
      }
    },
  );

  it.each(['eu-central-1', 'us-east-1', 'us-gov-west-1', 'cn-north-1', 'ap-southeast-4'])(
    'is the one that the SDK resolves for the Parameter Store in %s',
    (region) => {
      const client = new SSMClient({ region, credentials: { accessKeyId: 'A', secretAccessKey: 'B' } });
      for (const fips of region.startsWith('cn-') ? [false] : [false, true]) {
        const expected = client.config.endpointProvider({
          Region: region,
          UseFIPS: fips,
          UseDualStack: false,
        }).url;
        const env = { ...keys, AWS_REGION: region, ...(fips && { AWS_USE_FIPS_ENDPOINT: 'true' }) };
        expect(serviceAddress(env, 'ssm').url.href, `FIPS ${fips}`).toBe(expected.href);
      }
    },
  );

  it('of each service has a variable of its own', () => {
    const env = { ...keys, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_DYNAMODB: 'https://vpce-2.example' };
    expect(serviceAddress(env, 'dynamodb')).toMatchObject({
      service: 'dynamodb',
      url: new URL('https://vpce-2.example'),
    });
    expect(serviceAddress(env, 'lambda').url.hostname).toBe('lambda.eu-west-1.amazonaws.com');
    expect(serviceAddress({ ...keys, AWS_REGION: 'eu-west-1' }, 'dynamodb').url.hostname).toBe(
      'dynamodb.eu-west-1.amazonaws.com',
    );
  });

  const one = 'http://127.0.0.1:4566';
  const two = 'https://vpce-1.example/base';
  it.each([
    { env: { AWS_ENDPOINT_URL: one }, url: `${one}/` },
    { env: { AWS_ENDPOINT_URL: one, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: two }, url: two },
    {
      env: { AWS_ENDPOINT_URL: one, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      url: 'https://runtime.sagemaker.us-west-2.amazonaws.com/',
    },
    { env: { AWS_ENDPOINT_URL: '' }, url: 'https://runtime.sagemaker.us-west-2.amazonaws.com/' },
  ])('$env -> $url', ({ env, url }) => {
    const set: Record<string, string | undefined> = { ...keys, AWS_REGION: 'us-west-2', ...env };
    expect(serviceAddress(set, 'sagemaker').url.href).toBe(url);
  });

  it.each([
    { env: keys, why: 'AWS_REGION is not set' },
    { env: { ...keys, AWS_REGION: 'evil.example/' }, why: 'AWS_REGION is not set' },
    { env: { AWS_REGION: 'us-west-2' }, why: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set' },
    { env: { ...keys, AWS_REGION: 'r', AWS_ENDPOINT_URL: 'nonsense' }, why: "AWS_ENDPOINT_URL 'nonsense'" },
    { env: { ...keys, AWS_REGION: 'r', AWS_ENDPOINT_URL: 'file:///x' }, why: "AWS_ENDPOINT_URL 'file:///x'" },
  ])('refuses $env', ({ env, why }) => {
    expect(() => serviceAddress(env, 'sagemaker')).toThrow(why);
  });
});
