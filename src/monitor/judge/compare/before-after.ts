import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { proportionInterval } from '../evidence/proportion-interval.ts';

/** Shares of failed requests, 0 to 1. */
export interface BeforeAfter {
  /** Of the champion in its last hour. */
  readonly champion: number;
  /** Of the challenger since it has all traffic. */
  readonly challenger: number;
  /** What chance and the rollback margin explain of the challenger's. */
  readonly limit: number;
}

const hourMs = 3_600_000;

/**
 * For a challenger without a champion beside it, for display: ratio U + difference, U the upper end of the champion's
 * interval over its last hour at level alpha/10. Nothing is decided by it: before against after also compares one time of
 * day with another, and an error rate that moves with it is no reason to roll back. Null while the champion has traffic.
 * Source: section 5.4 of the method.
 */
export function beforeAfter(policy: JudgePolicy, observations: readonly Observation[]): BeforeAfter | null {
  const from = observations.findLastIndex(({ champion }) => champion !== null && champion.requests > 0) + 1;
  const after = sumOf(observations.slice(from).map(({ challenger }) => challenger));
  const before = championsLastHour(policy, observations.slice(0, from));
  if (after.requests === 0 || before.requests === 0 || observations.at(-1)?.plannedPercent !== 100)
    return null;
  const { ratio, difference } = policy.rollbackMargin;
  const { high } = proportionInterval(before.requests, before.errors, policy.alpha / 10);
  return {
    champion: before.errors / before.requests,
    challenger: after.errors / after.requests,
    limit: Math.min(0.95, ratio * high + difference),
  };
}

interface Counts {
  readonly requests: number;
  readonly errors: number;
}

/** Of the rollout's own ticks, and of the history before them as far as they don't fill the hour. */
function championsLastHour(policy: JudgePolicy, observations: readonly Observation[]): Counts {
  const ticks = [
    ...policy.history.map((arm) => ({ arm, ms: policy.historyTickMs })),
    ...observations.map(({ champion, tickMs }) => ({ arm: champion, ms: tickMs })),
  ];
  let ms = 0;
  let from = ticks.length;
  while (from > 0 && ms < hourMs) ms += ticks[--from]!.ms;
  return sumOf(ticks.slice(from).map(({ arm }) => arm));
}

function sumOf(arms: readonly (Counts | null)[]): Counts {
  let requests = 0;
  let errors = 0;
  for (const arm of arms) {
    requests += arm?.requests ?? 0;
    errors += arm?.errors ?? 0;
  }
  return { requests, errors };
}
