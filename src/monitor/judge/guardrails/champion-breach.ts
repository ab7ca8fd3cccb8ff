import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { blameFactor } from './guardrail-rate.ts';
import { type Limited, limitedBy } from '../evidence/limited.ts';
import { digits, msText, percentText } from '../words.ts';

/** A guardrail that the champion itself breaches. */
export interface ChampionBreach {
  /** Under `guardrails` in mlreg.yaml. */
  readonly guardrail: string;
  /** In `unit`. */
  readonly level: number;
  readonly limit: number;
  readonly unit: 'share' | 'ms' | 'per-minute';
  readonly sentence: string;
}

const fewestRequests = 20;
const fewestBad = 5;

/**
 * Guardrails that the champion's history breaches, by its mean level. People are told before a rollout; nothing is refused, for a
 * champion in trouble must not block its fix: the judge then allows the challenger 1.25 times the champion's level.
 */
export function championBreaches(
  policy: Pick<JudgePolicy, 'guardrails' | 'history' | 'historyTickMs' | 'scope'>,
): readonly ChampionBreach[] {
  const { guardrails, history, historyTickMs, scope } = policy;
  const minutes = (history.length * historyTickMs) / 60_000;
  const check = (
    guardrail: string,
    noun: string,
    limited: Limited,
    limit: number | null | undefined,
    unit: ChampionBreach['unit'],
  ): readonly ChampionBreach[] => {
    const { n, sum } = totals(history, limited);
    if (limit === null || limit === undefined || n < fewestRequests) return [];
    if (limited.kind === 'count' && sum < fewestBad) return [];
    const level = unit === 'per-minute' ? sum / minutes : sum / n;
    if (!(level > limit)) return [];
    const text = unit === 'share' ? percentText : unit === 'ms' ? msText : perMinuteText;
    const then =
      scope === 'attributable'
        ? `the challenger may reach ${blameFactor} times the champion’s level`
        : 'with judge.scope: absolute the challenger is rolled back for it as well';
    const sentence = `the champion already breaches guardrails.${guardrail}: ${text(level)} ${noun}, limit ${text(limit)}; ${then}`;
    return [{ guardrail, level, limit, unit, sentence }];
  };
  const { errors, meanLatency, endpointErrors, throttles } = limitedBy;
  return [
    ...check('errorRate', 'errors', errors, guardrails.errorRate, 'share'),
    ...check('meanLatency', 'mean latency', meanLatency, guardrails.meanLatencyMs, 'ms'),
    ...check('endpointErrorRate', 'endpoint errors', endpointErrors, guardrails.endpointErrorRate, 'share'),
    ...check(
      'endpointErrorsPerMinute',
      'endpoint errors',
      endpointErrors,
      guardrails.endpointErrorsPerMinute,
      'per-minute',
    ),
    ...check('throttleRate', 'throttled', throttles, guardrails.throttleRate, 'share'),
  ];
}

const perMinuteText = (level: number): string => `${digits(level)} a minute`;

function totals(history: readonly ArmTick[], limited: Limited): { readonly n: number; readonly sum: number } {
  let n = 0;
  let sum = 0;
  for (const arm of history) {
    const here = limited.sum(arm);
    if (Number.isNaN(here)) continue;
    n += limited.requests(arm);
    sum += here;
  }
  return { n, sum };
}
