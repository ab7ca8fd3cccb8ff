import { detectBreach, likelier, never, shareDetection, type Detection } from './detection.ts';
import { guardrailTempering } from './guardrail-rate.ts';
import { lanes } from './lanes.ts';
import { tolerance } from './margin.ts';
import { normalTail, normalUpperQuantile } from './math/normal.ts';

/** A bake at today's traffic. Rates are shares from 0 to 1. */
export interface BakeInputs {
  readonly challengerPerSecond: number;
  readonly championPerSecond: number;
  /** The champion's error rate. */
  readonly baseErrorRate: number;
  readonly bakeTicks: number;
  readonly tickMs: number;
  readonly alpha: number;
  readonly rollbackMargin: { readonly ratio: number; readonly difference: number; readonly slower: number };
  /** Limit on the challenger's error rate; null = none. */
  readonly errorRateLimit: number | null;
  /** Planned looks of the whole rollout: `planLooks(steps).planned`. */
  readonly looks: number;
  /** Champion requests before the rollout; 0 = no history. */
  readonly historyRequests: number;
  /** Standard deviation of the logarithm of the latency: 0.5 fits most services. */
  readonly latencySpread?: number;
  /** Multiples of the champion's error rate to look at: 1.5, 2 and 5 unless given. */
  readonly ratios?: readonly number[];
}

export interface Caught {
  /** Chance that this bake catches it, 0 to 1. */
  readonly probability: number;
  /** Expected time to rollback in milliseconds, were the bake long enough; null where it is never to be expected. */
  readonly expectedMs: number | null;
}

export interface Detectable {
  /** The error rate at so many times the champion's. */
  readonly errors: readonly (Caught & { readonly ratio: number })[];
  /** Every request so many times as slow. */
  readonly slower: Caught & { readonly factor: number };
  /** Every request failing. */
  readonly totalFailure: Caught;
}

const ratios = [1.5, 2, 5] as const;
const slowerFactor = 1.2;
const latencyQuantiles = [0.5, 0.95, 0.99] as const;

/**
 * What a bake can catch, before it starts: closed-form normal and Wald approximations (see `shareDetection`), for
 * failures independent of each other and a log-normal latency. For planning and display; nothing is decided by it.
 */
export function detectable(inputs: BakeInputs): Detectable {
  const seconds = inputs.tickMs / 1000;
  const caught = ({ probability, expectedTicks }: Detection): Caught => ({
    probability: Math.min(1, Math.max(0, probability)),
    expectedMs: expectedTicks === null ? null : Math.max(1, expectedTicks) * inputs.tickMs,
  });
  const n0 = inputs.championPerSecond * seconds;
  const n1 = inputs.challengerPerSecond * seconds;
  const errorsAt = (p1: number): Detection =>
    likelier(compareErrors(inputs, n0, n1, p1), breach(inputs, n1, p1));
  return {
    errors: (inputs.ratios ?? ratios).map((ratio) => ({
      ratio,
      ...caught(errorsAt(Math.min(1, ratio * inputs.baseErrorRate))),
    })),
    slower: { factor: slowerFactor, ...caught(compareLatency(inputs, n0, n1)) },
    totalFailure: caught(errorsAt(1)),
  };
}

function compareErrors(inputs: BakeInputs, n0: number, n1: number, p1: number): Detection {
  const p0 = inputs.baseErrorRate;
  if (!(n0 > 0 && n1 > 0)) return never;
  const requests = inputs.historyRequests + (n0 * inputs.bakeTicks) / 2;
  const { logThreshold, lookLevel } = lanes(inputs.alpha, inputs.looks);
  return shareDetection({
    p0,
    p1,
    n0,
    n1,
    rho: tolerance(inputs.rollbackMargin.ratio, inputs.rollbackMargin.difference, p0 * requests, requests),
    logThreshold: logThreshold('errors'),
    lookLevel: lookLevel('errors'),
    history: inputs.historyRequests > 0,
  })(inputs.bakeTicks);
}

function breach(inputs: BakeInputs, n1: number, p1: number): Detection {
  if (inputs.errorRateLimit === null) return never;
  return detectBreach({
    p1,
    tau: inputs.errorRateLimit,
    n1,
    ticks: inputs.bakeTicks,
    logThreshold: lanes(inputs.alpha, inputs.looks).logThreshold('guardrail'),
    tempering: guardrailTempering(inputs.historyRequests > 0 ? 1 : null),
  });
}

function compareLatency(inputs: BakeInputs, n0: number, n1: number): Detection {
  if (!(n0 > 0 && n1 > 0)) return never;
  const { logThreshold, lookLevel } = lanes(inputs.alpha, inputs.looks);
  const shift = Math.log((1 + inputs.rollbackMargin.slower) / slowerFactor) / (inputs.latencySpread ?? 0.5);
  return latencyQuantiles
    .map((q) =>
      shareDetection({
        p0: 1 - q,
        p1: normalTail(normalUpperQuantile(1 - q) + shift),
        n0,
        n1,
        rho: 1,
        logThreshold: logThreshold('latency'),
        lookLevel: lookLevel('latency'),
        history: inputs.historyRequests > 0,
      })(inputs.bakeTicks),
    )
    .reduce(likelier);
}
