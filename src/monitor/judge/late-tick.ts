import type { ArmTick, LateTick, RequestCount } from '../../domain/observation.ts';
import type { Tick } from './rule.ts';

/**
 * What arrived late, as a tick of its own. Both arms are compared where requests of both are new, for then the pair is a
 * new one of the same time. Requests of one arm alone have nobody to be compared with: the other arm's were in evidence
 * before, and a bet on what is known is none. Those are held against the limit, as the champion's rate in the same tick
 * raises it.
 * @param plannedPercent the share now
 * Source: section 12 of the method.
 */
export function lateTick(late: LateTick, tickMs: number, plannedPercent: number): Tick {
  const [champion, challenger] = [armOf(late.champion), armOf(late.challenger)];
  const isPair = (champion?.requests ?? 0) > 0 && (challenger?.requests ?? 0) > 0;
  return {
    tickMs,
    plannedPercent,
    champion,
    challenger,
    beside: late.beside,
    championTail: null,
    challengerTail: null,
    comparable: isPair && late.plannedPercent === plannedPercent,
    shareChanged: false,
    comparedShareChanged: false,
    warm: false,
  };
}

const armOf = (count: RequestCount | null): ArmTick | null =>
  count === null ? null : { ...count, throttles: 0 };
