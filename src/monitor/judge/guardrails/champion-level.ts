import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { blameFactor } from './guardrail-rate.ts';
import type { Limited } from '../evidence/limited.ts';
import type { Tick } from '../rule.ts';

export interface ChampionLevel {
  step(tick: Tick): void;
  /**
   * What the champion's own level allows the challenger, per request: `blameFactor` times the upper bound of the level.
   * 0 where the champion is below `limit` (per request), or its level is not known.
   */
  allowance(limit: number): number;
}

/** Standard errors of the upper bound: one-sided 1 %. */
const deviations = 2.33;
const fewestRequests = 20;
const fewestBad = 5;
const blockMs = 1_800_000;

/**
 * The champion's own level of what a guardrail limits, from its history and its ticks in the rollout. A limit that the
 * champion exceeds by itself proves nothing against the challenger, so then 1.25 times the champion's level is the limit.
 *
 *     level = S/N,  upper = level + 2.33 se,  se^2 = sum (s_i - level n_i)^2 / N^2
 *
 * over its ticks of `n_i` requests and the sum `s_i`; for counts at least Poisson's (S + 1)/N^2. Ticks with both arms
 * join the level in blocks of half an hour, because recent ones may be an incident that both arms share. With all traffic on the challenger they all count. In absolute scope there is no allowance.
 * Source: section 5.3 of the method.
 */
export function createChampionLevel(policy: JudgePolicy, limited: Limited): ChampionLevel {
  const before = createSums();
  let block = createSums();
  let blockTime = 0;
  for (const arm of policy.history) into(before, arm);

  function into(sums: Sums, arm: ArmTick): void {
    const n = limited.requests(arm);
    const sum = limited.sum(arm);
    if (n > 0 && !Number.isNaN(sum)) sums.add(n, sum);
  }

  function close(): void {
    before.addAll(block);
    block = createSums();
    blockTime = 0;
  }

  return {
    step({ champion, plannedPercent, tickMs }) {
      if (champion) {
        into(block, champion);
        blockTime += tickMs;
      }
      if (blockTime >= blockMs || (plannedPercent === 100 && blockTime > 0)) close();
    },
    allowance(limit) {
      if (policy.scope === 'absolute') return 0;
      const { n, s } = before.totals();
      if (n < fewestRequests || (limited.kind === 'count' && s < fewestBad)) return 0;
      const level = s / n;
      if (!(level > limit / blameFactor)) return 0;
      const variance = Math.max(before.squares(level), limited.kind === 'count' ? s + 1 : 0);
      return blameFactor * (level + (deviations * Math.sqrt(variance)) / n);
    },
  };
}

type Sums = ReturnType<typeof createSums>;

function createSums() {
  const now = { n: 0, s: 0, nn: 0, ns: 0, ss: 0 };
  return {
    add(n: number, s: number) {
      now.n += n;
      now.s += s;
      now.nn += n * n;
      now.ns += n * s;
      now.ss += s * s;
    },
    addAll(other: { readonly raw: Readonly<typeof now> }) {
      for (const key of ['n', 's', 'nn', 'ns', 'ss'] as const) now[key] += other.raw[key];
    },
    raw: now,
    totals: () => ({ n: now.n, s: now.s }),
    /** sum (s_i - level n_i)^2 */
    squares: (level: number) => Math.max(0, now.ss - 2 * level * now.ns + level * level * now.nn),
  };
}
