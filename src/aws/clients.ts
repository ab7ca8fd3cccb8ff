import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Haste } from '../ports/platform.ts';
import type { AwsTime } from './aws-time.ts';

export interface ClientsConfig {
  readonly region: string;
  /** All services there instead of at AWS. AWS_ENDPOINT_URL, and AWS_ENDPOINT_URL_LAMBDA and the like, where not given. */
  readonly endpointUrl?: string;
  readonly profile?: string;
  /** Those that the SDK finds (environment, profile, role) where not given. */
  readonly credentials?: NonNullable<S3ClientConfig['credentials']>;
  /** Makes all connections, http and https: by a proxy, or with certificates of one's own. */
  readonly agent?: HttpAgent;
  /** Stands in for HTTP, so that tests need no port. */
  readonly requestHandler?: NonNullable<S3ClientConfig['requestHandler']>;
}

export interface ClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly credentials?: NonNullable<S3ClientConfig['credentials']>;
  readonly requestHandler: NonNullable<S3ClientConfig['requestHandler']>;
  readonly maxAttempts: number;
  /** S3's, and no concern of the others. */
  readonly forcePathStyle?: boolean;
}

interface Closable {
  destroy(): void;
  /** Every client of the SDK has one; its full type differs by service. */
  readonly middlewareStack?: unknown;
}

interface Stack {
  add(
    middleware: (next: (args: unknown) => Promise<Heard>) => (args: unknown) => Promise<Heard>,
    options: { readonly step: 'initialize' | 'deserialize'; readonly name: string; readonly priority: 'low' },
  ): void;
}

interface Heard {
  readonly response?: { readonly headers?: Readonly<Record<string, string>> };
}

export type ClientClass<Client extends Closable> = new (settings: ClientSettings) => Client;

export interface ClientNeeds {
  /** 1: the SDK must not send it twice. @default 3 */
  readonly maxAttempts?: number;
  /** @default 15000 */
  readonly requestTimeoutMs?: number;
}

/** One attempt, and no longer than somebody in haste waits for it. */
export const needsOf = (haste: Haste | undefined): ClientNeeds =>
  haste === undefined ? {} : { maxAttempts: 1, requestTimeoutMs: haste.withinMs };

/** Makes each client when it is first asked for. */
export interface Clients {
  readonly region: string;
  /** Corrected by the answers of all these clients; null where none was given. */
  readonly time: AwsTime | null;
  /** Whether all services are on this machine. */
  readonly loopback: boolean;
  /** The caller names the class, so that only the services of the adapters in use are loaded. */
  of<Client extends Closable>(service: ClientClass<Client>, needs?: ClientNeeds): Client;
  /** Lets go of all connections. */
  close(): void;
}

const connectionTimeout = 3_000;

export function createClients(
  config: ClientsConfig,
  env: Readonly<Record<string, string | undefined>> = process.env,
  /** Is told the Date of every answer. */
  time: AwsTime | null = null,
): Clients {
  const made = new Map<unknown, Map<string, Closable>>();
  return {
    region: config.region,
    time,
    loopback: isLoopback(config.endpointUrl ?? env.AWS_ENDPOINT_URL),
    of<Client extends Closable>(service: ClientClass<Client>, needs: ClientNeeds = {}): Client {
      const { maxAttempts = 3, requestTimeoutMs = 15_000 } = needs;
      const variants = made.get(service) ?? new Map<string, Closable>();
      made.set(service, variants);
      const key = `${maxAttempts} ${requestTimeoutMs}`;
      const known = variants.get(key);
      if (known !== undefined) return known as Client;
      const client = new service(settingsOf(config, env, maxAttempts, requestTimeoutMs));
      const stack = client.middlewareStack as Stack | undefined;
      if (stack !== undefined) signAnew(stack);
      if (stack !== undefined && time !== null) listen(stack, time);
      variants.set(key, client);
      return client;
    },
    close() {
      for (const variants of made.values()) for (const client of variants.values()) client.destroy();
      made.clear();
    },
  };
}

/** Hears the Date header of every answer. */
function listen(stack: Stack, time: AwsTime): void {
  stack.add(
    (next) => async (args) => {
      const sentAt = time.monotonic();
      const answer = await next(args);
      const { date, age } = answer.response?.headers ?? {};
      time.heard({ date, age, sentAt, receivedAt: time.monotonic() });
      return answer;
    },
    { step: 'deserialize', name: 'mlregAwsTime', priority: 'low' },
  );
}

/**
 * A request whose signature AWS takes for expired, or for not yet valid, has no effect. The SDK signs by the machine's
 * clock and learns the difference from the refusal, but does not always send the request again: never with one attempt,
 * nor where a clock that was wrong is right again.
 */
function signAnew(stack: Stack): void {
  stack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error && refusedForItsTime.has(error.name)) return next(args);
        throw error;
      }
    },
    { step: 'initialize', name: 'mlregSignAnew', priority: 'low' },
  );
}

const refusedForItsTime = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
]);

function settingsOf(
  config: ClientsConfig,
  env: Readonly<Record<string, string | undefined>>,
  maxAttempts: number,
  requestTimeout: number,
): ClientSettings {
  const { region, endpointUrl, profile, credentials, requestHandler, agent } = config;
  const elsewhere = endpointUrl ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  return {
    region,
    // The environment's is left to the SDK, which knows each service's own variable.
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: requestHandler ?? {
      connectionTimeout,
      requestTimeout,
      // Without it the SDK only warns about a request that takes too long, and waits on.
      throwOnRequestTimeout: true,
      // An answer that stops in its middle is no request time-out.
      socketTimeout: requestTimeout,
      ...(agent === undefined ? {} : { httpAgent: agent, httpsAgent: agent as HttpsAgent }),
    },
    maxAttempts,
    // bucket.127.0.0.1 is no host.
    ...(elsewhere === undefined && requestHandler === undefined ? {} : { forcePathStyle: true }),
  };
}

function isLoopback(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
