import type { ArmTick } from '../../../domain/observation.ts';
import { lowMean } from './histogram.ts';

/** What a guardrail limits, of one arm's tick: its sum over so many requests. NaN: nothing was measured. */
export interface Limited {
  /** `count`: bad requests. `mean`: milliseconds. */
  readonly kind: 'count' | 'mean';
  requests(arm: ArmTick): number;
  sum(arm: ArmTick): number;
}

/** What each guardrail limits. */
export const limitedBy = {
  errors: { kind: 'count', requests: (arm) => arm.requests, sum: (arm) => arm.errors },
  throttles: { kind: 'count', requests: (arm) => callsOf(arm), sum: (arm) => arm.throttles },
  meanLatency: {
    kind: 'mean',
    requests: (arm) => arm.requests,
    sum: (arm) => (arm.requests === 0 ? NaN : meanOf(arm) * arm.requests),
  },
  endpointErrors: { kind: 'count', requests: (arm) => arm.requests, sum: (arm) => arm.endpointErrors ?? NaN },
} as const satisfies Record<string, Limited>;

/** The mean as measured; of a histogram its low estimate, which blames nobody for a bucket's width. */
function meanOf(arm: ArmTick): number {
  return arm.meanLatencyMs ?? (arm.latency ? lowMean(arm.latency) : null) ?? NaN;
}

/** Lambda doesn't count a throttled call among its invocations, a router does among its requests: both are right here. */
export const callsOf = (arm: ArmTick): number => Math.max(arm.requests, arm.throttles);
