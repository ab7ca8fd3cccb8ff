import type { JudgePolicy } from '../../../domain/policy.ts';
import type { Finding } from '../../../domain/verdict.ts';
import { createAlarm, gate } from './alarm.ts';
import { createChampionLevel } from './champion-level.ts';
import { limitedBy } from '../evidence/limited.ts';
import type { Tick } from '../rule.ts';
import { percentText, thousands } from '../words.ts';

export interface AlarmRule {
  step(tick: Tick): void;
  /** Null while it is silent. */
  ringing(): Finding | null;
}

const minuteMs = 60_000;

/**
 * The opt-in literal alarm of a policy: the error rate above its limit in M of the last N minutes. It rolls back beside
 * the judge and outside of alpha, for users who insist. In attributable scope it keeps silent while the champion's own
 * rate over the same minutes is above the limit, and where its own level before explains the challenger's. Source: section 5.2 of the method.
 */
export function createAlarmRule(policy: JudgePolicy): AlarmRule | null {
  const { guardrails, scope } = policy;
  const { errorRate: limit, alarm: literal } = guardrails;
  if (!literal || limit === null) return null;
  const { m, of } = literal;
  const alarm = createAlarm({ tau: limit, m, of });
  const beside = createAlarm({ tau: limit, m, of });
  const champions = createChampionLevel(policy, limitedBy.errors);
  const minute = { ms: 0, n0: 0, x0: 0, n1: 0, x1: 0 };

  function step(tick: Tick): void {
    const { champion, challenger, tickMs } = tick;
    champions.step(tick);
    if (!challenger) return;
    minute.ms += tickMs;
    minute.n0 += champion?.requests ?? 0;
    minute.x0 += champion?.errors ?? 0;
    minute.n1 += challenger.requests;
    minute.x1 += challenger.errors;
    if (minute.ms < minuteMs) return;
    alarm.push(minute.n1, minute.x1);
    beside.push(minute.n0, minute.x0);
    minute.ms = minute.n0 = minute.x0 = minute.n1 = minute.x1 = 0;
  }

  function ringing(): Finding | null {
    if (minute.ms !== 0 || !alarm.ringing()) return null;
    const { n, x, breaching, byChance } = alarm.window();
    const champion = beside.window();
    if (scope === 'attributable' && champion.n > 0 && champion.x / champion.n > (limit ?? 1)) return null;
    if (limit !== null && n > 0 && x / n <= champions.allowance(limit)) return null;
    const minutes = `${breaching} of the last ${of} minutes`;
    return {
      metric: 'errors',
      rule: `error rate > ${percentText(limit ?? 1)} in ${m} of ${of} minutes`,
      unit: 'share',
      champion: champion.n > 0 ? champion.x / champion.n : null,
      challenger: n > 0 ? x / n : null,
      limit,
      evidence: Math.min(1e300, 1 / byChance),
      threshold: 1 / gate,
      championRequests: champion.n,
      challengerRequests: n,
      ticks: of,
      sentence: `challenger ${percentText(n > 0 ? x / n : 0)} errors, over the limit of ${percentText(limit ?? 1)} in ${minutes} (${thousands(x)} of ${thousands(n)} requests failed)`,
    };
  }

  return { step, ringing };
}
