import type { ArmTick, Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Instant } from '../domain/units.ts';
import type { Finding, Judgement, MetricName } from '../domain/verdict.ts';
import { combine } from '../monitor/judge/evidence/combine.ts';
import { createJudge, type Judge } from '../monitor/judge/judge.ts';
import { alphaOfRest } from '../monitor/judge/compare/disagreement-rule.ts';
import { splitAlpha } from '../monitor/judge/evidence/lanes.ts';
import { planLooks } from '../monitor/judge/evidence/look-schedule.ts';
import type { RecordedBake } from './recorded-bakes.ts';

/** What a rollout would have done on these observations. */
export interface Replayed {
  readonly decision: 'rollback' | 'promote' | 'hold';
  /** The tick that decided, from 1, the champion's past counted; of `hold` the last one. 0: there was none. */
  readonly tick: number;
  readonly at: Instant | null;
  /** The evidence that decided; null where none did. */
  readonly reason: Reason | null;
  readonly why: string;
  /** About so many more challenger requests would do; null where it can't be said. */
  readonly needRequests: number | null;
  readonly harmedRequests: number;
  readonly challengerRequests: number;
  /** Ticks seen, and how many of them were the champion's past. */
  readonly ticks: number;
  readonly historyTicks: number;
  /** The judge's word at that tick; null where nothing reached the challenger. */
  readonly judgement: Judgement | null;
}

export interface Reason {
  readonly metric: MetricName;
  /** All metrics' evidence together, which is what decides; of a planned look 1/p. */
  readonly evidence: number;
  readonly threshold: number;
  /** The strongest metric's own. */
  readonly finding: Finding;
}

export interface Replay {
  push(observation: Observation): void;
  result(): Replayed;
}

export interface ReplayOptions {
  readonly policy: JudgePolicy;
  /** Ticks before the challenger's first are the champion's past: they become the policy's history. */
  readonly gathersHistory: boolean;
  /** Of the rollout that was recorded: which user buckets are whose. */
  readonly salt?: string | undefined;
  /** Of the rollout that was recorded; null: the observations are all there is. */
  readonly bakes: readonly RecordedBake[] | null;
}

/** The newest of them are kept: they teach the judge the champion's noise, and more would teach it nothing new. */
const mostHistory = 10_000;

/**
 * Judges observations one at a time, in bounded memory:
 * - roll back at the first tick at which the judge fails the challenger;
 * - promote at the first tick at which it is shown to be no worse than the promote margin, `minimumBake` and
 *   `minimumTicks` at its share being over;
 * - else hold.
 *
 * Where the plan's bakes are known, they hold too, as they did for the rollout: only the last bake promotes, at its end
 * also without proof where `onInconclusive` says so, and a bake rolls back by its end where that says so.
 */
export function createReplay(options: ReplayOptions): Replay {
  const looking = createLooking(options);
  let decided: Replayed | null = null;
  let ticks = 0;
  let historyTicks = 0;
  let at: Instant | null = null;
  let judgement: Judgement | null = null;

  function settled(decision: Replayed['decision'], why: string, reason: Reason | null): Replayed {
    return {
      decision,
      tick: ticks,
      at,
      reason,
      why,
      needRequests: decision === 'hold' ? needOf(judgement) : null,
      harmedRequests: judgement?.harmedRequests ?? 0,
      challengerRequests: judgement?.challengerRequests ?? 0,
      ticks,
      historyTicks,
      judgement,
    };
  }

  return {
    push(observation) {
      ticks++;
      if (decided !== null) return;
      at = observation.at;
      judgement = looking.judge(observation);
      if (judgement === null) historyTicks++;
      else if (judgement.kind === 'fail') {
        decided = settled('rollback', judgement.reason.sentence, reasonOf(judgement, looking.policy()));
      } else {
        const decision = byBakes(judgement, observation, options.bakes);
        if (decision !== null) decided = settled(decision.decision, decision.why, null);
      }
    },
    result: () => (decided === null ? settled('hold', whyHeld(judgement), null) : { ...decided, ticks }),
  };
}

