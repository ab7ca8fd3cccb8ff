import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { instant } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import { type Haste, type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { answerOf, attempt } from './errors.ts';
import { metricStat } from './metric-catalogue.ts';
import { type Points, readMetricData } from './metric-data.ts';
import { variantName } from './sagemaker-endpoints.ts';
import type { SmokeRequest } from './smoke-request.ts';
import type { WarmingLog } from './warming-log.ts';

export interface EndpointWarmOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly functionName: string;
  /** What a model understands; with none it is asked `{}`, and what it answers does not matter. */
  readonly smokeRequests: readonly SmokeRequest[];
  readonly sagemaker: { readonly maxConcurrency: number };
  readonly warming?: WarmingLog;
}

/** The model server gets it as X-Amzn-SageMaker-Custom-Attributes. */
export const warmingTag = 'mlreg-warm-up';

/** SageMaker gives a cold serverless endpoint 60 s, and some time on top to start. */
const requestTimeoutMs = 90_000;
const minuteMs = 60_000;
/** Long enough for a quiet moment not to count as the traffic of now. */
const windowMs = 15 * minuteMs;

/** Keeps a serverless endpoint's environments started. */
export function createSageMakerWarm(options: EndpointWarmOptions): Pick<Platform, 'load' | 'warmEndpoint'> {
  const { smokeRequests, sagemaker } = options;
  const bodies = smokeRequests.length === 0 ? ['{}'] : smokeRequests.map(({ body }) => body);
  return {
    async load(endpoints) {
      return { inFlight: await inFlight(options, endpoints), most: sagemaker.maxConcurrency };
    },
    async warmEndpoint(endpoint, environments, haste) {
      const ends = await Promise.all(
        Array.from({ length: environments }, (_, i) =>
          warmOne(options, endpoint, bodies[i % bodies.length] ?? '{}', haste),
        ),
      );
      return {
        requests: environments,
        warm: ends.filter((end) => end === 'answered').length,
        throttled: ends.includes('throttled'),
      };
    },
  };
}

async function warmOne(
  { clients, clock, warming }: EndpointWarmOptions,
  endpoint: string,
  body: string,
  haste: Haste | undefined,
): Promise<'answered' | 'throttled' | 'lost'> {
  const runtime = clients.of(SageMakerRuntimeClient, {
    maxAttempts: 1,
    requestTimeoutMs: haste?.withinMs ?? requestTimeoutMs,
  });
  const at = clock.now();
  try {
    await attempt({ action: 'sagemaker:InvokeEndpoint', resource: `endpoint ${endpoint}` }, () =>
      runtime.send(
        new InvokeEndpointCommand({
          EndpointName: endpoint,
          ContentType: 'application/json',
          Accept: 'application/json',
          CustomAttributes: warmingTag,
          Body: Buffer.from(body),
        }),
      ),
    );
    warming?.note(endpoint, at, 'answered');
    return 'answered';
  } catch (error) {
    const said = answerOf(error);
    if (said instanceof ModelError) {
      const status = said.OriginalStatusCode ?? 500;
      warming?.note(endpoint, at, status >= 400 && status < 500 ? '4xx' : '5xx');
      return 'answered';
    }
    if (!(error instanceof PlatformError)) throw error;
    const { kind } = error.failure;
    // One that is throttled or lost is one less; a missing permission or endpoint is a mistake in all of them.
    if (kind === 'throttled') return 'throttled';
    if (kind === 'unknown') return 'lost';
    throw error;
  }
}

/** Little's law, by the busiest time: requests a millisecond, times the milliseconds that the model takes for each. */
async function inFlight(
  { clients, clock, functionName }: EndpointWarmOptions,
  endpoints: readonly string[],
): Promise<number> {
  // Local AWS keeps its own metrics by the second, and traffic there is often younger than a minute.
  const periodMs = clients.loopback ? 10_000 : minuteMs;
  const end = Math.floor(clock.now() / periodMs) * periodMs + periodMs;
  const [requests, ...latencies] = await readMetricData(clients, {
    stats: [
      metricStat('function', 'Invocations', 'Sum', { FunctionName: functionName }, periodMs),
      ...endpoints.map((EndpointName) =>
        metricStat(
          'endpoint',
          'ModelLatency',
          'Average',
          { EndpointName, VariantName: variantName },
          periodMs,
        ),
      ),
    ],
    from: instant(end - windowMs),
    to: instant(end),
  });
  const perMs = largest(requests) / periodMs;
  // SageMaker counts latency in microseconds.
  return (perMs * Math.max(0, ...latencies.map(largest))) / 1_000;
}

const largest = (points: Points | undefined): number => Math.max(0, ...(points?.values() ?? []));
