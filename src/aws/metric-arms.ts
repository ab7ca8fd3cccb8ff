import type { MetricStat } from '@aws-sdk/client-cloudwatch';
import { latencyEdges } from '../domain/latency-edges.ts';
import type { ArmTick, Histogram, RequestCount, StratumCounts } from '../domain/observation.ts';
import type { Routing } from '../domain/route.ts';
import { strata } from '../domain/stratum.ts';
import type { ArmSource } from '../ports/index.ts';
import { type Dimensions, metricStat, type TrimmedCount } from './metric-catalogue.ts';
import { periodFor } from './metric-periods.ts';
import { PlatformError } from '../ports/platform.ts';
import { variantName } from './sagemaker-endpoints.ts';

export interface ArmMetricsOptions {
  readonly environment: string;
  readonly model: string;
  readonly routing: Routing;
  readonly functionName: string;
  /** The alias that users reach at rest. */
  readonly alias: string;
  /** How often a point is kept at the finest. The router's: as its MLREG_METRIC_RESOLUTION says. */
  readonly resolution: { readonly routerMs: number; readonly awsMs: number };
}

/** One metric that an arm is read by. */
export interface ArmQuery {
  readonly stat: MetricStat;
  readonly periodMs: number;
}

/** What an arm's numbers are called, sums over a tick all of them. */
interface ArmSums {
  readonly requests: number;
  readonly errors: number;
  readonly throttles: number;
  /** In the metric's own unit. */
  readonly latencySum: number | undefined;
  readonly latencyCount: number | undefined;
  readonly buckets: readonly (number | undefined)[];
  readonly endpointErrors?: number | undefined;
  readonly unitsPerMs: number;
  /** 2^0, 2^1, ...: answered requests by stratum, then failed ones. */
  readonly byStratum?: readonly (number | undefined)[];
  readonly aside?: RequestCount;
  readonly refused?: number;
  readonly json?: RequestCount;
}

export interface ArmReader {
  readonly queries: readonly ArmQuery[];
  /** @param sums of one tick, in the order of `queries`; undefined where there was no data */
  readonly tick: (sums: readonly (number | undefined)[]) => ArmTick;
  /** Requests without a user's id that this version answered; undefined where there is no such count. */
  readonly anonymous?: (sums: readonly (number | undefined)[]) => RequestCount | undefined;
}

/** By the router's metrics, for both arms share one Lambda version. */
export function stickyReader(options: ArmMetricsOptions, arm: ArmSource, tickMs: number): ArmReader {
  const { routerMs, awsMs } = options.resolution;
  const ofRouter = periodFor(tickMs, routerMs);
  const ofAws = periodFor(tickMs, awsMs);
  const router = { Environment: options.environment, Model: options.model, ModelVersion: arm.version };
  const endpoint = { EndpointName: arm.endpoint, VariantName: variantName };
  const queries = [
    ...[
      metricStat('router', 'Errors', 'SampleCount', router, ofRouter),
      metricStat('router', 'Errors', 'Sum', router, ofRouter),
      metricStat('router', 'Throttles', 'Sum', router, ofRouter),
      metricStat('router', 'Latency', 'Sum', router, ofRouter),
      metricStat('router', 'Latency', 'SampleCount', router, ofRouter),
      ...bucketStatistics(1).map((range) => metricStat('router', 'Latency', range, router, ofRouter)),
      ...stratumStatistics.map((range) => metricStat('router', 'Stratum', range, router, ofRouter)),
      metricStat('router', 'AsideErrors', 'SampleCount', router, ofRouter),
      metricStat('router', 'AsideErrors', 'Sum', router, ofRouter),
      metricStat('router', 'AnonymousErrors', 'SampleCount', router, ofRouter),
      metricStat('router', 'AnonymousErrors', 'Sum', router, ofRouter),
      metricStat('router', 'Refused', 'Sum', router, ofRouter),
      metricStat('router', 'NotJson', 'SampleCount', router, ofRouter),
      metricStat('router', 'NotJson', 'Sum', router, ofRouter),
    ].map((stat) => ({ stat, periodMs: ofRouter })),
    ...[...endpointFailureStats(endpoint, ofAws), testerErrors(router, ofAws)].map((stat) => ({
      stat,
      periodMs: ofAws,
    })),
  ];
  return {
    queries,
    tick(sums) {
      const [requests = 0, errors = 0, throttles = 0, latencySum, latencyCount, ...rest] = sums;
      const buckets = rest.slice(0, latencyEdges.length + 1);
      const byStratum = rest.slice(buckets.length, buckets.length + 2 * strata);
      const others = rest.slice(buckets.length + byStratum.length);
      const [asideRequests, asideErrors = 0, , , refused, answers, notJson = 0, ...ofEndpoint] = others;
      const endpointErrors = endpointFailuresOf(ofEndpoint);
      return armTick({
        requests,
        errors,
        throttles,
        latencySum,
        latencyCount,
        buckets,
        endpointErrors,
        unitsPerMs: 1,
        byStratum,
        ...(isCount(asideRequests) && isCount(asideErrors)
          ? { aside: { requests: asideRequests, errors: asideErrors } }
          : {}),
        ...jsonOf(answers, notJson),
        ...(isCount(refused) ? { refused } : {}),
      });
    },
    anonymous(sums) {
      const [requests, errors = 0] = sums.slice(5 + latencyEdges.length + 1 + 2 * strata + 2);
      return isCount(requests) && isCount(errors) ? { requests, errors } : undefined;
    },
  };
}

