import type { ArmTick } from '../domain/observation.ts';
import type { BakeStep, Plan } from '../domain/plan.ts';
import { percent } from '../domain/units.ts';
import { alphaOfRest } from '../monitor/judge/compare/disagreement-rule.ts';
import { championBreaches } from '../monitor/judge/guardrails/champion-breach.ts';
import { createDispersion } from '../monitor/judge/evidence/dispersion.ts';
import { createHistogramSum, quantile } from '../monitor/judge/evidence/histogram.ts';
import { lanes } from '../monitor/judge/evidence/lanes.ts';
import { planLooks } from '../monitor/judge/evidence/look-schedule.ts';
import { aboutLeast } from '../monitor/judge/math/bisect.ts';
import { all } from '../monitor/judge/power-range.ts';
import { type BakeInputs, detectable } from '../monitor/judge/power/power.ts';
import { promotionTime } from '../monitor/judge/power/promotion-time.ts';
import { shownBelow } from '../monitor/judge/guardrails/shown-below.ts';
import { slowerDetection } from '../monitor/judge/power/slower-detection.ts';
import type { BakePower, Power, Warning } from './power-answer.ts';

/** A step may advance with this. */
const powerWanted = 0.8;
const longest = 1_000;

/**
 * In shadow both versions answer each request of the sample: to the judge that is a split in halves of twice the sample.
 * Its power is shown under the sample, the one number that people know.
 */
export function powerOf(plan: Plan): Power {
  const route = plan.steps.find((step) => step.kind === 'route' && step.route.kind === 'shadow');
  const sample = route?.kind === 'route' && route.route.kind === 'shadow' ? route.route.sample : null;
  if (sample === null) return powerOfShares(plan, 1);
  const steps = plan.steps.map((step) => (step.kind === 'bake' ? { ...step, percent: percent(50) } : step));
  const policy = { ...plan.policy, alpha: alphaOfRest(plan.policy) };
  const power = powerOfShares({ ...plan, steps, policy }, (2 * sample) / 100);
  if (power.kind === 'unknown') return power;
  return {
    ...power,
    bakes: power.bakes.map((bake) => ({ ...bake, percent: sample })),
    warnings: power.warnings.map((warning) => ({ ...warning, percent: sample })),
  };
}

/** @param seen share of the champion's traffic that is judged at all */
function powerOfShares(plan: Plan, seen: number): Power {
  const { history } = plan.policy;
  // A step for testers alone is not judged.
  const bakes = plan.steps.flatMap((step) =>
    step.kind === 'bake' && step.testersOnly !== true ? [step] : [],
  );
  if (plan.champion === null) {
    return {
      kind: 'unknown',
      why: 'there is no champion whose traffic could be looked at, and nothing to compare with',
    };
  }
  if (bakes.length === 0) return { kind: 'unknown', why: `${plan.strategy} has no bake` };
  if (!history.some(({ requests }) => requests > 0)) {
    return {
      kind: 'unknown',
      why: 'the champion has no requests in its history: no traffic yet, no metrics of its own, or judge.history: 0s',
    };
  }
  const past = { ...pastOf(plan), seen };
  const promotes = plan.steps.some((step) => step.kind === 'promote');
  const finite = bakes.filter((bake) => bake.durationMs !== null);
  const last = bakes.at(-1);
  const { ticks, by } = promotionTime({
    steps: finite.map((bake) => ({ ...arms(past, plan, bake), ticks: ticksOf(plan, bake) })),
    errorRate: past.errorRate,
    phi: past.phi,
    latency: past.latency,
    policy: plan.policy,
  });
  const powers = finite.map((bake, index) => bakePower(past, plan, bake, finite.slice(0, index)));
  const warned = finite.flatMap((bake) => warnings(past, plan, bake));
  return {
    kind: 'known',
    traffic: past.traffic,
    bakes: powers,
    // Where a bake has no verdict it holds, whatever the challenger does.
    promoted: promotes && !warned.some(({ kind }) => kind === 'no-verdict') ? promoted(powers) : [],
    promotionMs: ticks === null ? null : ticks * plan.tickMs,
    promotionBy: by,
    provable: last !== undefined && last.percent < 100,
    warnings: warned,
    championBreaches: championBreaches(plan.policy),
  };
}

