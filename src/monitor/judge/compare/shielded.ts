import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { binomialTail } from '../math/binomial-tail.ts';
import { percentText, thousands } from '../words.ts';

export interface ShieldDoubt {
  step(observation: Observation): void;
  /** Why the present share may not pass; null where no group of users hides what the others see. */
  doubt(): string | null;
}

/** Of the champion's failures in one of 16 groups of users. */
const most = 0.5;
const fewestFailures = 20;
const fewestGroups = 6;
const fewestOfGroup = 10;
const chance = 1e-4;

/**
 * Whether the champion seems as bad as the challenger for the sake of one group of users alone. One caller whose requests
 * the champion fails raises its error rate, and with it what the challenger may fail: nothing would be found, and a
 * challenger that fails its users might be shown to be no worse.
 *
 * The group with most of the champion's failures and the one with most of the challenger's are left out of both arms. A few
 * users explain no failures in most of the groups that remain, so it is no matter of who got which version. It blocks
 * passing, and rolls nothing back.
 * Source: section 11 of the method.
 */
export function createShieldDoubt({ rollbackMargin }: Pick<JudgePolicy, 'rollbackMargin'>): ShieldDoubt {
  let seen = empty(0);

  function step({ champion, challenger, plannedPercent, straddlesChange, copies }: Observation): void {
    if (plannedPercent !== seen.percent) seen = empty(plannedPercent);
    if (straddlesChange === true || copies !== undefined) return;
    if (champion?.strata === undefined || challenger?.strata === undefined) return;
    add(seen.n0, champion.strata.requests);
    add(seen.x0, champion.strata.errors);
    add(seen.n1, challenger.strata.requests);
    add(seen.x1, challenger.strata.errors);
  }

  function doubt(): string | null {
    const { n0, x0, n1, x1 } = seen;
    const own = worst(x0);
    const failures = sum(x0);
    if (own < 0 || failures < fewestFailures || x0[own]! < most * failures) return null;
    const others = n0.map((_, k) => k).filter((k) => k !== own && k !== worst(x1));
    const of = (counts: readonly number[]): number => others.reduce((all, k) => all + (counts[k] ?? 0), 0);
    const [b0, y0, b1, y1] = [of(n0), of(x0), of(n1), of(x1)];
    if (b0 === 0 || b1 === 0) return null;
    // As for a flawless champion: what its own few failures may come to.
    const upper = Math.min(1, (y0 + 2.33 * Math.sqrt(y0 + 1) + 3) / (b0 + 1));
    const allowed = Math.min(0.95, rollbackMargin.ratio * upper + rollbackMargin.difference);
    const groups = others.filter((k) => (n1[k] ?? 0) >= fewestOfGroup);
    const failing = groups.filter((k) => x1[k]! > allowed * n1[k]!);
    if (groups.length < fewestGroups || failing.length < groups.length / 2) return null;
    const n = Math.ceil(b1);
    if (binomialTail(n, Math.min(n, y1), allowed) > chance) return null;
    return (
      `${percentText(x0[own]! / failures)} of the champion's failures are in one of 16 groups of users; without it ` +
      `${thousands(y1)} of ${thousands(b1)} challenger requests failed (${percentText(y1 / b1)}), ` +
      `champion ${thousands(y0)} of ${thousands(b0)} (${percentText(y0 / b0)})`
    );
  }

  return { step, doubt };
}

function empty(percent: number) {
  return { percent, n0: [] as number[], x0: [] as number[], n1: [] as number[], x1: [] as number[] };
}

function add(into: number[], counts: readonly number[]): void {
  counts.forEach((count, k) => {
    into[k] = (into[k] ?? 0) + count;
  });
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
/** -1: there is none. */
const worst = (counts: readonly number[]): number => counts.indexOf(Math.max(...counts));
