import type { ArmTick } from '../../src/domain/observation.ts';
import { latencyEdges } from '../../src/domain/latency-edges.ts';
import type { JudgePolicy } from '../../src/domain/policy.ts';
import { instant } from '../../src/domain/units.ts';
import { createJudge } from '../../src/monitor/judge/judge.ts';
import { normalTail } from '../../src/monitor/judge/math/normal.ts';
import type { Random } from './random.ts';

/** Where a rollout stands: what a challenger's behaviour may depend on. */
export interface Moment {
  readonly percent: number;
  /** Since the challenger first had traffic. */
  readonly minute: number;
  /** Since the present share began. */
  readonly atShare: number;
}

/** A canary of several steps, from its history to its end, under a service and a challenger. */
export interface RolloutCell {
  /** Requests a second of both arms together. */
  readonly perSecond: number;
  readonly steps: readonly number[];
  /** The champion's error rate, 0 to 1. `minute` is negative before the rollout. */
  readonly champion: (minute: number) => number;
  readonly challenger: (moment: Moment) => number;
  /** Each failure is an error of the endpoint, which CloudWatch reports once a minute. */
  readonly endpointErrors?: true;
  readonly latency?: {
    /** The challenger's latency, times the champion's. */
    readonly factor: (moment: Moment) => number;
    /** Share of the challenger's requests that wait for a cold container, and how long. */
    readonly slow?: (moment: Moment) => { readonly share: number; readonly ms: number };
  };
  /** Minutes of history; 180 as `judge.history` has it. */
  readonly historyMinutes?: number;
  readonly bakeMinutes?: number;
  /** Shares grow by the clock, whatever is still in doubt; only at the last one is it held. */
  readonly byClock?: true;
}

export interface RolloutEnd {
  readonly end: 'rolled-back' | 'held' | 'promoted';
  readonly minute: number;
  /** At which share, and how long that was served by then, minutes. */
  readonly percent: number;
  readonly atShare: number;
  /** The challenger's failed requests until then. */
  readonly failed: number;
  /** The sentence of the verdict, or why it is held. */
  readonly why: string;
  readonly rule: string | null;
}

const tickMs = 10_000;
const ticksAMinute = 60_000 / tickMs;
const medianMs = 100;
const sigma = 0.5;
const extendMinutes = 15;
/** How long a hold is followed before it counts as one without an end. */
const followedMinutes = 60;
/** Ticks at a share that are all judged. */
const often = 15 * ticksAMinute;

/** What a person has who configures nothing, but for the user gate: requests here are independent of users. */
export const defaultPolicy: Omit<JudgePolicy, 'steps' | 'history'> = {
  alpha: 0.01,
  alphaPromote: 0.05,
  tickMs,
  warmUpMs: 300_000,
  minimumBakeMs: 300_000,
  minimumTicks: 3,
  rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
  promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
  guardrails: { errorRate: 0.05, meanLatencyMs: 1000, endpointErrorsPerMinute: 10, throttleRate: 0.1 },
  scope: 'attributable',
  noise: 'robust',
  detectableRatio: 5,
  detectableSlower: 2,
  historyTickMs: 60_000,
};

