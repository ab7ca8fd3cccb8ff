import type { Finding } from '../../domain/verdict.ts';
import { combine } from './evidence/combine.ts';
import type { LookSchedule } from './evidence/look-schedule.ts';
import type { Rule } from './rule.ts';

export interface DecisionOptions {
  /** The alpha of each lane. */
  readonly sequential: number;
  readonly planned: number;
  readonly looks: LookSchedule;
}

export interface Decision {
  /** Why the challenger fails at this tick, the n-th (from 1) with a challenger, the strongest reason first; none: it doesn't. */
  failing(tick: number): readonly Finding[];
  /** log of all evidence together. */
  logTotal(): number;
  /** What speaks against the challenger, the strongest first, where log E of all together is enough; none: it isn't. */
  against(enough: number): readonly Finding[];
  /** The evidence at which a rule decides alone. */
  thresholdOf(rule: Rule): number;
}

/**
 * All rules' evidence to one decision, in whatever order they come: the average, at any tick, and a few looks fixed before
 * traffic moved. Source: sections 3.8 and 8 of the method.
 */
export function createDecision(
  rules: readonly Rule[],
  { sequential, planned, looks }: DecisionOptions,
): Decision {
  const threshold = 1 / sequential;
  const almost = 0.999 * threshold;

  /** An average is never above its largest part: cheap, for it is asked at every tick. */
  function mayDecide(): boolean {
    for (const rule of rules) if (rule.atMost() >= almost) return true;
    return false;
  }

  function logTotal(): number {
    return combine(rules.map((rule) => ({ weight: rule.weight(), logE: rule.logE() })));
  }

  function thresholdOf(rule: Rule): number {
    const weight = rule.weight();
    return weight > 0 ? threshold / weight : Infinity;
  }

  function strongest(): Finding | null {
    const rule = most(rules, (one) => Math.log(one.weight()) + one.logE());
    return rule?.finding(thresholdOf(rule)) ?? null;
  }

  /** Of evidence that together is enough: what speaks most against the challenger, and every rule that would do alone. */
  function reached(enough: number): readonly Finding[] {
    const first = strongest();
    const alone = rules.filter((rule) => Math.log(rule.weight()) + rule.logE() >= enough);
    const others = alone.map((rule) => rule.finding(thresholdOf(rule)));
    return [first, ...others.filter((finding) => finding?.rule !== first?.rule)].filter(
      (one) => one !== null,
    );
  }

  /** The looks that reject, the one that does so most clearly first. */
  function look(tick: number): readonly Finding[] {
    const level = looks.level(tick);
    if (level === null) return [];
    const levelOf = (rule: Rule): number => planned * level * (rule.look?.share() ?? 0);
    const clearness = (rule: Rule): number => Math.log(levelOf(rule)) - Math.log(rule.look!.p());
    return rules
      .filter((rule) => levelOf(rule) > 0 && rule.look!.p() <= levelOf(rule))
      .sort((a, b) => clearness(b) - clearness(a) || (a.name < b.name ? -1 : 1))
      .map((rule) => rule.finding(1 / levelOf(rule), -Math.log(Math.max(rule.look!.p(), 1e-300))))
      .filter((finding) => finding !== null)
      .map((finding) => ({ ...finding, rule: `${finding.rule}, planned look` }));
  }

  return {
    failing(tick) {
      const together = mayDecide() && logTotal() >= Math.log(threshold) ? reached(Math.log(threshold)) : [];
      return [...together, ...look(tick)];
    },
    against: (enough) => (logTotal() >= enough ? reached(enough) : []),
    logTotal,
    thresholdOf,
  };
}

/** The rule with the largest; of several the first by name, so that their order doesn't matter. */
function most(rules: readonly Rule[], of: (rule: Rule) => number): Rule | undefined {
  return rules.reduce<Rule | undefined>((best, rule) => {
    if (!best) return rule;
    const [own, other] = [of(rule), of(best)];
    return own > other || (own === other && rule.name < best.name) ? rule : best;
  }, undefined);
}
