import type { RolloutState } from './state.ts';

/** What a trial has cost users. */
export interface Harm {
  /** Failed and slow requests of the challenger that the metrics have shown. */
  readonly requests: number;
  /**
   * `all`: the metrics were read, or nobody had the challenger. `at least`: of a part of the time they were not, be it of the
   * seconds before a rollback alone. `not known`: nor have they shown any such request.
   */
  readonly known: 'all' | 'at least' | 'not known';
}

/** The last verdict's count, or the failures seen since. A shadow costs users nothing. */
export function harmOf(state: RolloutState): Harm {
  if (state.plan.strategy === 'shadow') return { requests: 0, known: 'all' };
  const { lastVerdict, observations, unreadable } = state;
  const judged = lastVerdict !== null && lastVerdict.kind !== 'unreadable' ? lastVerdict.harmedRequests : 0;
  const failed = observations.reduce((sum, tick) => sum + (tick.challenger?.errors ?? 0), 0);
  const requests = Math.max(judged, failed);
  if (!hadUsers(state)) return { requests, known: 'all' };
  const wasSeen = observations.some(
    ({ challenger, quiet }) => quiet === true || (challenger?.requests ?? 0) > 0,
  );
  if (wasSeen && unreadable === null) return { requests, known: isUnreadBefore(state) ? 'at least' : 'all' };
  return { requests, known: requests > 0 ? 'at least' : 'not known' };
}

/** Users still had the challenger after the last tick that was read: its later requests are in no observation. */
function isUnreadBefore({ rollback, observations }: RolloutState): boolean {
  const last = observations.at(-1);
  if (rollback === null || last === undefined) return false;
  const hadChallenger = last.plannedPercent > 0 || last.challenger !== null;
  return hadChallenger && last.at < rollback.at;
}

/** As an outcome has it. */
export function harmFields(state: RolloutState): {
  readonly harmedRequests: number;
  readonly harm?: 'at least' | 'not known';
} {
  const { requests: harmedRequests, known } = harmOf(state);
  return known === 'all' ? { harmedRequests } : { harmedRequests, harm: known };
}

/** Whether users may have had the challenger: a step that moves them was begun, or metrics were asked for. */
function hadUsers({ plan, step, observations, unreadable }: RolloutState): boolean {
  if (plan.strategy === 'watch' || observations.length > 0 || unreadable !== null) return true;
  return plan.steps
    .slice(0, step)
    .some(({ kind }) => kind === 'route' || kind === 'promote' || kind === 'swap-stage');
}