/** TC(:1.5), TC(1.5:3), TC(3:6), ...: each holds one of the values 2^k, far from its bounds. */
const stratumStatistics = Array.from({ length: 2 * strata }, (_, k): TrimmedCount => {
  const bound = (power: number): string => String(0.75 * 2 ** power);
  return `TC(${k === 0 ? '' : bound(k)}:${bound(k + 1)})`;
});
/** Empty where the router does not report it. */
export const jsonOf = (
  answers: number | undefined,
  notJson: number | undefined,
): { readonly json?: RequestCount } =>
  isCount(answers) && isCount(notJson ?? 0) ? { json: { requests: answers, errors: notJson ?? 0 } } : {};

/** Neither without data nor refused. */
const isCount = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value);

export const spellings = [
  'Invocation4XXErrors',
  'Invocation5XXErrors',
  'Invocations4XXErrors',
  'Invocations5XXErrors',
] as const;

type EndpointDimensions = Dimensions<'endpoint'>;

/** Both kinds, for arms that nothing but their endpoint counts. */
export function endpointErrorStats(endpoint: EndpointDimensions, periodMs: number): MetricStat[] {
  return spellings.map((name) => metricStat('endpoint', name, 'Sum', endpoint, periodMs));
}

/** Those of the model's 5xx, for arms whose 4xx the router counts as `Refused`. */
export function endpointFailureStats(endpoint: EndpointDimensions, periodMs: number): MetricStat[] {
  return [spellings[1], spellings[3]].map((name) => metricStat('endpoint', name, 'Sum', endpoint, periodMs));
}

/** Testers' requests that the model failed, as their endpoint counts them too, by the router; in the endpoint's own periods, so that both are of the same minute. */
export const testerErrors = (router: Dimensions<'router'>, periodMs: number): MetricStat =>
  metricStat('router', 'TesterEndpointErrors', 'Sum', router, periodMs);

/**
 * The model's 4xx and 5xx together, of sums in the order of `spellings`: whichever spelling there is. undefined: AWS refuses
 * both spellings of either kind.
 */
export function endpointErrorsOf(sums: readonly (number | undefined)[]): number | undefined {
  const [refused, failed, refusedToo, failedToo] = sums;
  const [asked, answered] = [either(refused, refusedToo), either(failed, failedToo)];
  return asked === undefined || answered === undefined ? undefined : asked + answered;
}

