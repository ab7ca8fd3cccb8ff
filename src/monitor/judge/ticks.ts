import type { Observation } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import type { Tick } from './rule.ts';
import { createTail } from './evidence/tail.ts';

export interface Ticks {
  next(observation: Observation): Tick;
}

/**
 * What each observation is good for. The tick in which the share changed isn't compared (inside it the split and the
 * error rate can both change, which biases the share). Latency isn't compared while the challenger is cold: for the
 * policy's warm-up after each increase of its share, because new containers start whenever it gets more traffic.
 * Source: sections 1 and 4.4 of the method.
 */
export function createTicks(policy: JudgePolicy): Ticks {
  const championTail = createTail();
  const challengerTail = createTail();
  let share: number | null = null;
  let comparedShare: number | null = null;
  /** When the challenger's share was last increased, its first traffic included. */
  let increasedAt: number | null = null;
  return {
    next({ at, tickMs, plannedPercent, champion, challenger, straddlesChange }) {
      const startedAt = at - tickMs;
      const comparable = champion !== null && challenger !== null && straddlesChange !== true;
      if (challenger && challenger.requests > 0) increasedAt ??= startedAt;
      if (challenger && increasedAt !== null && share !== null && plannedPercent > share) {
        increasedAt = startedAt;
      }
      const tick: Tick = {
        tickMs,
        plannedPercent,
        champion,
        challenger,
        championTail: champion?.latency ? championTail(champion.latency) : null,
        challengerTail: challenger?.latency ? challengerTail(challenger.latency) : null,
        comparable,
        shareChanged: challenger !== null && share !== null && share !== plannedPercent,
        comparedShareChanged: comparable && comparedShare !== null && comparedShare !== plannedPercent,
        warm: increasedAt !== null && startedAt - increasedAt >= policy.warmUpMs,
      };
      if (challenger) share = plannedPercent;
      if (comparable) comparedShare = plannedPercent;
      return tick;
    },
  };
}
