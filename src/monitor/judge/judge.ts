import type { LateTick, Observation } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import type { Finding, Judgement } from '../../domain/verdict.ts';
import { createAlarmRule } from './guardrails/alarm-rule.ts';
import { createRefusalComparison } from './compare/compare-refusals.ts';
import { createErrorComparison } from './compare/compare-errors.ts';
import { createLatencyComparison } from './compare/compare-latency.ts';
import { createThrottleComparison } from './compare/compare-throttles.ts';
import { createDecision } from './decision.ts';
import { guardrailTempering } from './guardrails/guardrail-rate.ts';
import { alphaOfRest, createDisagreementRule } from './compare/disagreement-rule.ts';
import { createGuardrails } from './guardrails/guardrail-rules.ts';
import { harmed } from './harm.ts';
import { createLastWeekRule } from './last-week.ts';
import { lateTick } from './late-tick.ts';
import { laneWeights, splitAlpha } from './evidence/lanes.ts';
import { planLooks } from './evidence/look-schedule.ts';
import { mayPromote, mostAgainst } from './compare/non-inferiority.ts';
import type { Rule } from './rule.ts';
import { createShareDoubt } from './compare/share-doubt.ts';
import { createShieldDoubt } from './compare/shielded.ts';
import { createSplitRule } from './compare/split-rule.ts';
import { createStage } from './bake-progress.ts';
import { createSwitchHarm } from './compare/switch-harm.ts';
import { createTicks } from './ticks.ts';
import { keptHistory } from './users/kept-history.ts';
import { createUserGate, type UserCountsRead } from './users/user-gate.ts';
import { checkObservation, checkPolicy } from './validate.ts';

/**
 * What the observations say of the challenger: a pure function of the policy and the table of ticks, so that whoever
 * takes a rollout up again comes to the same verdict.
 *
 * Fails as soon as the combined evidence reaches its threshold or a planned look rejects, and stays failed. A
 * RangeError names the field of a policy or observation that can't be. Source: section 8 of the method.
 */
export function judge(
  policy: JudgePolicy,
  observations: readonly Observation[],
  options: JudgeOptions = {},
): Judgement {
  const one = createJudge(policy, options);
  for (const observation of observations) one.step(observation);
  return one.judgement();
}

/** The same, one observation at a time, in bounded memory. */
export interface Judge {
  /** RangeError as of `judge`; a judge that threw is of no more use. */
  step(observation: Observation): void;
  /** Counts by user bucket up to the last observation, which wanted them: as if it had carried them. */
  count(counts: UserCountsRead): void;
  /** Whether such counts would be of use, as in `judgement().wants`, and why the challenger fails: at little cost. */
  wants(): boolean;
  failed(): Finding | null;
  /** Of all observations so far. */
  judgement(): Judgement;
  /** Both. */
  push(observation: Observation): Judgement;
}

export interface JudgeOptions {
  /** Of the rollout: which user buckets are whose. Without it users are compared by strata, where the policy compares them. */
  readonly salt?: string;
}

