import { routeKey, type Routing } from '../domain/route.ts';
import type { MetricName } from '../domain/verdict.ts';
import type { RolloutState } from '../engine/state.ts';

/** Where CloudWatch keeps the numbers of a metric. */
export interface MetricSource {
  readonly namespace: string;
  readonly metrics: readonly string[];
  /** Name and values, one for each arm where they differ, the challenger's first. */
  readonly dimensions: Readonly<Record<string, readonly string[]>>;
}

type Kind = 'router' | 'endpoint' | 'aliasVersion';

interface Origin {
  readonly kind: Kind;
  readonly metrics: readonly string[];
}

export const namespaces = {
  router: 'Mlreg',
  endpoint: 'AWS/SageMaker',
  aliasVersion: 'AWS/Lambda',
} as const satisfies Record<Kind, string>;

/** Where the router runs, the model's 4xx are its metric `Refused`. */
const endpointFailures: Origin = { kind: 'endpoint', metrics: ['Invocation5XXErrors'] };
const endpointErrors: Origin = {
  kind: 'endpoint',
  metrics: ['Invocation4XXErrors', 'Invocation5XXErrors'],
};

/** Under sticky routing both arms run in one Lambda version: only the router can tell them apart. */
export const origins: Readonly<Record<Routing, Readonly<Record<MetricName, Origin>>>> = {
  sticky: {
    errors: { kind: 'router', metrics: ['Errors', 'Requests'] },
    throttles: { kind: 'router', metrics: ['Throttles', 'Requests'] },
    latency: { kind: 'router', metrics: ['Latency'] },
    'endpoint-errors': endpointFailures,
    refusals: { kind: 'router', metrics: ['Refused', 'Requests'] },
    'sample-ratio': { kind: 'router', metrics: ['Requests'] },
    disagreement: { kind: 'router', metrics: ['ShadowDisagreed', 'ShadowCompared'] },
  },
  weighted: {
    errors: { kind: 'endpoint', metrics: ['Invocation4XXErrors', 'Invocation5XXErrors', 'Invocations'] },
    throttles: { kind: 'aliasVersion', metrics: ['Throttles'] },
    latency: { kind: 'endpoint', metrics: ['ModelLatency'] },
    'endpoint-errors': endpointErrors,
    refusals: { kind: 'router', metrics: ['Refused', 'Requests'] },
    'sample-ratio': { kind: 'endpoint', metrics: ['Invocations'] },
    // Never judged: shadow needs the router.
    disagreement: { kind: 'router', metrics: ['ShadowDisagreed', 'ShadowCompared'] },
  },
};

export function metricSource(state: RolloutState, metric: MetricName): MetricSource {
  if (state.plan.strategy === 'shadow') return copiesSource(state, metric);
  const { kind, metrics } = origins[state.plan.routing][metric];
  return { namespace: namespaces[kind], metrics, dimensions: dimensionsOf(kind, state) };
}

/** In shadow both arms' numbers are the shadow function's, of the same requests, under the challenger's version. */
const ofCopies: Readonly<Record<MetricName, readonly string[]>> = {
  errors: ['ShadowErrors', 'ShadowChampionErrors', 'ShadowRequests'],
  throttles: ['ShadowThrottles', 'ShadowRequests'],
  latency: ['ShadowLatency', 'ShadowChampionLatency'],
  'endpoint-errors': [],
  refusals: [],
  'sample-ratio': ['ShadowRequests'],
  disagreement: ['ShadowDisagreed', 'ShadowCompared'],
};

function copiesSource({ plan }: RolloutState, metric: MetricName): MetricSource {
  const dimensions = {
    Environment: [plan.environment],
    Model: [plan.model],
    ModelVersion: [plan.challenger],
  };
  return { namespace: namespaces.router, metrics: ofCopies[metric], dimensions };
}

/** `Mlreg Errors, Requests by Environment=prod, Model=recommendation, ModelVersion=v2.3.0|v2.2.0`. */
export function sourceText({ namespace, metrics, dimensions }: MetricSource): string {
  const by = Object.entries(dimensions).map(([name, values]) => `${name}=${values.join('|')}`);
  return `${namespace} ${metrics.join(', ')} by ${by.join(', ')}`;
}

function dimensionsOf(kind: Kind, { plan, endpoints, published }: RolloutState): MetricSource['dimensions'] {
  // A watch judges what serves by itself: its champion is the way back, and nobody reads it.
  const besides = plan.champion === null || plan.strategy === 'watch' ? [] : [plan.champion];
  const arms = [plan.challenger, ...besides];
  switch (kind) {
    case 'router':
      return { Environment: [plan.environment], Model: [plan.model], ModelVersion: arms };
    case 'endpoint':
      return { EndpointName: arms.flatMap((version) => endpoints[version]?.name ?? []) };
    case 'aliasVersion':
      return {
        Alias: [plan.alias],
        ExecutedVersion: arms.flatMap((version) => published[routeKey({ kind: 'single', version })] ?? []),
      };
  }
}