/** The judge begins with the challenger's first tick, for what comes before is part of its policy. */
function createLooking({ policy: given, gathersHistory, salt }: ReplayOptions) {
  const options = salt === undefined ? {} : { salt };
  let policy = given;
  let judge: Judge | null = gathersHistory ? null : createJudge(policy, options);
  let history: ArmTick[] = [];

  function begin(first: Observation): Judge {
    // With everybody on the challenger from the start there is nobody to compare it with.
    const alone = first.champion === null && first.plannedPercent === 100;
    const length = policy.steps.reduce((sum, step) => sum + step.ticks, 0);
    policy = {
      ...policy,
      ...(alone ? { steps: [{ percent: 100, ticks: length }] } : {}),
      history: [...policy.history, ...history.slice(-mostHistory)],
    };
    return createJudge(policy, options);
  }

  return {
    policy: () => policy,
    /** Null while there is only the champion's past. */
    judge(observation: Observation): Judgement | null {
      if (judge === null && observation.challenger === null) {
        if (observation.champion !== null) history.push(observation.champion);
        if (history.length >= 2 * mostHistory) history = history.slice(-mostHistory);
        return null;
      }
      judge ??= begin(observation);
      return judge.push(observation);
    },
  };
}

const proof = 'shown to be no worse than the champion by the promote margin';

function byBakes(
  judgement: Judgement,
  { at, tickMs }: Observation,
  bakes: readonly RecordedBake[] | null,
): { readonly decision: 'promote' | 'rollback'; readonly why: string } | null {
  const proven = judgement.kind === 'pass' && judgement.nonInferior;
  if (bakes === null) return proven ? { decision: 'promote', why: proof } : null;
  const bake = bakes.findLast(({ from }) => from < at);
  if (bake === undefined) return null;
  if (proven && bake.final && bake.percent < 100) return { decision: 'promote', why: proof };
  if (bake.over === null || at < bake.over) return null;
  if (judgement.kind === 'pass') {
    if (!bake.final) return null;
    if (proven) return { decision: 'promote', why: proof };
    if (bake.onInconclusive === 'promote') {
      return {
        decision: 'promote',
        why: 'the last bake is over, nothing breached, and it had the power it was planned with (onInconclusive: promote)',
      };
    }
    return bake.onInconclusive === 'rollback'
      ? { decision: 'rollback', why: 'the bake ended without proof that the challenger is no worse' }
      : null;
  }
  const extended = at + tickMs > bake.over + bake.extendMs;
  return bake.onInconclusive === 'rollback' && extended && judgement.kind === 'insufficient'
    ? { decision: 'rollback', why: judgement.why }
    : null;
}

function needOf(judgement: Judgement | null): number | null {
  return judgement?.kind === 'insufficient' ? judgement.needRequests : null;
}

function whyHeld(judgement: Judgement | null): string {
  if (judgement === null) return 'no requests reached the challenger';
  return judgement.kind === 'insufficient'
    ? judgement.why
    : 'nothing breached, and not shown to be no worse than the champion by the promote margin';
}

function reasonOf(judgement: Extract<Judgement, { kind: 'fail' }>, policy: JudgePolicy): Reason {
  const finding = judgement.reason;
  const { metric, evidence, threshold } = finding;
  // A look stands by itself, and so do answers that differ; otherwise all metrics decide together.
  if (finding.rule.endsWith('planned look') || metric === 'disagreement')
    return { metric, evidence, threshold, finding };
  const together = thresholdTogether(policy);
  return { metric, evidence: evidenceTogether(judgement.findings, together), threshold: together, finding };
}

/** Where all metrics' evidence together rolls back. */
export function thresholdTogether(policy: JudgePolicy): number {
  return 1 / splitAlpha(alphaOfRest(policy), planLooks(policy.steps).planned).sequential;
}

/** Metrics that decide nothing, or by themselves. */
const apart: ReadonlySet<MetricName> = new Set(['sample-ratio', 'disagreement']);

/** The weighted average that the judge compares with its threshold, from each finding's own. */
export function evidenceTogether(findings: readonly Finding[], threshold: number): number {
  const parts = findings
    .filter(({ metric, threshold: own }) => !apart.has(metric) && Number.isFinite(own))
    .map(({ evidence, threshold: own }) => ({ weight: threshold / own, logE: Math.log(evidence) }));
  return Math.min(1e300, Math.exp(combine(parts)));
}
