import { URL } from 'node:url';
import type { Credentials } from './sigv4.ts';
import type { Environment } from './config.ts';

/** Where SageMaker's runtime is, and as whom to ask it. */
export interface ServiceAddress {
  readonly url: URL;
  readonly region: string;
  readonly credentials: Credentials;
}

/**
 * From the variables that Lambda sets; the endpoint as the SDK resolves it.
 * @throws Error
 */
export function serviceAddress(env: Environment): ServiceAddress {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region || !/^[a-z0-9-]+$/.test(region)) throw new Error('AWS_REGION is not set to a region');
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  return {
    url: endpointUrl(env, region),
    region,
    credentials: { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined },
  };
}

function endpointUrl(env: Environment, region: string): URL {
  const given = env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME || env.AWS_ENDPOINT_URL;
  if (given && env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS !== 'true') {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || !/^[\w\-./~]*$/.test(url.pathname)) {
      throw new Error(`AWS_ENDPOINT_URL '${given}' is no plain http or https address`);
    }
    return url;
  }
  const fips = env.AWS_USE_FIPS_ENDPOINT === 'true';
  const dns = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  // GovCloud has FIPS behind its ordinary name.
  return new URL(
    `https://runtime${fips && !region.startsWith('us-gov-') ? '-fips' : ''}.sagemaker.${region}.${dns}`,
  );
}
