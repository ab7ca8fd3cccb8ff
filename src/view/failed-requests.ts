import type { ArmTick, Observation } from '../domain/observation.ts';
import { createHistogramSum, quantile, total } from '../monitor/judge/evidence/histogram.ts';
import { surelyAbove, tailOf } from '../monitor/judge/evidence/tail.ts';
import { msText, requestsText, thousands } from '../monitor/judge/words.ts';
import { type Harm, harmOf } from '../engine/harm.ts';
import type { RolloutState } from '../engine/state.ts';
import { laterUnread } from './harm-words.ts';

/** What users got from one version: counts, and no judgement. */
export interface ArmNumbers {
  /** Those of set-aside user buckets as well. */
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds; null where nothing was timed. */
  readonly meanMs: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Both versions' numbers, and how many of the challenger's requests were slow beside the champion's. */
export interface BothArms {
  readonly champion: ArmNumbers;
  readonly challenger: ArmNumbers;
  /** Surely slower than the champion's p95; null where one of both has no histogram. */
  readonly slow: { readonly requests: number; readonly of: number } | null;
}

export interface ArmSums {
  push(observation: Observation): void;
  numbers(): BothArms;
}

/** Sums of both arms, one tick at a time, in bounded memory. */
export function createArmSums(): ArmSums {
  const champion = createArm();
  const challenger = createArm();
  return {
    push(observation) {
      champion.push(observation.champion);
      challenger.push(observation.challenger);
    },
    numbers() {
      const numbers = { champion: champion.numbers(), challenger: challenger.numbers() };
      const times = challenger.times();
      const { p95 } = numbers.champion;
      if (p95 === null || times === null) return { ...numbers, slow: null };
      const slow = Number.isFinite(p95) ? surelyAbove(tailOf(times), p95) : 0;
      return { ...numbers, slow: { requests: Math.round(slow), of: Math.round(total(times)) } };
    },
  };
}

function createArm() {
  const times = createHistogramSum();
  const seen = { requests: 0, failed: 0, timed: 0, weighted: 0 };
  return {
    push(tick: ArmTick | null) {
      if (tick === null) return;
      const { aside, latency, meanLatencyMs } = tick;
      seen.requests += tick.requests + (aside?.requests ?? 0);
      seen.failed += tick.errors + (aside?.errors ?? 0);
      if (latency !== undefined) times.add(latency);
      if (meanLatencyMs === undefined || meanLatencyMs === null) return;
      seen.timed += tick.requests;
      seen.weighted += meanLatencyMs * tick.requests;
    },
    times: () => times.sum(),
    numbers(): ArmNumbers {
      const all = times.sum();
      return {
        requests: seen.requests,
        failed: seen.failed,
        meanMs: seen.timed === 0 ? null : seen.weighted / seen.timed,
        p50: all === null ? null : quantile(all, 0.5),
        p95: all === null ? null : quantile(all, 0.95),
      };
    },
  };
}

export function armsOf(observations: readonly Observation[]): BothArms {
  const sums = createArmSums();
  for (const observation of observations) sums.push(observation);
  return sums.numbers();
}

/**
 * What the trial has cost, as far as the metrics show: `600 of 2,000 requests failed (the champion's rate would give 2); 17 of
 * 17 slower than the champion's p95`. Where nothing was read nobody knows.
 */
export function failedText(state: RolloutState, arms: BothArms = armsOf(state.observations)): string {
  const { plan } = state;
  if (plan.strategy === 'shadow') return `no user's request: ${plan.challenger} answered nobody`;
  const { champion, challenger, slow } = arms;
  const { known } = harmOf(state);
  if (known === 'not known') return `not known: metrics of ${plan.challenger} were missing`;
  if (challenger.requests === 0) return 'no request was seen';
  const { requests, failed } = challenger;
  const failedOf = `${atLeast(known, failed)}${thousands(failed)} of ${requestsText(requests)} failed`;
  const parts = [`${failedOf}${expectedText(champion, requests)}`];
  if (slow !== null && slow.requests > 0.1 * slow.of)
    parts.push(`${thousands(slow.requests)} of ${thousands(slow.of)} slower than the champion's p95`);
  else if (slow === null && isSlower(challenger.meanMs, champion.meanMs))
    parts.push(`${msText(challenger.meanMs ?? 0)} in the mean, champion ${msText(champion.meanMs ?? 0)}`);
  if (known === 'at least') parts.push(laterUnread);
  return parts.join('; ');
}

/** The same in a column: `at least 3 of 1,200`; null where no metrics were read. */
export function failedShort(
  state: RolloutState,
  { challenger: { failed, requests } }: BothArms,
): string | null {
  if (requests === 0) return null;
  return `${atLeast(harmOf(state).known, failed)}${thousands(failed)} of ${thousands(requests)}`;
}

/** Of none it says nothing. */
const atLeast = (known: Harm['known'], failed: number): string =>
  known === 'all' || failed === 0 ? '' : 'at least ';

/** A mean that nobody need mention is left out. */
const isSlower = (challenger: number | null, champion: number | null): boolean =>
  challenger !== null && champion !== null && challenger > 1.5 * champion;

function expectedText(champion: ArmNumbers, requests: number): string {
  if (champion.requests === 0) return '';
  const expected = (champion.failed / champion.requests) * requests;
  return ` (the champion's rate would give ${thousands(expected)})`;
}
