import type { Peer } from './peer.ts';
import { rollingWindow } from './window.ts';

export type Phase = 'Pending' | 'Running' | 'Successful' | 'Inconclusive' | 'Error' | 'Failed';

export interface ArgoMetric {
  readonly count?: number;
  /** As written in the spec; its presence alone decides whether the count is unlimited. */
  readonly interval?: string | number;
  readonly failureLimit?: number;
  readonly inconclusiveLimit?: number;
  readonly consecutiveErrorLimit?: number;
  readonly consecutiveSuccessLimit?: number;
}

export interface ArgoCounters {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly count: number;
  readonly consecutiveSuccess: number;
  readonly consecutiveError: number;
  /** Undefined: as many as were counted. */
  readonly measurements?: number;
  readonly lastMeasurementInFlight?: boolean;
}

export const noMeasurement: ArgoCounters = {
  successful: 0,
  failed: 0,
  inconclusive: 0,
  error: 0,
  count: 0,
  consecutiveSuccess: 0,
  consecutiveError: 0,
  measurements: 0,
};

/** As it is set up here. */
export const argoMetric = { interval: '1m', failureLimit: 3 } as const;

/**
 * Argo Rollouts' analysis with a success condition on the error rate of the last minutes: it rolls back at the
 * (failureLimit + 1)-th failed measurement. A window without requests is no measurement, which is kind to it.
 */
export function argo(
  name: string,
  options: {
    readonly windowMinutes: number;
    /** Minutes; null: every tick. */
    readonly everyMinutes: number | null;
    readonly errorRate: (true_: number) => number;
  },
): Peer {
  return {
    name,
    start({ errorRate, tickMs }) {
      const limit = options.errorRate(errorRate);
      const window = rollingWindow(Math.round((options.windowMinutes * 60_000) / tickMs));
      let counters = noMeasurement;
      return {
        push(tick, minutes) {
          const sum = window(tick);
          const { everyMinutes } = options;
          if (!sum || (everyMinutes !== null && !onTheMinute(minutes, everyMinutes)) || sum.n1 === 0) {
            return false;
          }
          const result = sum.x1 / sum.n1;
          counters = counted(
            counters,
            evaluate(result, () => result <= limit, null),
          );
          return assessMetric(argoMetric, counters, false) === 'Failed';
        },
      };
    },
  };
}

export function onTheMinute(minutes: number, every: number): boolean {
  return Math.abs(minutes / every - Math.round(minutes / every)) < 1e-6;
}

type Condition = ((result: unknown) => unknown) | null;

/** One measured value: `evaluate.go`. A condition that throws, or isn't boolean, is an error; failure wins. */
export function evaluate(result: unknown, success: Condition, failure: Condition): Phase {
  let succeeded: unknown;
  let failed: unknown;
  try {
    succeeded = success?.(result);
    failed = failure?.(result);
  } catch {
    return 'Error';
  }
  if ((success && typeof succeeded !== 'boolean') || (failure && typeof failed !== 'boolean')) return 'Error';
  if (!success && !failure) return 'Successful';
  if (!failure) return succeeded ? 'Successful' : 'Failed';
  if (failed) return 'Failed';
  return success && !succeeded ? 'Inconclusive' : 'Successful';
}

/** The counters after one more measurement: `analysis.go:380`. An error doesn't use up the count. */
export function counted(state: ArgoCounters, phase: Phase): ArgoCounters {
  const next = { ...state, measurements: (state.measurements ?? state.count) + 1 };
  if (phase === 'Error') {
    return {
      ...next,
      error: state.error + 1,
      consecutiveError: state.consecutiveError + 1,
      consecutiveSuccess: 0,
    };
  }
  const one = { ...next, count: state.count + 1, consecutiveError: 0 };
  if (phase === 'Successful') {
    return { ...one, successful: state.successful + 1, consecutiveSuccess: state.consecutiveSuccess + 1 };
  }
  if (phase === 'Failed') return { ...one, failed: state.failed + 1, consecutiveSuccess: 0 };
  return { ...one, inconclusive: state.inconclusive + 1, consecutiveSuccess: 0 };
}

/** Counters to phase: `assessMetricStatus`. */
export function assessMetric(metric: ArgoMetric, state: ArgoCounters, terminating: boolean): Phase {
  if (state.lastMeasurementInFlight) return 'Running';
  if (state.measurements === 0) return terminating ? 'Successful' : 'Pending';
  const over = overLimit(metric, state);
  if (over) return over.phase;
  const wanted = metric.consecutiveSuccessLimit ?? 0;
  if (wanted > 0 && state.consecutiveSuccess >= wanted) return 'Successful';
  const count = effectiveCount(metric);
  if (count !== null && state.count >= count) {
    if (wanted <= 0) return 'Successful';
    return (metric.failureLimit ?? 0) >= 0 ? 'Inconclusive' : 'Failed';
  }
  return terminating ? 'Successful' : 'Running';
}

/** Every limit is strict, and of several that are broken the last one names the phase. */
export function overLimit(
  metric: ArgoMetric,
  state: Pick<ArgoCounters, 'failed' | 'inconclusive' | 'consecutiveError'>,
): { readonly phase: Phase; readonly message: string } | null {
  const failures = metric.failureLimit ?? 0;
  const inconclusive = metric.inconclusiveLimit ?? 0;
  const errors = metric.consecutiveErrorLimit ?? 4;
  if (state.consecutiveError > errors) {
    return {
      phase: 'Error',
      message: `consecutiveErrors (${state.consecutiveError}) > consecutiveErrorLimit (${errors})`,
    };
  }
  if (state.inconclusive > inconclusive) {
    return {
      phase: 'Inconclusive',
      message: `inconclusive (${state.inconclusive}) > inconclusiveLimit (${inconclusive})`,
    };
  }
  if (failures >= 0 && state.failed > failures) {
    return { phase: 'Failed', message: `failed (${state.failed}) > failureLimit (${failures})` };
  }
  return null;
}

/** Null = unlimited. */
export function effectiveCount(metric: ArgoMetric): number | null {
  if (metric.count) return metric.count;
  return metric.interval === undefined ? 1 : null;
}
