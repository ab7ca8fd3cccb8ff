import { latencyEdges } from '../domain/latency-edges.ts';
import type { ArmTick } from '../domain/observation.ts';
import type { ArmSource } from '../ports/index.ts';
import {
  type ArmMetricsOptions,
  type ArmReader,
  armTick,
  bucketStatistics,
  endpointErrorsOf,
  endpointErrorStats,
  endpointFailuresOf,
  jsonOf,
  testerErrors,
  noErrors,
  spellings,
} from './metric-arms.ts';
import { metricStat } from './metric-catalogue.ts';
import { periodFor } from './metric-periods.ts';
import { variantName } from './sagemaker-endpoints.ts';

type Sums = readonly (number | undefined)[];

/** What an arm showed in the whole window, by each of the two that count its requests. */
export interface Counted {
  readonly byRouter: number;
  readonly byEndpoint: number;
}

/** An arm whose requests may be counted by mlreg's router, and are by the endpoint. */
export interface WeightedReader extends Omit<ArmReader, 'tick'> {
  counted(totals: Sums): Counted;
  tick(sums: Sums, source: 'router' | 'endpoint'): ArmTick;
}

/**
 * By the router where it runs, for it counts what callers get: an endpoint knows nothing of calls that came too late, were
 * throttled or never reached it. Both arms are read by the same, or the difference would be one of the measure.
 */
export function sourceOf(arms: readonly Counted[]): 'router' | 'endpoint' {
  const isSeen = arms.some(({ byRouter }) => byRouter > 0);
  return isSeen && arms.every(({ byRouter, byEndpoint }) => byRouter > 0 || byEndpoint === 0)
    ? 'router'
    : 'endpoint';
}

export function weightedReader(options: ArmMetricsOptions, arm: ArmSource, tickMs: number): WeightedReader {
  const { awsMs, routerMs } = options.resolution;
  const periodMs = periodFor(tickMs, awsMs);
  const ofRouter = periodFor(tickMs, routerMs);
  // SageMaker counts latency in microseconds, whatever many a page says.
  const unitsPerMs = 1000;
  const endpoint = { EndpointName: arm.endpoint, VariantName: variantName };
  const router = { Environment: options.environment, Model: options.model, ModelVersion: arm.version };
  const version = {
    FunctionName: options.functionName,
    Resource: `${options.functionName}:${arm.alias ?? options.alias}`,
    ExecutedVersion: arm.functionVersion ?? '',
  };
  const byEndpoint = [
    metricStat('endpoint', 'Invocations', 'Sum', endpoint, periodMs),
    ...endpointErrorStats(endpoint, periodMs),
    metricStat('endpoint', 'ModelLatency', 'Sum', endpoint, periodMs),
    metricStat('endpoint', 'ModelLatency', 'SampleCount', endpoint, periodMs),
    ...bucketStatistics(unitsPerMs).map((range) =>
      metricStat('endpoint', 'ModelLatency', range, endpoint, periodMs),
    ),
    // An arm that has not been published has throttled nobody.
    ...(arm.functionVersion === undefined
      ? []
      : [metricStat('aliasVersion', 'Throttles', 'Sum', version, periodMs)]),
  ];
  const byRouter = [
    metricStat('router', 'Errors', 'SampleCount', router, ofRouter),
    metricStat('router', 'Errors', 'Sum', router, ofRouter),
    metricStat('router', 'Throttles', 'Sum', router, ofRouter),
    metricStat('router', 'Refused', 'Sum', router, ofRouter),
    metricStat('router', 'Latency', 'Sum', router, ofRouter),
    metricStat('router', 'Latency', 'SampleCount', router, ofRouter),
    ...bucketStatistics(1).map((range) => metricStat('router', 'Latency', range, router, ofRouter)),
    metricStat('router', 'NotJson', 'SampleCount', router, ofRouter),
    metricStat('router', 'NotJson', 'Sum', router, ofRouter),
    metricStat('router', 'TesterErrors', 'SampleCount', router, ofRouter),
    testerErrors(router, periodMs),
  ];

  function endpointTick(sums: Sums): ArmTick {
    const [requests = 0] = sums;
    const [latencySum, latencyCount, ...rest] = sums.slice(1 + spellings.length);
    const buckets = rest.slice(0, latencyEdges.length + 1);
    const throttles = rest[buckets.length] ?? 0;
    const errors = endpointErrorsOf(sums.slice(1, 1 + spellings.length));
    // Whether the model refuses requests or fails at them the endpoint doesn't say.
    if (errors === undefined) throw noErrors(arm);
    const endpointErrors = errors;
    return armTick({
      requests,
      errors,
      throttles,
      latencySum,
      latencyCount,
      buckets,
      endpointErrors,
      unitsPerMs,
    });
  }

  function routerTick(sums: Sums): ArmTick {
    const [requests = 0, errors = 0, throttled, refused, latencySum, latencyCount, ...rest] = sums.slice(
      byEndpoint.length,
    );
    const buckets = rest.slice(0, latencyEdges.length + 1);
    const [answers, notJson, , ofTesters] = rest.slice(buckets.length);
    const ofFunction = arm.functionVersion === undefined ? 0 : (sums[byEndpoint.length - 1] ?? 0);
    // A call that Lambda throttles never comes to the router.
    const throttles = [throttled ?? 0, ofFunction].filter((count) => !Number.isNaN(count));
    return armTick({
      requests,
      errors,
      throttles: throttles.reduce((sum, count) => sum + count, 0),
      latencySum,
      latencyCount,
      buckets,
      endpointErrors: endpointFailuresOf([sums[2], sums[4], ofTesters]),
      unitsPerMs: 1,
      ...jsonOf(answers, notJson),
      ...(refused === undefined || Number.isNaN(refused) ? {} : { refused }),
    });
  }

  return {
    queries: [
      ...byEndpoint.map((stat) => ({ stat, periodMs })),
      ...byRouter.map((stat) => ({
        stat,
        periodMs: stat.Period === undefined ? ofRouter : 1_000 * stat.Period,
      })),
    ],
    counted: (totals) => ({
      // Testers' too, or a version that nobody else asks would seem to run another program.
      byRouter: (totals[byEndpoint.length] ?? 0) + (totals.at(-2) ?? 0),
      byEndpoint: totals[0] ?? 0,
    }),
    tick: (sums, source) => (source === 'router' ? routerTick(sums) : endpointTick(sums)),
  };
}
