import type { Observation, Reading, RequestCount } from '../domain/observation.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { type AliasTarget, sameTarget, targetText } from '../domain/route.ts';
import { type Instant, instant } from '../domain/units.ts';
import { routeServed } from '../engine/after-effect.ts';
import type { RolloutState } from '../engine/state.ts';
import { homeTarget } from '../engine/target.ts';
import { percentText, requestsText } from '../monitor/judge/words.ts';
import { clock } from '../view/condition.ts';
import type { Session, Caller } from './session.ts';

/** What users get, as the alias that they reach was just read, and how the newest minute of requests went. */
export interface ServingNow {
  readonly sentence: string;
  readonly readAt: Instant;
  /** Percent by version; null where the alias serves what no version and no rollout is known to have. */
  readonly shares: Readonly<Record<string, number>> | null;
  readonly lastMinute: LastMinute;
}

type LastMinute =
  | { readonly kind: 'counted'; readonly to: Instant; readonly requests: number; readonly errors: number }
  | { readonly kind: 'no-requests' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A status is not worth waiting longer for. */
const haste = { withinMs: 2_000 };
const minuteMs = 60_000;
/** CloudWatch has a minute's numbers within three. */
const lookBack = 3;

/** What users reach, and what the store says of it. */
interface Reached {
  readonly target: AliasTarget;
  readonly champion: VersionRecord | null;
  readonly running: RolloutState | null;
}

/**
 * The sentence that a person passes on: `100 % of users get v1.1.1 (read back 14:02:11Z); last minute 0 % errors`. What can't be
 * read is said, and is never 0 %.
 * @param target of the alias that users reach
 */
export async function servingNow(
  context: Caller,
  at: Session,
  { target, champion, running }: Reached,
): Promise<ServingNow> {
  const readAt = context.world.clock.now();
  const shares = await sharesOf(at, { target, champion, running });
  const lastMinute = await lastMinuteOf(context, at, champion, running);
  const users =
    shares === null ? `users get ${targetText(target)}, which mlreg does not know` : usersText(shares);
  const copies =
    running?.route?.kind === 'shadow'
      ? `, and ${running.plan.challenger} copies of ${running.route.sample} %`
      : '';
  return {
    sentence: `${users}${copies} (read back ${clock(readAt)}); ${minuteText(lastMinute)}`,
    readAt,
    shares,
    lastMinute,
  };
}

function usersText(shares: Readonly<Record<string, number>>): string {
  const [first, ...others] = Object.entries(shares).sort(([, a], [, b]) => b - a);
  if (first === undefined) return 'nobody is served';
  return [
    `${first[1]} % of users get ${first[0]}`,
    ...others.map(([version, share]) => `${share} % get ${version}`),
  ].join(', ');
}

function minuteText(minute: LastMinute): string {
  switch (minute.kind) {
    case 'counted':
      return `last minute ${percentText(minute.errors / minute.requests)} errors (${requestsText(minute.requests)} up to ${clock(minute.to)})`;
    case 'no-requests':
      return 'no request was seen in the last minutes';
    case 'unreadable':
      return `the last minute's errors can't be read: ${minute.why}`;
  }
}

async function sharesOf(
  at: Session,
  { target, champion, running }: Reached,
): Promise<Readonly<Record<string, number>> | null> {
  const found = running === null ? null : routeServed(running, target);
  if (running !== null && found !== null) {
    if (found.kind === 'single') return { [found.version]: 100 };
    if (found.kind === 'shadow') return { [found.champion]: 100 };
    return { [found.champion]: 100 - found.percent, [found.challenger]: found.percent };
  }
  if (running?.plan.champion && sameTarget(homeTarget(running), target))
    return { [running.plan.champion]: 100 };
  if (Object.keys(target.weights).length > 0) return null;
  if (champion?.functionVersion === target.functionVersion) return { [champion.version]: 100 };
  const versions = await at.connection.store.versions();
  const known = versions.find(({ functionVersion }) => functionVersion === target.functionVersion);
  return known === undefined ? null : { [known.version]: 100 };
}

async function lastMinuteOf(
  { world }: Caller,
  { config, connection }: Session,
  champion: VersionRecord | null,
  running: RolloutState | null,
): Promise<LastMinute> {
  if (running !== null && running.plan.strategy !== 'shadow') {
    if (running.unreadable !== null) return { kind: 'unreadable', why: running.unreadable.why };
    const seen = sumOf(running.observations, world.clock.now());
    // A snapshot's first tick is many, and may end within the minute.
    const [first] = running.observations;
    const isWhole =
      running.summary === undefined || world.clock.now() - (first?.at ?? 0) > lookBack * minuteMs;
    if (seen !== null && isWhole) return seen;
  }
  if (champion?.endpoint === undefined)
    return { kind: 'unreadable', why: 'no champion with an endpoint is registered' };
  const tickMs = config.kind === 'local' ? 10_000 : minuteMs;
  const to = Math.floor(world.clock.now() / tickMs) * tickMs;
  const reading: Reading = await connection.metrics
    .read({
      champion: {
        version: champion.version,
        endpoint: champion.endpoint.name,
        functionVersion: champion.functionVersion,
      },
      challenger: null,
      from: instant(to - lookBack * minuteMs),
      to: instant(to),
      tickMs,
      plannedPercent: 0,
      haste,
    })
    .catch((error: unknown) => ({
      kind: 'unreadable',
      why: error instanceof Error ? error.message : String(error),
      denied: false,
    }));
  if (reading.kind === 'unreadable') return { kind: 'unreadable', why: reading.why };
  const all = [...reading.observations, ...(reading.provisional ?? [])];
  return sumOf(all, world.clock.now()) ?? { kind: 'no-requests' };
}

/** The newest minute in which there were requests, of the last few; null where there were none. */
function sumOf(ticks: readonly Observation[], now: number): LastMinute | null {
  const recent = ticks.filter(({ at }) => now - at < lookBack * minuteMs);
  const last = recent.findLast((tick) => requestsIn(tick).requests > 0);
  if (last === undefined) return null;
  const minute = recent.filter(({ at }) => at <= last.at && last.at - at < minuteMs);
  const [requests, errors] = minute
    .map(requestsIn)
    .reduce(([n, x], count) => [n + count.requests, x + count.errors], [0, 0]);
  return { kind: 'counted', to: last.at, requests, errors };
}

/** Of both arms, and of callers without a user id. */
function requestsIn({ champion, challenger, anonymous }: Observation): RequestCount {
  const counts = [champion, champion?.aside, challenger, challenger?.aside, anonymous];
  return counts.reduce<RequestCount>(
    (sum, count) =>
      count === null || count === undefined
        ? sum
        : { requests: sum.requests + count.requests, errors: sum.errors + count.errors },
    { requests: 0, errors: 0 },
  );
}
