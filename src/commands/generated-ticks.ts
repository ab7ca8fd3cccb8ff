import { latencyEdges } from '../domain/latency-edges.ts';
import type { ArmTick, Observation } from '../domain/observation.ts';
import { instant } from '../domain/units.ts';
import { normalTail } from '../monitor/judge/math/normal.ts';

/** Traffic in a few numbers. Shares are 0 to 1, `percent` is the challenger's share of the requests. */
export interface Traffic {
  readonly requestsPerTick: number;
  readonly percent: number;
  readonly championErrors: number;
  readonly challengerErrors: number;
  /** Means; undefined: no latency is reported. */
  readonly championLatencyMs?: number;
  readonly challengerLatencyMs?: number;
  readonly ticks: number;
  /** Of the champion alone, before the challenger's first. */
  readonly historyTicks: number;
  readonly seed: number;
}

const start = Date.UTC(2026, 0, 1);
/** Standard deviation of the logarithm of the latency: fits most services. */
const spread = 0.5;

/** Requests that fail, and take their time, independently of each other: the same ticks each time, by their seed. */
export function* generatedTicks(traffic: Traffic, tickMs: number): Generator<Observation> {
  const random = createRandom(traffic.seed);
  const { historyTicks, ticks, requestsPerTick, percent } = traffic;
  const champion = (requests: number): ArmTick =>
    drawArm(random, requests, traffic.championErrors, traffic.championLatencyMs);
  for (let i = 1; i <= historyTicks + ticks; i++) {
    const past = i <= historyTicks;
    const onTrial = past ? 0 : Math.round((requestsPerTick * percent) / 100);
    yield {
      at: instant(start + i * tickMs),
      tickMs,
      plannedPercent: past ? 0 : percent,
      champion: !past && percent === 100 ? null : champion(requestsPerTick - onTrial),
      challenger: past
        ? null
        : drawArm(random, onTrial, traffic.challengerErrors, traffic.challengerLatencyMs),
    };
  }
}

function drawArm(
  random: () => number,
  requests: number,
  errorRate: number,
  latencyMs: number | undefined,
): ArmTick {
  const arm = { requests, errors: drawBinomial(random, requests, errorRate), throttles: 0 };
  if (latencyMs === undefined || requests === 0) return arm;
  const count = drawBuckets(random, requests, latencyMs);
  const noise = (latencyMs * Math.sqrt(Math.expm1(spread ** 2)) * drawNormal(random)) / Math.sqrt(requests);
  return { ...arm, latency: { le: latencyEdges, count }, meanLatencyMs: Math.max(0, latencyMs + noise) };
}

/** How many of the requests fall into each bucket, were their latency log-normal with this mean. */
function drawBuckets(random: () => number, requests: number, meanMs: number): number[] {
  const median = Math.log(meanMs) - spread ** 2 / 2;
  let left = requests;
  let above = 1;
  const count = latencyEdges.map((edge) => {
    const beyond = normalTail((Math.log(edge) - median) / spread);
    const share = above <= 0 ? 0 : Math.min(1, Math.max(0, 1 - beyond / above));
    above = beyond;
    const here = drawBinomial(random, left, share);
    left -= here;
    return here;
  });
  return [...count, left];
}

/** Exact below 1,000 requests, normal from there on where both outcomes are common, exact again where one is rare. */
function drawBinomial(random: () => number, n: number, p: number): number {
  if (p <= 0 || n <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  if (n > 1_000 && n * p > 30) {
    const drawn = Math.round(n * p + Math.sqrt(n * p * (1 - p)) * drawNormal(random));
    return Math.min(n, Math.max(0, drawn));
  }
  // From one success to the next.
  let successes = -1;
  for (let at = 0; at <= n; successes++) {
    at += 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-p));
  }
  return successes;
}

function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random());
}

/** mulberry32: 32 bits of state, good enough for counting errors, and the same everywhere. */
function createRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