/**
 * The model's 5xx alone, of sums in both spellings: where the router counts what callers get, a 4xx of the model is the
 * metric `Refused`, and one caller's malformed requests are no fault of the version that got them. What SageMaker itself
 * turns away (throttles, oversized payloads, missing permissions) the router counts as `Errors`. What testers cause, which
 * may follow, is left out: an endpoint does not know who asks.
 */
export function endpointFailuresOf(sums: readonly (number | undefined)[]): number | undefined {
  const [failed, failedToo, ofTesters] = sums;
  const answered = either(failed, failedToo);
  return answered === undefined ? undefined : Math.max(0, answered - (isCount(ofTesters) ? ofTesters : 0));
}

/** NaN stands for a statistic that AWS refuses. */
function either(one: number | undefined, other: number | undefined): number | undefined {
  const given = [one ?? 0, other ?? 0].filter((value) => !Number.isNaN(value));
  return given.length === 0 ? undefined : Math.max(...given);
}

export function noErrors({ endpoint }: ArmSource): PlatformError {
  const message = `CloudWatch gives no error metric of endpoint ${endpoint}, so its requests can't be judged`;
  return new PlatformError({ kind: 'unknown', message });
}

/** Without these nothing is known of an arm. */
const essential: ReadonlySet<string> = new Set([
  ...['Errors', 'Invocations', 'ShadowRequests', 'ShadowErrors', 'ShadowChampionErrors', 'ShadowCompared'],
  ...['ShadowDisagreed'],
]);

export const isEssential = ({ Metric }: MetricStat): boolean => essential.has(Metric?.MetricName ?? '');

/** TC(:5), TC(5:10), ... TC(5000:) */
export function bucketStatistics(unitsPerMs: number): TrimmedCount[] {
  const edges = latencyEdges.map((edge) => String(edge * unitsPerMs));
  return [...edges, ''].map((edge, index): TrimmedCount => `TC(${edges[index - 1] ?? ''}:${edge})`);
}

export function armTick(sums: ArmSums): ArmTick {
  const { requests, errors, throttles, latencySum, latencyCount, endpointErrors, unitsPerMs } = sums;
  const latency = histogramOf(sums.buckets);
  const strataCounts = stratumCounts(sums.byStratum ?? []);
  const timed =
    latencySum !== undefined && !Number.isNaN(latencySum) && latencyCount !== undefined && latencyCount > 0;
  return {
    requests,
    errors,
    throttles: Number.isNaN(throttles) ? 0 : throttles,
    ...(latency === undefined ? {} : { latency }),
    ...(timed ? { meanLatencyMs: latencySum / latencyCount / unitsPerMs } : {}),
    ...(endpointErrors === undefined ? {} : { endpointErrors }),
    ...(strataCounts === undefined ? {} : { strata: strataCounts }),
    ...(sums.aside === undefined ? {} : { aside: sums.aside }),
    ...(sums.refused === undefined ? {} : { refused: sums.refused }),
    ...(sums.json === undefined ? {} : { json: sums.json }),
  };
}

/** Undefined where the router counts no strata, or nobody asked. */
function stratumCounts(counts: readonly (number | undefined)[]): StratumCounts | undefined {
  if (!counts.some((count) => count !== undefined && count > 0)) return undefined;
  // NaN stands for a statistic that AWS refuses: the others would tell of other users.
  if (counts.some((count) => Number.isNaN(count))) return undefined;
  const errors = Array.from({ length: strata }, (_, k) => counts[strata + k] ?? 0);
  return { requests: errors.map((failed, k) => failed + (counts[k] ?? 0)), errors };
}

/** Undefined where no request was timed, or CloudWatch knows only sums. */
function histogramOf(buckets: readonly (number | undefined)[]): Histogram | undefined {
  const count = buckets.map((value) => value ?? 0);
  // With a bucket that AWS refuses the others would tell of another distribution.
  if (count.some(Number.isNaN)) return undefined;
  return count.some((value) => value > 0) ? { le: latencyEdges, count } : undefined;
}