/** Of each regression: that no bake rolls it back, or holds it for a person. */
function promoted(bakes: readonly BakePower[]) {
  return (bakes[0]?.errors ?? []).map(({ ratio }, index) => ({
    ratio,
    ...all(bakes.flatMap(({ errors }) => errors[index]?.passes ?? [])),
  }));
}

type Past = ReturnType<typeof pastOf> & { readonly seen: number };

/** What the champion's history comes to. */
function pastOf({ policy }: Plan) {
  const { history, historyTickMs } = policy;
  const dispersion = createDispersion();
  const sum = createHistogramSum();
  for (const tick of history) {
    dispersion.push({ requests: tick.requests, bad: tick.errors });
    if (tick.latency) sum.add(tick.latency);
  }
  const requests = add(history, (tick) => tick.requests);
  const errors = add(history, (tick) => tick.errors);
  const overMs = history.length * historyTickMs;
  const latency = sum.sum();
  const at = (q: number): number | null => {
    const ms = latency && quantile(latency, q);
    return ms !== null && Number.isFinite(ms) ? ms : null;
  };
  const [p50Ms, p95Ms] = [at(0.5), at(0.95)];
  const perSecond = requests / (overMs / 1_000);
  return {
    traffic: { requestsPerSecond: perSecond, errorRate: errors / requests, p50Ms, p95Ms, requests, overMs },
    // Half a request's doubt, so that no failure so far isn't taken for a rate of zero.
    errorRate: (errors + 0.5) / (requests + 1),
    phi: dispersion.phi(),
    latency,
  };
}

const add = (ticks: readonly ArmTick[], of: (tick: ArmTick) => number): number =>
  ticks.reduce((sum, tick) => sum + of(tick), 0);

const ticksOf = ({ tickMs }: Plan, { durationMs }: BakeStep): number =>
  Math.max(1, Math.round((durationMs ?? 0) / tickMs));

/** Requests of both arms in a tick. */
function arms({ traffic, seen }: Past, { tickMs }: Plan, { percent }: BakeStep) {
  const all = (seen * traffic.requestsPerSecond * tickMs) / 1_000;
  return { n0: all * (1 - percent / 100), n1: (all * percent) / 100 };
}

function inputsOf(past: Past, plan: Plan, bake: BakeStep): BakeInputs {
  const { policy } = plan;
  const { requests } = past.traffic;
  const requestsPerSecond = past.seen * past.traffic.requestsPerSecond;
  return {
    challengerPerSecond: (requestsPerSecond * bake.percent) / 100,
    championPerSecond: requestsPerSecond * (1 - bake.percent / 100),
    baseErrorRate: past.errorRate,
    bakeTicks: ticksOf(plan, bake),
    tickMs: plan.tickMs,
    alpha: policy.alpha,
    rollbackMargin: policy.rollbackMargin,
    errorRateLimit: policy.guardrails.errorRate,
    looks: planLooks(policy.steps).planned,
    historyRequests: requests,
  };
}

function bakePower(past: Past, plan: Plan, bake: BakeStep, earlier: readonly BakeStep[]): BakePower {
  const inputs = inputsOf(past, plan, bake);
  const before = earlier.map((one) => inputsOf(past, plan, one));
  const { errors, totalFailure } = detectable({ ...inputs, before });
  const { n1 } = arms(past, plan, bake);
  return {
    percent: bake.percent,
    durationMs: bake.durationMs ?? 0,
    challengerRequests: n1 * inputs.bakeTicks,
    errors,
    slower: slower(past, inputs, plan, bake),
    totalFailure,
  };
}

/** Latency isn't compared while the challenger is cold. By the buckets where there are any. */
function slower(past: Past, inputs: BakeInputs, plan: Plan, bake: BakeStep) {
  const { policy, tickMs } = plan;
  const cold = coldTicks(plan);
  const ticks = Math.max(0, inputs.bakeTicks - cold);
  const supposed = detectable({ ...inputs, bakeTicks: ticks }).slower;
  const waited = (ms: number | null): number | null => (ms === null ? null : ms + cold * tickMs);
  if (past.latency === null) return { ...supposed, expectedMs: waited(supposed.expectedMs) };
  const { factor } = supposed;
  const { probability, expectedTicks } = slowerDetection({
    latency: past.latency,
    factor,
    slower: policy.rollbackMargin.slower,
    ...arms(past, plan, bake),
    ticks,
    lanes: lanes(policy.alpha, inputs.looks),
  });
  const expectedMs = expectedTicks === null ? null : Math.max(1, expectedTicks) * tickMs;
  return { factor, probability, expectedMs: waited(expectedMs) };
}

