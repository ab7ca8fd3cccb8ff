import type { JudgePolicy } from '../../../domain/policy.ts';
import { plannedShare } from './lanes.ts';

export interface LookSchedule {
  /** How many looks were planned. */
  readonly planned: number;
  /**
   * Whether the n-th tick of the rollout (from 1) is a look, and the share of this lane's alpha that it may spend;
   * null where it is none.
   */
  level(tick: number): number | null;
}

const single = [1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1] as const;
const several = [1 / 4, 1 / 2, 3 / 4, 1] as const;

/**
 * When the planned looks are, in ticks since the challenger first had traffic: 8 of a single step, 4 of each of
 * several, fixed before traffic moves. Look L + k of an extended bake spends 2^-k / (10 L).
 *
 * Steps without a champion beside the challenger (100 %) have nothing to look at. Union bound over looks: with 90 %
 * on the planned ones the lane's alpha is never exceeded. Source: section 3.8 of the method.
 */
export function planLooks(steps: JudgePolicy['steps']): LookSchedule {
  const finite = steps.filter((step) => step.ticks > 0 && Number.isFinite(step.ticks));
  const endless = steps.some((step) => !Number.isFinite(step.ticks));
  const fractions = finite.filter((step) => step.percent < 100).length > 1 ? several : single;
  const at = new Set<number>();
  let start = 0;
  for (const step of finite) {
    if (step.percent < 100)
      for (const f of fractions) at.add(start + Math.max(1, Math.ceil(f * step.ticks - 1e-9)));
    start += step.ticks;
  }
  const planned = at.size;
  const end = start;
  const pause = Math.max(1, Math.ceil(end / 8));
  return {
    planned,
    level(tick) {
      if (planned === 0) return null;
      if (at.has(tick)) return plannedShare / planned;
      if (endless || tick <= end || (tick - end) % pause !== 0) return null;
      return 2 ** -((tick - end) / pause) / (10 * planned);
    },
  };
}
