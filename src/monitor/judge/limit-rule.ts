import type { ArmTick } from '../../domain/observation.ts';
import type { Finding, MetricName } from '../../domain/verdict.ts';
import { createLimitGuardrail } from './guardrail-limit.ts';
import { blameFactor, fewestChampionRequests } from './guardrail-rate.ts';
import type { GuardrailOptions, GuardrailRule } from './guardrail-rules.ts';
import { breachingTicks, createGuardrailWindow, type Side } from './guardrail-window.ts';
import { chanceText, evidenceOf, requestsText } from './words.ts';

interface LimitKind {
  readonly metric: MetricName;
  readonly name: string;
  readonly unit: 'ms' | 'per-minute';
  readonly limit: number;
  /** `mean latency`, `endpoint errors`. */
  readonly noun: string;
  /** Requests that speak, and what is limited, summed over them. Null = no data. */
  read(arm: ArmTick): Side | null;
  /** In `unit`: from a sum over so many minutes. */
  level(side: Side, minutes: number): number | null;
  /** The champion's level in the challenger's measure, so that a smaller arm isn't blamed for being smaller. */
  scaled(champion: Side, challenger: Side, minutes: number): number | null;
  text(level: number): string;
}

/** A guardrail on a mean or on a count a minute. Source: section 5 of the method. */
export function createLimitRule(kind: LimitKind, options: GuardrailOptions): GuardrailRule {
  const test = createLimitGuardrail({ alpha: options.capAlpha });
  const window = createGuardrailWindow();
  let here = { n: 0, value: 0, minutes: 0 };
  const seen = { champion: { n: 0, value: 0 }, challenger: { n: 0, value: 0 }, minutes: 0, ticks: 0 };

  function limitBeside(champion: Side | null, challenger: Side, minutes: number): number {
    if (!options.attributable || !champion || champion.n < fewestChampionRequests) return kind.limit;
    return Math.max(kind.limit, blameFactor * (kind.scaled(champion, challenger, minutes) ?? 0));
  }

  function finding(threshold: number, sentence = said()): Finding {
    return {
      metric: kind.metric,
      rule: kind.name,
      unit: kind.unit,
      champion: kind.level(seen.champion, seen.minutes),
      challenger: kind.level(seen.challenger, seen.minutes),
      limit: kind.limit,
      evidence: evidenceOf(test.logE()),
      threshold,
      championRequests: seen.champion.n,
      challengerRequests: seen.challenger.n,
      ticks: seen.ticks,
      sentence,
    };
  }

  function said(): string {
    const level = kind.level(seen.challenger, seen.minutes);
    if (level === null) return `no ${kind.noun} of the challenger to judge`;
    const what = `challenger ${kind.text(level)} ${kind.noun}, limit ${kind.text(kind.limit)}`;
    return `${what}: ${chanceText(test.logE())} (over ${requestsText(seen.challenger.n)})`;
  }

  return {
    metric: kind.metric,
    name: kind.name,
    weight: () => options.weight,
    step({ champion, challenger, shareChanged, tickMs }) {
      if (!challenger) return;
      const minutes = tickMs / 60_000;
      const own = kind.read(challenger);
      const other = champion && kind.read(champion);
      window.push({ champion: other, challenger: own, minutes });
      const level = own && kind.level(own, minutes);
      if (!own || level === null) {
        test.update(null, shareChanged);
        return;
      }
      test.update(level / limitBeside(other, own, minutes), shareChanged);
      if (shareChanged) here = { n: 0, value: 0, minutes: 0 };
      here = { ...plus(here, own), minutes: here.minutes + minutes };
      seen.ticks++;
      seen.minutes += minutes;
      seen.challenger = plus(seen.challenger, own);
      if (other) seen.champion = plus(seen.champion, other);
    },
    logE: test.logE,
    finding: (threshold) => (seen.ticks > 0 ? finding(threshold) : null),
    breach() {
      const level = kind.level(here, here.minutes);
      // One error in a second is no sixty a minute: a count has to reach its limit as it stands.
      const counted = kind.unit === 'ms' || here.value > kind.limit;
      if (level === null || level <= kind.limit || !counted) return null;
      return `challenger ${kind.text(level)} ${kind.noun} at this share, over the limit of ${kind.text(kind.limit)}`;
    },
    incident(threshold) {
      if (!options.attributable) return null;
      const over = window.entries().filter(({ champion: c, challenger: o, minutes }) => {
        return c && o && c.n >= fewestChampionRequests && (kind.scaled(c, o, minutes) ?? 0) > kind.limit;
      });
      const [other, own] = [window.sum('champion'), window.sum('challenger')];
      const theirs = kind.scaled(other, own, window.minutes());
      const level = kind.level(own, window.minutes());
      if (over.length < breachingTicks || theirs === null || theirs <= kind.limit) return null;
      if (level === null || level <= kind.limit) return null;
      return finding(
        threshold,
        `both arms breach the limit of ${kind.text(kind.limit)} ${kind.noun} over the last ${window.entries().length} ticks: ` +
          `champion ${kind.text(theirs)}, challenger ${kind.text(level)}; an incident, not the challenger’s fault`,
      );
    },
  };
}

function plus(a: Side, b: Side): Side {
  return { n: a.n + b.n, value: a.value + b.value };
}