function warnings(past: Past, plan: Plan, bake: BakeStep): readonly Warning[] {
  const { percent } = bake;
  const inputs = inputsOf(past, plan, bake);
  const alone: readonly Warning[] =
    percent === 100 ? [{ kind: 'alone', percent, week: plan.policy.lastWeek !== undefined }] : [];
  const noVerdict = withoutVerdict(past, plan, bake, inputs);
  // A bake that can't even be judged misses all the rest too.
  if (noVerdict !== null) return [noVerdict, ...alone];
  const found: Warning[] = [];
  const limit = plan.policy.guardrails.errorRate;
  if (limit !== null) {
    const errorRate = Math.min(1, 2 * limit);
    const probability = caught(inputs, errorRate / past.errorRate);
    if (probability < powerWanted) found.push({ kind: 'guardrail', percent, errorRate, probability });
  }
  if (percent === 100) return [...found, ...alone];
  const { factor, probability } = slower(past, inputs, plan, bake);
  if (factor > 1 + plan.policy.rollbackMargin.slower && probability < powerWanted) {
    found.push({ kind: 'latency', percent, factor, probability });
  }
  return found;
}

const caught = (inputs: BakeInputs, ratio: number): number =>
  detectable({ ...inputs, ratios: [ratio] }).errors[0]?.probability ?? 0;

/**
 * The judge lets a bake pass only where it could have caught `detectableRatio`, or has ruled out the guardrail's limit;
 * and, where latency is compared, `detectableSlower`.
 */
function withoutVerdict(past: Past, plan: Plan, bake: BakeStep, inputs: BakeInputs): Warning | null {
  const { detectableRatio: ratio, detectableSlower: times } = plan.policy;
  const slow = (ticks: number): number | null =>
    times === undefined || bake.percent === 100
      ? null
      : slowerIn(past, plan, bake, ticks - coldTicks(plan), times);
  const passes = (ticks: number): boolean =>
    errorsPass(past, plan, bake, { ...inputs, bakeTicks: ticks }) && (slow(ticks) ?? 1) >= powerWanted;
  if (passes(inputs.bakeTicks)) return null;
  const length = aboutLeast(inputs.bakeTicks, inputs.bakeTicks * longest, passes);
  const enoughMs = length === null ? null : length * plan.tickMs;
  const { percent } = bake;
  return errorsPass(past, plan, bake, inputs)
    ? {
        kind: 'no-verdict',
        percent,
        what: 'latency',
        ratio: times ?? 1,
        probability: slow(inputs.bakeTicks) ?? 0,
        enoughMs,
      }
    : { kind: 'no-verdict', percent, what: 'errors', ratio, probability: caught(inputs, ratio), enoughMs };
}

function errorsPass(past: Past, plan: Plan, bake: BakeStep, inputs: BakeInputs): boolean {
  const { detectableRatio, guardrails, alphaPromote } = plan.policy;
  const clusters = past.phi !== null && past.phi > 1.3 ? past.phi : 1;
  const requests = arms(past, plan, bake).n1 * inputs.bakeTicks;
  const below =
    guardrails.errorRate !== null &&
    shownBelow(requests, requests * past.traffic.errorRate, guardrails.errorRate, alphaPromote, clusters);
  return below || caught(inputs, detectableRatio) >= powerWanted;
}

/** Null: no latency is known of the champion, or all the bake is warm-up; then it asks for no power either. */
function slowerIn(past: Past, plan: Plan, bake: BakeStep, ticks: number, factor: number): number | null {
  if (past.latency === null || ticks <= 0) return null;
  return slowerDetection({
    latency: past.latency,
    factor,
    slower: plan.policy.rollbackMargin.slower,
    ...arms(past, plan, bake),
    ticks,
    lanes: lanes(plan.policy.alpha, planLooks(plan.policy.steps).planned),
  }).probability;
}

/** Ticks at the beginning of a bake in which latency isn't compared: each bake follows an increase of the share. */
const coldTicks = ({ policy, tickMs }: Plan): number => Math.ceil(policy.warmUpMs / tickMs);
