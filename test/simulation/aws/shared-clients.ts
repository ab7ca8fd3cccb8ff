import type { AwsTime } from '../../../src/aws/aws-time.ts';
import { type Clients, type ClientSettings, createClients } from '../../../src/aws/clients.ts';
import type { Process } from '../scheduler.ts';
import { region } from './account.ts';

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: 'valid' };

interface SdkRequest {
  readonly hostname: string;
  readonly headers: Record<string, string>;
}
interface Handler {
  handle(request: never, options: never): Promise<unknown>;
}
interface Road {
  readonly current: () => Process;
  readonly handlerOf: (process: Process) => Handler;
  readonly timeOf: (process: Process) => AwsTime;
}
type RetryStrategy = object & {
  readonly constructor: new (options: { readonly maxAttempts: number }) => RetryStrategy;
};
interface Configured {
  readonly config: {
    retryStrategy: () => Promise<RetryStrategy>;
    readonly maxAttempts: () => Promise<number>;
    cacheMiddleware?: boolean;
  };
  readonly middlewareStack: { remove(name: string): boolean };
}

let road: Road;
const requestHandler = {
  metadata: { handlerProtocol: 'simulation' },
  handle: (request: SdkRequest, options: never) => {
    sign(request);
    return road.handlerOf(road.current()).handle(request as never, options);
  },
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  destroy: () => undefined,
} as unknown as NonNullable<ClientSettings['requestHandler']>;
const theirs = (): AwsTime => road.timeOf(road.current());
/** Each process has its own. */
const time: AwsTime = {
  now: () => theirs().now(),
  monotonic: () => theirs().monotonic(),
  heard: (answer) => theirs().heard(answer),
  machineAheadMs: () => theirs().machineAheadMs(),
};
const own = createClients({ region, credentials, requestHandler }, {}, time);
const known = new WeakSet<object>();

/**
 * The clients of all processes of all seeds, for making one costs as much as five calls: whose request it is the scheduler
 * knows. What a client remembers from call to call, how many more tries it may make, each process has for itself.
 */
export function sharedClients(now: Road): Clients {
  road = now;
  return {
    ...own,
    of(service, needs) {
      const client = own.of(service, needs);
      if (!known.has(client)) {
        known.add(client);
        adapt(client as unknown as Configured);
      }
      return client;
    },
  };
}

function adapt({ config, middlewareStack }: Configured): void {
  // A fifth of a call's time, and nothing that local AWS or mlreg would notice.
  config.cacheMiddleware = true;
  for (const name of ['loggerMiddleware', 'getUserAgentMiddleware', 'httpSigningMiddleware'])
    middlewareStack.remove(name);
  const first = config.retryStrategy();
  const strategies = new WeakMap<Process, RetryStrategy>();
  config.retryStrategy = async () => {
    const process = road.current();
    const known = strategies.get(process);
    if (known !== undefined) return known;
    const { constructor: Strategy } = await first;
    const strategy = new Strategy({ maxAttempts: await config.maxAttempts() });
    strategies.set(process, strategy);
    return strategy;
  };
}

/** As much of a signature as local AWS looks at: the service, and the session. */
function sign({ hostname, headers }: SdkRequest): void {
  const service = /(lambda|sagemaker|monitoring|apigateway|dynamodb)\./.exec(hostname)?.[1] ?? '';
  headers.authorization = `AWS4-HMAC-SHA256 Credential=test/20250615/${region}/${service}/aws4_request, Signature=x`;
  headers['x-amz-security-token'] = credentials.sessionToken;
}
