import type { JudgePolicy } from '../../domain/policy.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { instant } from '../../domain/units.ts';
import { weekWindowMs, worstByHour } from '../../monitor/judge/last-week.ts';
import type { Session, Caller } from '../session.ts';
import type { Endpoints } from './earlier-period.ts';

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** A champion that served for less says nothing of most times of day. */
const leastMs = 6 * dayMs;

/** The champion's worst ten minutes by the hour of the day. Undefined: it has not served long enough, or nothing could be read. */
export async function lastWeek(
  context: Caller,
  { config, connection }: Session,
  champion: VersionRecord,
  endpoints: Endpoints,
): Promise<JudgePolicy['lastWeek']> {
  const endpoint = endpoints[champion.version];
  const since = champion.services?.findLast(({ left }) => left === undefined)?.since ?? champion.statusAt;
  const to = Math.floor((context.world.clock.now() - config.settleMs) / weekWindowMs) * weekWindowMs;
  const from = Math.max(to - weekMs, Math.ceil(since / weekWindowMs) * weekWindowMs);
  if (endpoint === undefined || config.judge.historyMs === 0 || to - from < leastMs) return undefined;
  const reading = await connection.metrics.read({
    champion: {
      version: champion.version,
      endpoint: endpoint.name,
      functionVersion: champion.functionVersion,
    },
    challenger: null,
    from: instant(from),
    to: instant(to),
    tickMs: weekWindowMs,
    plannedPercent: 0,
  });
  if (reading.kind === 'unreadable') {
    context.output.say(
      `the champion's last week can't be read (${reading.why}); at 100 % it is not compared with`,
    );
    return undefined;
  }
  const hours = worstByHour(
    reading.observations.flatMap(({ at, champion: arm }) =>
      arm === null ? [] : [{ at, requests: arm.requests, errors: arm.errors }],
    ),
  );
  return hours.some((worst) => worst !== null) ? hours : undefined;
}
