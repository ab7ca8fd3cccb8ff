import type { Observation, RequestCount } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import type { Finding } from '../../domain/verdict.ts';
import { binomialTail } from './math/binomial-tail.ts';
import { percentText, thousands } from './words.ts';

/** The length of the windows that are compared, ms. */
export const weekWindowMs = 600_000;

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Windows with fewer requests say nothing of a rate. */
const fewestRequests = 50;
/** Of seven: a time of day that was seen less often is not known. */
const fewestDays = 6;
/** As likely by chance at the limit, and it is no chance. */
const gate = 1e-4;

const hourOf = (at: number): number => Math.floor(at / hourMs) % 24;

/**
 * Of the champion's windows of the last seven days, the worst by the hour of the day (UTC); null where that hour was not
 * seen on enough days.
 */
export function worstByHour(
  windows: readonly (RequestCount & { readonly at: number })[],
): readonly (RequestCount | null)[] {
  const hours = Array.from({ length: 24 }, () => ({
    days: new Set<number>(),
    worst: null as RequestCount | null,
  }));
  for (const { at, requests, errors } of windows) {
    if (requests < fewestRequests) continue;
    const began = at - weekWindowMs;
    const hour = hours[hourOf(began)]!;
    hour.days.add(Math.floor(began / dayMs));
    if (hour.worst === null || errors / requests > hour.worst.errors / hour.worst.requests)
      hour.worst = { requests, errors };
  }
  return hours.map(({ days, worst }) => (days.size >= fewestDays ? worst : null));
}

export interface LastWeekRule {
  step(observation: Observation): void;
  /** Null where it does not exceed what the same hours showed, or they are not known. */
  exceeded(): Finding | null;
}

/**
 * With all traffic on the challenger: its errors of the last ten minutes, in each fifth of them, beyond the champion's worst ten
 * minutes around this time of day in the last seven days by more than the rollback margin, and beyond chance. It compares one
 * day with others, so alpha does not cover it; it only rolls back and never holds, so a daily peak delays nothing.
 * Null where nothing is known of that week.
 * Source: section 5.6 of the method.
 */
export function createLastWeekRule({ lastWeek, rollbackMargin }: JudgePolicy): LastWeekRule | null {
  if (lastWeek === undefined) return null;
  let ticks: { readonly ms: number; readonly requests: number; readonly errors: number }[] = [];
  let last = 0;

  function step({ at, tickMs, plannedPercent, champion, challenger, straddlesChange }: Observation): void {
    last = at;
    if (plannedPercent !== 100 || straddlesChange === true || (champion?.requests ?? 0) > 0) {
      ticks = [];
      return;
    }
    const { requests, errors } = challenger ?? { requests: 0, errors: 0 };
    ticks.push({ ms: tickMs, requests, errors });
    while (ticks.length > 1 && lengthOf(ticks) - ticks[0]!.ms >= weekWindowMs) ticks.shift();
  }

  /** The worst rate within an hour of now, daylight saving included; null where not all three hours are known. */
  function usual(): number | null {
    const hour = hourOf(last - weekWindowMs);
    const worst = [hour + 23, hour, hour + 1].map((h) => lastWeek?.[h % 24] ?? null);
    const rates = worst.map((one) => one && one.errors / one.requests);
    return rates.includes(null) ? null : Math.max(...rates.map((rate) => rate ?? 0));
  }

  function exceeded(): Finding | null {
    const champion = usual();
    if (champion === null || lengthOf(ticks) < weekWindowMs) return null;
    const { requests, errors } = sumOf(ticks);
    const limit = Math.min(0.95, rollbackMargin.ratio * champion + rollbackMargin.difference);
    if (requests < fewestRequests || !parts(ticks).every((part) => rateOf(part) > limit)) return null;
    const byChance = binomialTail(requests, errors, limit);
    if (byChance > gate) return null;
    return {
      metric: 'errors',
      rule: 'errors beyond the same hours of the last seven days',
      unit: 'share',
      champion,
      challenger: errors / requests,
      limit,
      evidence: Math.min(1e300, 1 / Math.max(1e-300, byChance)),
      threshold: 1 / gate,
      championRequests: 0,
      challengerRequests: requests,
      ticks: ticks.length,
      sentence: `${thousands(errors)} of ${thousands(requests)} challenger requests failed in the last ten minutes (${percentText(errors / requests)}); the champion’s worst ten minutes around this time of day in the last seven days had ${percentText(champion)}, which allows ${percentText(limit)}`,
    };
  }

  return { step, exceeded };
}

type Window = readonly { readonly ms: number; readonly requests: number; readonly errors: number }[];

const lengthOf = (ticks: Window): number => ticks.reduce((sum, { ms }) => sum + ms, 0);

const sumOf = (ticks: Window): RequestCount =>
  ticks.reduce(
    (sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }),
    { requests: 0, errors: 0 },
  );

const rateOf = (ticks: Window): number => {
  const { requests, errors } = sumOf(ticks);
  return requests === 0 ? 0 : errors / requests;
};

/** Two minutes each; fewer where a tick is longer. */
function parts(ticks: Window): readonly Window[] {
  const count = Math.min(5, ticks.length);
  const ends = Array.from({ length: count }, (_, i) => Math.round(((i + 1) * ticks.length) / count));
  return ends.map((end, i) => ticks.slice(i === 0 ? 0 : ends[i - 1], end));
}
