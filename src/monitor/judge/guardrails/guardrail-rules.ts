import type { JudgePolicy } from '../../../domain/policy.ts';
import { createChampionLevel } from './champion-level.ts';
import type { GuardrailOptions, GuardrailRule } from '../guardrail-rule.ts';
import { createLimitRule } from './limit-rule.ts';
import { limitedBy } from '../evidence/limited.ts';
import { createRateRule } from './rate-rule.ts';
import { digits, msText, percentText } from '../words.ts';

/**
 * The policy's absolute limits, `share` of the sequential lane split evenly over those that aren't null. Where throttles, or
 * refusals, are compared with the champion's too, the two halve what is theirs.
 */
export function createGuardrails(
  policy: JudgePolicy,
  share: number,
  common: Omit<GuardrailOptions, 'weight' | 'attributable'>,
  compared: { readonly throttles: boolean; readonly refusals: boolean },
): readonly GuardrailRule[] {
  const { errorRate, throttleRate, meanLatencyMs, endpointErrorsPerMinute } = policy.guardrails;
  const endpointErrorRate = policy.guardrails.endpointErrorRate ?? null;
  const limits = [errorRate, throttleRate, meanLatencyMs, endpointErrorsPerMinute, endpointErrorRate];
  const count = limits.filter((limit) => limit !== null).length;
  const options = {
    ...common,
    weight: share / Math.max(1, count),
    attributable: policy.scope === 'attributable',
  };
  const ofEndpoint = { ...options, weight: options.weight * (compared.refusals ? 0.5 : 1) };
  return [
    errorRate === null ? null : errorRateRule(errorRate, options, policy),
    throttleRate === null
      ? null
      : throttleRule(
          throttleRate,
          { ...options, weight: options.weight * (compared.throttles ? 0.5 : 1) },
          policy,
        ),
    meanLatencyMs === null ? null : meanLatencyRule(meanLatencyMs, options, policy),
    endpointErrorRate === null ? null : endpointErrorRateRule(endpointErrorRate, ofEndpoint, policy),
    endpointErrorsPerMinute === null ? null : endpointErrorsRule(endpointErrorsPerMinute, ofEndpoint, policy),
  ].filter((rule) => rule !== null);
}

function errorRateRule(limit: number, options: GuardrailOptions, policy: JudgePolicy): GuardrailRule {
  const name = `error rate > ${percentText(limit)}`;
  return createRateRule(
    {
      metric: 'errors',
      name,
      noun: 'errors',
      verb: 'failed',
      limit,
      all: limitedBy.errors.requests,
      bad: limitedBy.errors.sum,
    },
    options,
    createChampionLevel(policy, limitedBy.errors),
  );
}

function throttleRule(limit: number, options: GuardrailOptions, policy: JudgePolicy): GuardrailRule {
  const name = `throttle rate > ${percentText(limit)}`;
  return createRateRule(
    {
      metric: 'throttles',
      name,
      noun: 'throttled',
      verb: 'were throttled',
      limit,
      all: limitedBy.throttles.requests,
      bad: limitedBy.throttles.sum,
    },
    options,
    createChampionLevel(policy, limitedBy.throttles),
  );
}

function meanLatencyRule(limit: number, options: GuardrailOptions, policy: JudgePolicy): GuardrailRule {
  return createLimitRule(
    {
      metric: 'latency',
      name: `mean latency > ${msText(limit)}`,
      unit: 'ms',
      noun: 'mean latency',
      limit,
      sum: limitedBy.meanLatency.sum,
      ...perRequest,
      text: msText,
      said: (ms) => `mean latency ${msText(ms)}`,
    },
    options,
    createChampionLevel(policy, limitedBy.meanLatency),
  );
}

function endpointErrorsRule(limit: number, options: GuardrailOptions, policy: JudgePolicy): GuardrailRule {
  return createLimitRule(
    {
      metric: 'endpoint-errors',
      name: `endpoint errors > ${digits(limit)} a minute`,
      unit: 'per-minute',
      noun: 'endpoint errors',
      limit,
      sum: limitedBy.endpointErrors.sum,
      level: (_, sum, minutes) => (minutes > 0 ? sum / minutes : NaN),
      scaled: (n0, sum0, n1, minutes) => (n0 > 0 && minutes > 0 ? (sum0 * n1) / n0 / minutes : NaN),
      perRequest: (perMinute, n, minutes) => (perMinute * minutes) / n,
      ofRequest: (rate, n, minutes) => (rate * n) / minutes,
      text: (perMinute) => `${digits(perMinute)} a minute`,
      said: (perMinute) => `${digits(perMinute)} endpoint errors a minute`,
    },
    options,
    createChampionLevel(policy, limitedBy.endpointErrors),
  );
}

/** As a share of the arm's requests, so that the same limit fits any traffic. */
function endpointErrorRateRule(limit: number, options: GuardrailOptions, policy: JudgePolicy): GuardrailRule {
  return createLimitRule(
    {
      metric: 'endpoint-errors',
      name: `endpoint error rate > ${percentText(limit)}`,
      unit: 'share',
      noun: 'endpoint errors',
      limit,
      sum: limitedBy.endpointErrors.sum,
      ...perRequest,
      text: percentText,
      said: (share) => `${percentText(share)} endpoint errors`,
    },
    options,
    createChampionLevel(policy, limitedBy.endpointErrors),
  );
}

/** A limit that is one of each request already. */
const perRequest = {
  level: (n: number, sum: number): number => (n > 0 ? sum / n : NaN),
  scaled: (n0: number, sum0: number): number => (n0 > 0 ? sum0 / n0 : NaN),
  perRequest: (level: number): number => level,
  ofRequest: (level: number): number => level,
};
