import type { Observation } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import { checkBuckets } from '../monitor/judge/users/validate-users.ts';
import type { UserCountsReading } from '../ports/index.ts';
import { judgeTable } from '../engine/judge-table.ts';
import type { RolloutPorts } from './ports.ts';
import type { RolloutState } from '../engine/state.ts';

const notHere: UserCountsReading = {
  kind: 'unreadable',
  why: 'the router’s log can’t be read from here',
  denied: false,
};

/**
 * The same observations; the last one with the counts by user bucket that the judge asks for after them, or with why
 * there are none. They become part of the journal, so that judging it again comes to the same answer.
 */
export async function withUserCounts(
  ports: Pick<RolloutPorts, 'userCounts'>,
  state: RolloutState,
  observations: readonly Observation[],
): Promise<readonly Observation[]> {
  const last = observations.at(-1);
  const { policy } = state.plan;
  if (last === undefined || policy.users === undefined) return observations;
  const judgement = judgeTable(policy, [...state.observations, ...observations], state.salt);
  if (judgement.wants !== 'user-counts') return observations;
  const from = begunAt(state);
  if (last.at <= from) return observations;
  const query = { from, to: last.at, slowerThanMs: policy.users.slowerThanMs };
  const reading = (await ports.userCounts?.read(query)) ?? notHere;
  return [...observations.slice(0, -1), { ...last, ...partOf(reading) }];
}

/** The first tick that is whole at the present share begins here. */
const begunAt = ({ routeSince, plan: { tickMs } }: RolloutState): Instant =>
  instant(Math.ceil(routeSince / tickMs) * tickMs);

/** The judge refuses counts that can't be, and the journal keeps them for ever: they stop here. */
function partOf(reading: UserCountsReading): Pick<Observation, 'buckets' | 'bucketsUnread'> {
  if (reading.kind === 'unreadable') return { bucketsUnread: reading.why };
  try {
    checkBuckets('buckets', reading.counts);
    return { buckets: reading.counts };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { bucketsUnread: `the counts make no sense: ${error.message}` };
  }
}