export function createJudge(given: JudgePolicy, { salt }: JudgeOptions = {}): Judge {
  checkPolicy(given);
  const whole = { ...given, history: keptHistory(given) };
  const copies = createDisagreementRule(whole);
  // What answers may cost in false alarms is taken off all else's: together they keep to the policy's.
  const policy = { ...whole, alpha: alphaOfRest(whole) };
  const looks = planLooks(policy.steps);
  const alpha = splitAlpha(policy.alpha, looks.planned);
  // With all traffic on the challenger at every step there is never a champion beside it: the guardrails have all.
  const alone = policy.steps.length > 0 && policy.steps.every((step) => step.percent === 100);
  // One tick's cap: five thresholds, which the weights turn into the two-tick rule; less where nothing dilutes it.
  const capAlpha = alone ? 6.25 * alpha.sequential : 2 * alpha.sequential;
  const errors = createErrorComparison(policy, capAlpha);
  const latency = createLatencyComparison(policy, capAlpha);
  const tempering = (): number => guardrailTempering(errors.phi());
  const share = alone ? 1 : laneWeights.guardrails;
  const more = alone ? null : (policy.refusedMore ?? null);
  const compared = { throttles: !alone, refusals: more !== null };
  const guardrails = createGuardrails(policy, share, { capAlpha, tempering }, compared);
  // Beside the limit on what the endpoint calls errors: a refusal is one of them.
  const weight = guardrails.find(({ metric }) => metric === 'endpoint-errors')?.weight() ?? 0;
  const refusals =
    more === null || weight === 0 ? [] : [createRefusalComparison(policy, { more, capAlpha, weight })];
  const throttling = guardrails.find(({ metric }) => metric === 'throttles');
  const throttles =
    alone || !throttling ? [] : [createThrottleComparison(policy, capAlpha, throttling.weight())];
  const deciding: readonly Rule[] = alone
    ? guardrails
    : [errors, ...latency, ...throttles, ...refusals, ...guardrails];
  const all: readonly Rule[] = alone ? guardrails : [...deciding, createSplitRule()];
  const decision = createDecision(deciding, { sequential: alpha.sequential, planned: alpha.planned, looks });
  const alarm = createAlarmRule(policy);
  const week = createLastWeekRule(policy);
  // Everybody's users at 100 % are the challenger's: there is nobody whom a switch could harm beside it.
  const switching = alone || given.warmUpMs === 0 ? null : createSwitchHarm(given);
  const users = alone ? null : createUserGate(policy, salt);
  const ticks = createTicks(policy);
  const stage = createStage(policy);
  const shares = createShareDoubt(policy.users, salt);
  const shield = createShieldDoubt(policy);
  let last: Observation | null = null;
  let ticksWithChallenger = 0;
  let challengerRequests = 0;
  let harmedRequests = 0;
  let failed: Finding | null = null;

  function step(observation: Observation): void {
    checkObservation(observation, last);
    last = observation;
    for (const late of observation.late ?? []) stepLate(late, observation);
    const tick = ticks.next(observation);
    // Errors first: the guardrails ask it for the dispersion.
    errors.step(tick);
    for (const rule of all) if (rule !== errors) rule.step(tick);
    stage.step(tick, errors.phi());
    copies?.step(observation);
    shares.step(observation);
    shield.step(observation);
    switching?.step(observation);
    week?.step(observation);
    if (!tick.challenger) {
      users?.pass(observation, tick);
      return;
    }
    ticksWithChallenger++;
    const { aside } = tick.challenger;
    challengerRequests += tick.challenger.requests + (aside?.requests ?? 0);
    harmedRequests += harmed(tick.challenger, tick.challengerTail, policy.guardrails.meanLatencyMs);
    harmedRequests += aside?.errors ?? 0;
    alarm?.step(tick);
    if (failed) return;
    const decided = decision.failing(ticksWithChallenger);
    const first = users ? users.step(observation, tick, decided, doubtful) : (decided[0] ?? null);
    // Asked first: where the function that answers everybody is at fault the version on trial may seem to fail as well.
    failed =
      switching?.failing() ?? first ?? copies?.failing() ?? alarm?.ringing() ?? week?.exceeded() ?? null;
  }

  /** Evidence as of now, for the two rules that ask for nothing but how many requests failed. It makes no bake longer. */
  function stepLate(late: LateTick, { plannedPercent }: Observation): void {
    const tick = lateTick(late, policy.tickMs, plannedPercent);
    errors.step(tick);
    for (const rule of guardrails) if (rule.metric === 'errors') rule.step(tick);
    shares.step({ ...late, tickMs: policy.tickMs, champion: tick.champion, challenger: tick.challenger });
    challengerRequests += late.challenger?.requests ?? 0;
    harmedRequests += late.challenger?.errors ?? 0;
  }

  function findings(): readonly Finding[] {
    return [...all.map((rule) => rule.finding(decision.thresholdOf(rule))), copies?.finding() ?? null]
      .filter((finding) => finding !== null)
      .sort((a, b) => strength(b) - strength(a));
  }

  function judgement(): Judgement {
    const incident = guardrails
      .map((rule) => rule.incident(decision.thresholdOf(rule)))
      .find((finding) => finding !== null);
    const deferred = failed ? null : (users?.deferred(doubtful()) ?? null);
    const judged = {
      findings: findings(),
      harmedRequests: harmedRequests + (switching?.harmed() ?? 0),
      challengerRequests,
      ...(incident ? { incident } : {}),
      ...(wants() ? { wants: 'user-counts' as const } : {}),
      ...(deferred === null ? {} : { deferred }),
    };
    if (failed) return { kind: 'fail', reason: failed, ...judged };
    if (incident) {
      // Where one caller alone makes the champion breach as well, it is no incident of both.
      const why = shield.doubt() ?? `incident: ${incident.sentence}`;
      return { kind: 'insufficient', why, needRequests: null, ...judged };
    }
    const readiness = stage.readiness({ ...errors.baseline(), phi: errors.phi() }, looks.planned);
    if (readiness.kind === 'waiting') {
      const { why, needRequests } = readiness;
      const cause = challengerRequests === 0 ? shares.cause() : null;
      return {
        kind: 'insufficient',
        why: cause === null ? why : `${why}: ${cause}`,
        needRequests,
        ...judged,
      };
    }
    const doubt = doubts() ?? copies?.doubt() ?? shares.doubt() ?? shield.doubt();
    if (doubt) return { kind: 'insufficient', why: doubt, needRequests: null, ...judged };
    const proven = nonInferior();
    // Copies are never promoted by proof.
    const more = proven || last?.copies ? null : errors.needRequests();
    return { kind: 'pass', nonInferior: proven, ...(more === null ? {} : { needRequests: more }), ...judged };
  }

  /** Too little to roll back for, and too much to go on with. */
  function doubts(): string | null {
    return doubtsOf().find(({ finding }) => finding === null || users?.holds(finding) !== false)?.why ?? null;
  }

  const doubtful = (): readonly Finding[] =>
    doubtsOf()
      .map(({ finding }) => finding)
      .filter((finding) => finding !== null);

  function doubtsOf(): readonly { readonly why: string; readonly finding: Finding | null }[] {
    const over = guardrails
      .map((rule) => ({ why: rule.breach(), finding: rule.finding(decision.thresholdOf(rule)) }))
      .flatMap(({ why, finding }) =>
        why === null ? [] : [{ why: `${why}; it may be chance yet`, finding }],
      );
    const much = decision.against(mostAgainst).map((finding) => ({
      why: `too much speaks against the challenger to go on: ${finding.sentence}`,
      finding,
    }));
    const due = (users?.due() ?? []).map((finding) => ({
      why: `it is not shown yet that users do not explain it: ${finding.sentence}`,
      finding,
    }));
    return [...over, ...much, ...due];
  }

  function nonInferior(): boolean {
    return mayPromote({
      alphaPromote: policy.alphaPromote,
      minimumReached: stage.minimumReached(),
      notWorse: alone
        ? []
        : deciding.map((rule) => rule.notWorse?.() ?? null).filter((logE) => logE !== null),
      // What users explain speaks against nobody.
      logTotal: users && doubts() === null ? Math.min(0, decision.logTotal()) : decision.logTotal(),
      guardrails: guardrails.map((rule) => rule.logE()),
    });
  }

  function push(observation: Observation): Judgement {
    step(observation);
    return judgement();
  }

  function count(counts: UserCountsRead): void {
    failed ??= users?.count(counts) ?? null;
  }

  const wants = (): boolean => !failed && users?.wants() === true;

  return { step, count, wants, failed: () => failed, judgement, push };
}

/** How near a finding is to deciding. */
function strength(finding: Finding): number {
  return Math.log(finding.evidence) / Math.max(1e-9, Math.log(finding.threshold));
}
