import {
  caughtAlong,
  detectBreach,
  likelier,
  never,
  shareDetection,
  type Detection,
  type Trial,
} from './detection.ts';
import { guardrailTempering } from '../guardrails/guardrail-rate.ts';
import { lanes, laneWeights } from '../evidence/lanes.ts';
import { tolerance } from '../evidence/margin.ts';
import { normalTail, normalUpperQuantile } from '../math/normal.ts';
import { mostAgainst } from '../compare/non-inferiority.ts';
import { all, not, powerRange, type Range } from '../power-range.ts';

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
  /** Bakes at other shares before it, whose evidence carries over. */
  readonly before?: readonly Pick<BakeInputs, 'challengerPerSecond' | 'championPerSecond' | 'bakeTicks'>[];
  /** Multiples of the champion's error rate to look at: 1.5, 2 and 5 unless given. */
  readonly ratios?: readonly number[];
}

export interface Caught {
  /** Chance that this bake catches it where those before it did not, 0 to 1. */
  readonly probability: number;
  /** Expected time to rollback in milliseconds, were the bake long enough; null where it is never to be expected. */
  readonly expectedMs: number | null;
}

/** An error rate at so many times the champion's. */
export interface CaughtErrors extends Caught {
  readonly ratio: number;
  /** In which simulations of the judge find `probability`. */
  readonly range: Range;
  /** That the bake passes it: neither rolls back nor holds at its end. */
  readonly passes: Range;
}

export interface Detectable {
  readonly errors: readonly CaughtErrors[];
  /** Every request so many times as slow. */
  readonly slower: Caught & { readonly factor: number };
  /** Every request failing. */
  readonly totalFailure: Caught;
}

/** The first planned look may come later than the expected counts say, for single ticks differ: then it comes in another bake. */
const lateLooks = 1.5;

/** Standard deviations beyond which nothing is left. */
const farOut = 30;

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
  const errorsAt = (p1: number): Detection => likelier(compareErrors(inputs, p1), breach(inputs, n1, p1));
  const errors = (ratio: number): CaughtErrors => {
    const p1 = Math.min(1, ratio * inputs.baseErrorRate);
    const found = caught(errorsAt(p1));
    const rather = likelier(compareErrors(inputs, p1, { lookFactor: lateLooks }), breach(inputs, n1, p1));
    const seen = n1 * p1 * inputs.bakeTicks >= 1;
    const range = seen
      ? { low: powerRange(rather.probability, ratio).low, high: powerRange(found.probability, ratio).high }
      : { low: 0, high: 0 };
    return { ratio, ...found, range, passes: all([not(range), not(heldAtEnd(inputs, n1, p1))]) };
  };
  return {
    errors: (inputs.ratios ?? ratios).map(errors),
    slower: { factor: slowerFactor, ...caught(compareLatency(inputs, n0, n1)) },
    totalFailure: caught(errorsAt(1)),
  };
}

/** What is too much to pass and too little to roll back for: a rate over the guardrail, or evidence above `mostAgainst`. */
function heldAtEnd(inputs: BakeInputs, n1: number, p1: number): Range {
  const over = overLimit(inputs, n1, p1);
  const against = compareErrors(inputs, p1, {
    logThreshold: mostAgainst - Math.log(laneWeights.errors),
  });
  return { low: over.low, high: Math.min(1, over.high + against.probability) };
}

/** The rate seen at the bake's end is over the guardrail's limit. A bake that is extended may yet fall below it. */
function overLimit({ errorRateLimit, bakeTicks }: BakeInputs, n1: number, p1: number): Range {
  const requests = n1 * bakeTicks;
  if (errorRateLimit === null || !(requests > 0 && p1 > 0)) return { low: 0, high: 0 };
  const spread = Math.max(1e-9, Math.sqrt((p1 * (1 - p1)) / requests));
  const z = Math.min(farOut, Math.max(-farOut, (errorRateLimit - p1) / spread));
  return { low: normalTail(z + 1), high: normalTail(z - 0.5) };
}

function compareErrors(inputs: BakeInputs, p1: number, changes: Partial<Trial> = {}): Detection {
  const own = trialOf(inputs, inputs, p1, changes);
  if (!(own.n0 > 0 && own.n1 > 0)) return never;
  const { expectedTicks, probability } = shareDetection(own)(inputs.bakeTicks);
  const before = (inputs.before ?? [])
    .map((bake) => trialOf(inputs, bake, p1, changes))
    .filter(({ n0, n1 }) => n0 > 0 && n1 > 0);
  if (before.length === 0) return { expectedTicks, probability };
  const missed = 1 - caughtAlong(before);
  // Where it is never missed there is no rollout to speak of, and the bake stands for itself.
  if (missed < 1e-6) return { expectedTicks, probability };
  const more = caughtAlong([...before, own]) - (1 - missed);
  return { expectedTicks, probability: Math.min(1, Math.max(0, more / missed)) };
}

function trialOf(
  inputs: BakeInputs,
  bake: Pick<BakeInputs, 'challengerPerSecond' | 'championPerSecond' | 'bakeTicks'>,
  p1: number,
  changes: Partial<Trial>,
): Trial {
  const p0 = inputs.baseErrorRate;
  const seconds = inputs.tickMs / 1000;
  const { logThreshold, lookLevel } = lanes(inputs.alpha, inputs.looks);
  const n0 = bake.championPerSecond * seconds;
  const requests = inputs.historyRequests + (n0 * inputs.bakeTicks) / 2;
  return {
    p0,
    p1,
    n0,
    n1: bake.challengerPerSecond * seconds,
    rho: tolerance(inputs.rollbackMargin.ratio, inputs.rollbackMargin.difference, p0 * requests, requests),
    logThreshold: logThreshold('errors'),
    lookLevel: lookLevel('errors'),
    history: inputs.historyRequests > 0,
    ticks: bake.bakeTicks,
    ...changes,
  };
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
