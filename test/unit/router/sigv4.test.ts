import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { createSigner } from '../../../src/router/sigv4.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const body = '{"userId":"u-1","city":"Zürich"}';
const path = '/endpoints/recommendation-prod-v2-3-0-5e6f7a8b/invocations';

/** What the SDK's own signer makes of the same request. */
async function bySdk(options: {
  region: string;
  host: string;
  sessionToken: string | undefined;
  at: number;
  service?: string;
  path?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
}): Promise<string> {
  const { region, host, sessionToken, at, service = 'sagemaker', query = {} } = options;
  const credentials = sessionToken === undefined ? keys : { ...keys, sessionToken };
  const client = new SageMakerRuntimeClient({ region, credentials });
  const signer = await client.config.signer({
    schemeId: 'aws.auth#sigv4',
    signingProperties: { name: service, region },
  } as never);
  const headers = { host, 'content-type': 'application/json', ...options.headers };
  const { headers: signed } = (await signer.sign(
    { method: 'POST', protocol: 'https:', hostname: host, path: options.path ?? path, query, headers, body },
    {
      signingDate: new Date(at),
      signingService: service,
      unsignableHeaders: new Set(['x-amz-content-sha256']),
    },
  )) as { headers: Record<string, string> };
  return signed.authorization!;
}

describe('createSigner', () => {
  it.each([
    { what: 'with a session', sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//token==', region: 'eu-central-1' },
    { what: 'without a session', sessionToken: undefined, region: 'us-east-1' },
  ])('signs as the SDK does, $what, days apart', async ({ sessionToken, region }) => {
    const host = `runtime.sagemaker.${region}.amazonaws.com`;
    const signer = createSigner({
      credentials: { ...keys, sessionToken },
      region,
      service: 'sagemaker',
      host,
    });
    // The key is kept for a day, the time for a second: the last second of one day, the first of the next, one back
    // again, the same second once more, and another of that day.
    for (const time of [
      '2026-12-31T23:59:59.999Z',
      '2027-01-01T00:00:00Z',
      '2026-02-28T12:00:00Z',
      '2026-02-28T12:00:00.999Z',
      '2026-02-28T12:00:01Z',
    ]) {
      const at = Date.parse(time);
      const flat = signer.sign(path, body, at);
      const headers = Object.fromEntries(
        flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])),
      );
      expect(headers.authorization, time).toBe(await bySdk({ region, host, sessionToken, at }));
      expect(headers['x-amz-security-token'], time).toBe(sessionToken);
      expect(headers['x-amz-date']).toBe(time.replace(/\.\d+/, '').replaceAll(/[-:]/g, ''));
    }
  });

  it('signs the content type of each request, and bytes as they are', async () => {
    const [region, sessionToken, time] = ['eu-west-1', undefined, Date.UTC(2026, 10, 26)];
    const host = `runtime.sagemaker.${region}.amazonaws.com`;
    const signer = createSigner({
      credentials: { ...keys, sessionToken },
      region,
      service: 'sagemaker',
      host,
    });
    for (const type of ['text/csv; header=present', 'image/jpeg', 'application/json']) {
      const flat = signer.sign(path, new TextEncoder().encode(body), time, type);
      const sent = Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])));
      const headers = { 'content-type': type };
      expect(sent).toMatchObject(headers);
      expect(sent.authorization).toBe(await bySdk({ region, host, sessionToken, at: time, headers }));
    }
  });

  it.each([
    {
      service: 'lambda',
      path: '/2015-03-31/functions/recommendation-shadow-prod/invocations',
      headers: { 'x-amz-invocation-type': 'Event' },
      query: { Qualifier: 'live' },
    },
    {
      service: 'dynamodb',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' },
      query: {},
    },
    {
      service: 'sagemaker',
      path,
      headers: { 'x-amzn-sagemaker-custom-attributes': 'mlreg-shadow' },
      query: {},
    },
  ])('signs headers and query of $service too', async ({ service, path: at, headers, query }) => {
    const [region, sessionToken, time] = [
      'eu-west-1',
      'IQoJb3JpZ2luX2VjEXAMPLE//token==',
      Date.UTC(2026, 10, 26),
    ];
    const host = `${service}.${region}.amazonaws.com`;
    const text = new URLSearchParams(query).toString();
    const signer = createSigner({
      credentials: { ...keys, sessionToken },
      region,
      service,
      host,
      headers,
      ...(text !== '' && { query: text }),
    });
    const flat = signer.sign(at, body, time);
    const sent = Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])));
    expect(sent).toMatchObject(headers);
    expect(sent.authorization).toBe(
      await bySdk({ region, host, sessionToken, at: time, service, path: at, headers, query }),
    );
  });
});
