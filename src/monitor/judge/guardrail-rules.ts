import type { ArmTick } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import type { Finding } from '../../domain/verdict.ts';
import { lowMean } from './histogram.ts';
import { createLimitRule } from './limit-rule.ts';
import { createRateRule } from './rate-rule.ts';
import type { Rule } from './rule.ts';
import { digits, msText, percentText } from './words.ts';

export interface GuardrailRule extends Rule {
  /** The limit that both arms breach at present: an incident, not the challenger's fault. */
  incident(threshold: number): Finding | null;
  /** In words, where the challenger is over the limit as far as counted at this share, beyond chance or not. */
  breach(): string | null;
}

export interface GuardrailOptions {
  readonly weight: number;
  readonly capAlpha: number;
  /** Tempering by the champion's dispersion, asked when the first tick is judged. */
  readonly tempering: () => number;
  readonly attributable: boolean;
}

/**
 * The policy's absolute limits, `share` of the sequential lane split evenly over those that aren't null. Where throttles
 * are compared with the champion's too, the two halve what is theirs.
 */
export function createGuardrails(
  policy: JudgePolicy,
  share: number,
  common: Omit<GuardrailOptions, 'weight' | 'attributable'>,
  throttlesCompared: boolean,
): readonly GuardrailRule[] {
  const { errorRate, throttleRate, meanLatencyMs, endpointErrorsPerMinute } = policy.guardrails;
  const limits = [errorRate, throttleRate, meanLatencyMs, endpointErrorsPerMinute];
  const count = limits.filter((limit) => limit !== null).length;
  const options = {
    ...common,
    weight: share / Math.max(1, count),
    attributable: policy.scope === 'attributable',
  };
  return [
    errorRate === null ? null : errorRateRule(errorRate, options),
    throttleRate === null
      ? null
      : throttleRule(throttleRate, { ...options, weight: options.weight * (throttlesCompared ? 0.5 : 1) }),
    meanLatencyMs === null ? null : meanLatencyRule(meanLatencyMs, options),
    endpointErrorsPerMinute === null ? null : endpointErrorsRule(endpointErrorsPerMinute, options),
  ].filter((rule) => rule !== null);
}

function errorRateRule(limit: number, options: GuardrailOptions): GuardrailRule {
  const name = `error rate > ${percentText(limit)}`;
  return createRateRule(
    {
      metric: 'errors',
      name,
      noun: 'errors',
      verb: 'failed',
      limit,
      all: (arm) => arm.requests,
      bad: (arm) => arm.errors,
    },
    options,
  );
}

function throttleRule(limit: number, options: GuardrailOptions): GuardrailRule {
  const name = `throttle rate > ${percentText(limit)}`;
  return createRateRule(
    {
      metric: 'throttles',
      name,
      noun: 'throttled',
      verb: 'were throttled',
      limit,
      all: callsOf,
      bad: (arm) => arm.throttles,
    },
    options,
  );
}

function meanLatencyRule(limit: number, options: GuardrailOptions): GuardrailRule {
  return createLimitRule(
    {
      metric: 'latency',
      name: `mean latency > ${msText(limit)}`,
      unit: 'ms',
      noun: 'mean latency',
      limit,
      sum: (arm) => (arm.requests === 0 ? NaN : meanOf(arm) * arm.requests),
      level: (n, sum) => (n > 0 ? sum / n : NaN),
      scaled: (n0, sum0) => (n0 > 0 ? sum0 / n0 : NaN),
      text: msText,
    },
    options,
  );
}

/** The mean as measured; of a histogram its low estimate, which blames nobody for a bucket's width. */
function meanOf(arm: ArmTick): number {
  return arm.meanLatencyMs ?? (arm.latency ? lowMean(arm.latency) : null) ?? NaN;
}

function endpointErrorsRule(limit: number, options: GuardrailOptions): GuardrailRule {
  return createLimitRule(
    {
      metric: 'endpoint-errors',
      name: `endpoint errors > ${digits(limit)} a minute`,
      unit: 'per-minute',
      noun: 'endpoint errors',
      limit,
      sum: (arm) => arm.endpointErrors ?? NaN,
      level: (_, sum, minutes) => (minutes > 0 ? sum / minutes : NaN),
      scaled: (n0, sum0, n1, minutes) => (n0 > 0 && minutes > 0 ? (sum0 * n1) / n0 / minutes : NaN),
      text: (perMinute) => `${digits(perMinute)} a minute`,
    },
    options,
  );
}

/** Lambda doesn't count a throttled call among its invocations, a router does among its requests: both are right here. */
export const callsOf = (arm: ArmTick): number => Math.max(arm.requests, arm.throttles);
