import type { BucketCounts } from '../../domain/observation.ts';
import type { UserPolicy } from '../../domain/policy.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { instant } from '../../domain/units.ts';
import { setAside } from '../../monitor/judge/users/set-aside.ts';
import type { Session, Caller } from '../session.ts';
import { slowerThan } from './earlier-latency.ts';
import type { EarlierPeriod } from './earlier-period.ts';
import { demand } from '../router-code.ts';

/**
 * What makes users the unit of comparison in a sticky rollout, out of the champion's earlier period. Must come before the
 * salt is drawn: a choice that knew the arms would bias the comparison.
 * @throws UserError where the deployed router does not understand a route by buckets: it would answer 500 to everybody
 */
export async function userPolicy(
  context: Caller,
  at: Session,
  champion: VersionRecord,
  earlier: EarlierPeriod,
): Promise<UserPolicy> {
  await demand(context, at, 'buckets-1', {
    what: 'routes by user bucket',
    without: `or set environments.${at.config.name}.routing: weighted`,
  });
  const slowerThanMs = slowerThan(earlier.ticks);
  const anonymous = anonymousShare(earlier);
  const shared = { slowerThanMs, ...(anonymous === null ? {} : { anonymousShare: anonymous }) };
  const read = await countsOf(at, champion, earlier, slowerThanMs);
  return typeof read === 'string'
    ? { aside: [], earlier: null, unread: read, ...shared }
    : { aside: setAside(read).buckets, earlier: read, ...shared };
}

/** The counts, or why there are none. */
async function countsOf(
  { connection }: Session,
  champion: VersionRecord,
  { from, to, ticks }: EarlierPeriod,
  slowerThanMs: UserPolicy['slowerThanMs'],
): Promise<BucketCounts | string> {
  // While it was a challenger others served as well, whose requests are in the same log.
  const since = instant(Math.max(from, champion.statusAt));
  if (ticks.length === 0 || since >= to) return 'the champion has no earlier traffic to count';
  const reading = await connection.userCounts.read({ from: since, to, slowerThanMs });
  if (reading.kind === 'unreadable') return reading.why;
  return reading.counts.id.length > 0
    ? reading.counts
    : 'the champion’s router wrote no user buckets to its log: an older version of it serves';
}

/** Null where nothing was counted. */
function anonymousShare({ anonymous, ticks }: EarlierPeriod): number | null {
  if (anonymous === null) return null;
  const known = ticks.reduce((sum, tick) => sum + tick.requests + (tick.aside?.requests ?? 0), 0);
  const all = known + anonymous.requests;
  return all > 0 ? anonymous.requests / all : null;
}
