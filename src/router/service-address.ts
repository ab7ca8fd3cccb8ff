import { URL } from 'node:url';
import type { Credentials } from './sigv4.ts';
import type { Environment } from './environment.ts';

/** Services that a function of mlreg's asks, each by the name it is signed for. */
export type Service = 'sagemaker' | 'lambda' | 'dynamodb' | 'ssm';

interface Names {
  /** AWS_ENDPOINT_URL_... */
  readonly variable: string;
  readonly host: (fips: boolean, region: string) => string;
}

/** GovCloud has FIPS behind the ordinary names, but for Lambda. */
const services: Readonly<Record<Service, Names>> = {
  sagemaker: {
    variable: 'SAGEMAKER_RUNTIME',
    host: (fips, region) => `runtime${fips && !isGov(region) ? '-fips' : ''}.sagemaker`,
  },
  lambda: { variable: 'LAMBDA', host: (fips) => `lambda${fips ? '-fips' : ''}` },
  dynamodb: {
    variable: 'DYNAMODB',
    host: (fips, region) => `dynamodb${fips && !isGov(region) ? '-fips' : ''}`,
  },
  ssm: { variable: 'SSM', host: (fips, region) => `ssm${fips && !isGov(region) ? '-fips' : ''}` },
};

const isGov = (region: string): boolean => region.startsWith('us-gov-');

/** Where a service is, and as whom to ask it. */
export interface ServiceAddress {
  readonly service: Service;
  readonly url: URL;
  readonly region: string;
  readonly credentials: Credentials;
}

/**
 * From the variables that Lambda sets; the endpoint as the SDK resolves it.
 * @throws Error
 */
export function serviceAddress(env: Environment, service: Service): ServiceAddress {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region || !/^[a-z0-9-]+$/.test(region)) throw new Error('AWS_REGION is not set to a region');
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  return {
    service,
    url: endpointUrl(env, region, services[service]),
    region,
    credentials: { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined },
  };
}

function endpointUrl(env: Environment, region: string, { variable, host }: Names): URL {
  const given = env[`AWS_ENDPOINT_URL_${variable}`] || env.AWS_ENDPOINT_URL;
  if (given && env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS !== 'true') {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || !/^[\w\-./~]*$/.test(url.pathname)) {
      throw new Error(`AWS_ENDPOINT_URL '${given}' is no plain http or https address`);
    }
    return url;
  }
  const dns = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return new URL(`https://${host(env.AWS_USE_FIPS_ENDPOINT === 'true', region)}.${region}.${dns}`);
}
