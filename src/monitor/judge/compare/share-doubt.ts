import type { ArmTick, Observation } from '../../../domain/observation.ts';
import type { UserPolicy } from '../../../domain/policy.ts';
import { bucketRanks, bucketsAt } from '../../../domain/user-bucket.ts';
import { percentText, thousands } from '../words.ts';

export interface ShareDoubt {
  step(observation: Observation): void;
  /** Why the present share may not pass; null where requests arrive about as planned. */
  doubt(): string | null;
  /** Why the challenger gets no requests, where that can be told. */
  cause(): string | null;
}

/** Odds against the planned ones: a few heavy users move them, half of the requests missing is more than that. */
const leastOdds = 0.6;
/** Of the challenger, at the planned share. */
const fewestExpected = 50;
const mostAtFirst = 0.2;
const deviations = 3;
const most = 0.5;

/**
 * Whether the requests that were seen at the present share can stand for those that users made. Requests that are missing
 * are seldom missing by chance: those that time out, or that one log drops. And a first step reaches more users than
 * anybody planned where one id makes much of the traffic. Requests that the model calls bad are left out: whoever sends them
 * on purpose decides which version gets them.
 *
 * A few users often make most requests. Where the champion's earlier requests are known by bucket, the challenger is expected to
 * get no more of them than its own buckets made then: with the heaviest user on the champion that is far less than planned.
 * @param users of the policy; undefined: users are not compared
 * @param salt of the rollout; undefined: which bucket is whose is not known
 * Source: section 11 of the method.
 */
export function createShareDoubt(users?: UserPolicy, salt?: string): ShareDoubt {
  const earlierShare = earlierShareOf(users, salt);
  let first: number | null = null;
  let seen = empty(0);

  function step({
    champion,
    challenger,
    plannedPercent,
    straddlesChange,
    anonymous,
    copies,
  }: Observation): void {
    if (challenger === null || straddlesChange === true || copies !== undefined) return;
    if (plannedPercent > 0) first ??= plannedPercent;
    if (plannedPercent !== seen.percent) seen = empty(plannedPercent);
    seen.anonymous += anonymous?.requests ?? 0;
    if (champion === null) return;
    seen.n0 += answeredOf(champion);
    seen.n1 += answeredOf(challenger);
    seen.refused += challenger.requests - answeredOf(challenger);
    challenger.strata?.requests.forEach((count, k) => {
      seen.strata[k] = (seen.strata[k] ?? 0) + count;
    });
  }

  function cause(): string | null {
    const all = seen.n0 + seen.n1 + seen.anonymous;
    return seen.anonymous > most * all
      ? `${percentText(seen.anonymous / all)} of requests carry no user id`
      : null;
  }

  function missing(): string | null {
    const w = Math.min(seen.percent / 100, earlierShare(seen.percent));
    const expected = (seen.n0 * w) / (1 - w);
    if (expected < fewestExpected || seen.n1 >= leastOdds * expected) return null;
    const why =
      cause() ??
      (seen.n1 + seen.refused >= leastOdds * expected
        ? `it called ${thousands(seen.refused)} others bad`
        : seen.n1 === 0
          ? 'its metrics are late or lost'
          : 'the others are late or not counted, and those that are seen may be the ones that went well');
    return `${got()}: ${why}`;
  }

  function tooMany(): string | null {
    const n = seen.n0 + seen.n1;
    const limit = mostAtFirst * n;
    if (first !== seen.percent || seen.percent > 100 * mostAtFirst) return null;
    if (seen.n1 <= limit + deviations * Math.sqrt(limit * (1 - mostAtFirst))) return null;
    const why =
      Math.max(0, ...seen.strata) > most * sum(seen.strata)
        ? 'one user id, or a few, make most of its traffic'
        : 'some user ids make more requests than others';
    return `${got()}, more than the ${percentText(mostAtFirst)} that a first step may reach: ${why}`;
  }

  const got = (): string =>
    `challenger got ${percentText(seen.n1 / (seen.n0 + seen.n1))} of the requests, planned ${percentText(seen.percent / 100)}`;

  const isSplit = (): boolean => seen.percent > 0 && seen.percent < 100;
  return { step, cause, doubt: () => (isSplit() ? (missing() ?? tooMany()) : null) };
}

/** Share, 0 to 1, of the champion's earlier requests in the buckets that a share of `percent` gives to the challenger; else 1. */
function earlierShareOf(
  users: UserPolicy | undefined,
  salt: string | undefined,
): (percent: number) => number {
  const earlier = users?.earlier ?? null;
  if (earlier === null || salt === undefined) return () => 1;
  const ranks = bucketRanks(salt);
  const aside = new Set(users?.aside);
  const kept = earlier.id.flatMap((id, i) =>
    aside.has(id) ? [] : [{ rank: ranks[id]!, requests: earlier.requests[i]! }],
  );
  const all = kept.reduce((total, { requests }) => total + requests, 0);
  const known = new Map<number, number>();
  return (percent) => {
    const first = bucketsAt(percent);
    const share =
      known.get(first) ??
      kept.reduce((total, { rank, requests }) => total + (rank < first ? requests : 0), 0) / all;
    known.set(first, share);
    return all > 0 ? share : 1;
  };
}

function empty(percent: number) {
  return { percent, n0: 0, n1: 0, refused: 0, anonymous: 0, strata: [] as number[] };
}

const answeredOf = ({ requests, refused = 0 }: ArmTick): number => Math.max(0, requests - refused);

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
