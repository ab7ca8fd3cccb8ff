import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { instant } from '../../../src/domain/units.ts';

/** Policy of a short local bake: one-second ticks, no warm-up. */
export function policyOf(changes: Partial<JudgePolicy> = {}): JudgePolicy {
  return {
    alpha: 0.01,
    alphaPromote: 0.05,
    tickMs: 1000,
    steps: [{ percent: 10, ticks: 60 }],
    warmUpMs: 0,
    minimumBakeMs: 5000,
    minimumTicks: 3,
    rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
    promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
    guardrails: { errorRate: 0.05, meanLatencyMs: 1000, endpointErrorsPerMinute: 10, throttleRate: 0.1 },
    scope: 'attributable',
    noise: 'robust',
    detectableRatio: 5,
    history: [],
    historyTickMs: 1000,
    ...changes,
  };
}

export function arm(requests: number, errors = 0, more: Partial<ArmTick> = {}): ArmTick {
  return { requests, errors, throttles: 0, ...more };
}

/** The n-th tick, from 1. */
export function tick(
  n: number,
  champion: ArmTick | null,
  challenger: ArmTick | null,
  more: Partial<Observation> = {},
): Observation {
  const tickMs = more.tickMs ?? 1000;
  return { at: instant(n * tickMs), tickMs, plannedPercent: 10, champion, challenger, ...more };
}

export const edges = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const;

/** mulberry32: 32 bits of state, good enough for counting errors, and the same everywhere. */
export function createRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function binomial(random: () => number, n: number, p: number): number {
  let x = 0;
  for (let i = 0; i < n; i++) if (random() < p) x++;
  return x;
}

export function poisson(random: () => number, mean: number): number {
  const end = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > end; count++) product *= random();
  return count;
}

/** One arm's tick of independent requests with a log-normal latency of median `ms`. */
export function randomArm(random: () => number, requests: number, errorRate: number, ms: number): ArmTick {
  const count = new Array<number>(edges.length + 1).fill(0);
  let sum = 0;
  for (let i = 0; i < requests; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const took = ms * Math.exp(0.5 * normal);
    sum += took;
    const bucket = edges.findIndex((edge) => took <= edge);
    count[bucket === -1 ? edges.length : bucket]!++;
  }
  const latency = { le: edges, count };
  const errors = binomial(random, requests, errorRate);
  return arm(requests, errors, requests > 0 ? { latency, meanLatencyMs: sum / requests } : {});
}