/** One rollout from the first request at the first step to its end, under `onInconclusive: promote` and `extend: 15m`. */
export function wholeRollout(
  cell: RolloutCell,
  random: Random,
  changes: Partial<JudgePolicy> = {},
): RolloutEnd {
  const bakeTicks = (cell.bakeMinutes ?? 60) * ticksAMinute;
  const past = cell.historyMinutes ?? 180;
  const history = Array.from({ length: past }, (_, i) => {
    const arm = armTick(cell, random, cell.perSecond * 60, cell.champion(i - past), null);
    return cell.endpointErrors ? { ...arm, endpointErrors: arm.errors } : arm;
  });
  const steps = cell.steps.map((percent) => ({ percent, ticks: bakeTicks }));
  const judge = createJudge({ ...defaultPolicy, ...changes, steps, history });
  let ticks = 0;
  let failed = 0;
  for (const [index, percent] of cell.steps.entries()) {
    const final = index === cell.steps.length - 1;
    const points = [0, 0];
    for (let i = 1; ; i++) {
      const minute = ticks / ticksAMinute;
      const moment = { percent, minute, atShare: (i - 1) / ticksAMinute };
      const all = (cell.perSecond * tickMs) / 1000;
      let champion =
        percent === 100
          ? null
          : armTick(cell, random, all * (1 - percent / 100), cell.champion(minute), null);
      let challenger = armTick(cell, random, (all * percent) / 100, cell.challenger(moment), moment);
      ticks++;
      failed += challenger.errors;
      if (cell.endpointErrors) {
        points[0]! += champion?.errors ?? 0;
        points[1]! += challenger.errors;
        const whole = ticks % ticksAMinute === 0;
        champion = champion && { ...champion, endpointErrors: whole ? points[0]! : 0 };
        challenger = { ...challenger, endpointErrors: whole ? points[1]! : 0 };
        if (whole) points.fill(0);
      }
      judge.step({
        at: instant(ticks * tickMs),
        tickMs,
        plannedPercent: percent,
        champion,
        challenger,
        ...(i === 1 && index > 0 ? { straddlesChange: true } : {}),
      });
      // A judgement costs more than a tick: after a quarter of an hour at a share it is asked for once a minute.
      if (i > often && i % ticksAMinute !== 0) continue;
      const verdict = judge.judgement();
      const now = { minute: ticks / ticksAMinute, percent, atShare: i / ticksAMinute, failed };
      if (verdict.kind === 'fail')
        return { ...now, end: 'rolled-back', why: verdict.reason.sentence, rule: verdict.reason.rule };
      const passes = verdict.kind === 'pass' && verdict.incident === undefined;
      if (passes && final && verdict.nonInferior && percent < 100)
        return { ...now, end: 'promoted', why: 'proven', rule: null };
      if (i < bakeTicks) continue;
      if (passes && final) return { ...now, end: 'promoted', why: 'nothing breached', rule: null };
      if (passes || (cell.byClock && !final)) break;
      if (i >= bakeTicks + (extendMinutes + followedMinutes) * ticksAMinute)
        return { ...now, end: 'held', why: verdict.kind === 'insufficient' ? verdict.why : '', rule: null };
    }
  }
  throw new Error('a rollout has steps');
}

function armTick(cell: RolloutCell, random: Random, mean: number, p: number, moment: Moment | null): ArmTick {
  if (!cell.latency) {
    const requests = random.poisson(mean);
    return { requests, errors: random.binomial(requests, Math.min(1, p)), throttles: 0 };
  }
  const factor = moment === null ? 1 : cell.latency.factor(moment);
  const slow = moment === null ? undefined : cell.latency.slow?.(moment);
  const count = bucketShares(medianMs * factor).map((share, i, all) => {
    const own = share * (1 - (slow?.share ?? 0));
    const cold = slow && i === bucketOf(slow.ms, all.length) ? slow.share : 0;
    return random.poisson(mean * (own + cold));
  });
  const requests = count.reduce((sum, n) => sum + n, 0);
  const errors = random.binomial(requests, Math.min(1, p));
  return { requests, errors, throttles: 0, latency: { le: latencyEdges, count } };
}

function bucketOf(ms: number, buckets: number): number {
  const at = latencyEdges.findIndex((edge) => ms <= edge);
  return at === -1 ? buckets - 1 : at;
}

const known = new Map<number, readonly number[]>();

/** Shares of a log-normal latency in the buckets that mlreg's metrics have. */
function bucketShares(median: number): readonly number[] {
  const key = Math.round(median * 100);
  const before = known.get(key);
  if (before) return before;
  let above = 1;
  const shares = Array.from({ length: latencyEdges.length + 1 }, (_, i) => {
    const edge = latencyEdges[i];
    const next = edge === undefined ? 0 : normalTail(Math.log(edge / median) / sigma);
    const share = Math.max(0, above - next);
    above = next;
    return share;
  });
  known.set(key, shares);
  return shares;
}
