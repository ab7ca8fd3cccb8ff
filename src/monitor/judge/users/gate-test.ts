import type { JudgePolicy, UserPolicy } from '../../../domain/policy.ts';
import { type Counted, isSlow, type UserMargin } from './counted.ts';
import { capHeavy } from './capped.ts';
import { type ExchangeInput, exchangeOf } from './exchange.ts';
import { gateRandom } from './random-orders.ts';
import { randomisationTest } from './randomisation.ts';
import type { Segment } from './segments.ts';
import { strataTest } from './strata-test.ts';

/** What asking whether users explain a finding came to. */
export type GateAnswer =
  | { readonly by: 'buckets'; readonly p: number; readonly level: number; readonly buckets: number }
  | {
      readonly by: 'strata';
      readonly p: number;
      readonly level: number;
      readonly strata: number;
      /** Why counts by bucket were not used. */
      readonly why: string;
    }
  /**
   * Nothing is counted by user for this finding, so there is no gate: older routers report no users, and slow or refused
   * requests are counted by bucket alone, slow ones against the champion's earlier latency.
   */
  | { readonly by: 'no-gate'; readonly why: string }
  /** Nor is there another way to tell one caller from all: it rolls nothing back. */
  | { readonly by: 'closed'; readonly why: string };

/** Levels of one look. They are not spent over looks, for the gate only removes rollbacks that the judge decided on. */
export const gateLevels = { withEarlier: 0.005, withoutEarlier: 0.0025, strata: 0.01 } as const;

/**
 * Whose requests are malformed, callers decide, and who learns which version an id has may send them all to one. So refusals
 * are compared without the buckets that were refused most: so few ids decide nothing.
 */
const mostRefused = 10;

/** Of the level that is spent on the second look, at which no user weighs more than a few. */
const cappedShare = 0.5;

/** Counts by bucket and the arms' metrics may differ by so much: a share, and requests that came late to one of them. */
const mostDifference = 0.05;
const fewLate = 5;

export interface GateTest {
  readonly policy: JudgePolicy;
  readonly users: UserPolicy;
  /** Undefined: the salt is not known, so neither is which bucket is whose. */
  readonly ranks: readonly number[] | undefined;
  readonly salt: string;
}

/**
 * @param look its number, from 1: random orders are a function of it and the salt
 * @param unread why the counts of this look could not be read; undefined: they came, or nobody asked
 */
export function askGate(
  test: GateTest,
  segments: readonly Segment[],
  asked: Counted,
  look: number,
  unread: string | undefined,
): GateAnswer {
  const counted = asked === 'endpoint' && !includesRefusals(segments) ? 'errors' : asked;
  const why = unread ?? whyUnusable(test, segments.at(-1));
  if (why === null) {
    if (isSlow(counted) && test.users.slowerThanMs === null)
      return { by: 'no-gate', why: 'the champion’s earlier latency is not known' };
    return byBuckets(test, segments, counted, look);
  }
  // Callers' mistakes are not the challenger's fault, and one caller makes enough of them. A version that refuses most of
  // what it gets is another matter: to promote it would be worse than a false rollback.
  if (counted === 'refused') return { by: refusesMost(segments) ? 'no-gate' : 'closed', why };
  const strata = segments.flatMap((segment) => (segment.strata === null ? [] : [segment.strata]));
  if (strata.length === 0) return { by: 'no-gate', why };
  // Strata count failed requests alone. To promote a version that is many times slower, or that calls most requests bad,
  // would be worse than a false rollback.
  if (isSlow(counted) || (counted === 'endpoint' && mostlyRefuses(segments))) return { by: 'no-gate', why };
  const { p, occupied } = strataTest(strata, marginOf(test.policy, counted));
  return { by: 'strata', p, level: gateLevels.strata, strata: occupied, why };
}

function byBuckets(test: GateTest, segments: readonly Segment[], counted: Counted, look: number): GateAnswer {
  const { policy, users, ranks, salt } = test;
  const read = segments.flatMap(({ percent, counts }) => (counts === null ? [] : [{ percent, counts }]));
  const aside = counted === 'refused' ? [...users.aside, ...refusedMost(read, users.aside)] : users.aside;
  const input: ExchangeInput = {
    segments: read,
    earlier: users.earlier,
    aside,
    ranks: ranks ?? [],
    counted,
    margin: marginOf(policy, counted),
    ...(policy.steps[0] === undefined ? {} : { firstPercent: policy.steps[0].percent }),
  };
  const exchange = exchangeOf(input);
  const { p } = randomisationTest(exchange, gateRandom(salt, look));
  const level = users.earlier === null ? gateLevels.withoutEarlier : gateLevels.withEarlier;
  const answer = { by: 'buckets', p, level, buckets: exchange.occupied.filter(Boolean).length } as const;
  if (p <= level) return answer;
  const capped = capHeavy(input.segments, aside);
  if (capped === null) return answer;
  // As exact as the other: what a bucket weighs is a function of the counts, whichever arm it is on.
  const again = randomisationTest(exchangeOf({ ...input, segments: capped }), gateRandom(salt, look));
  return again.p <= cappedShare * level ? { ...answer, p: again.p / cappedShare } : answer;
}

/** Of both arms together: which buckets they are says nothing of the arm, so the comparison of the others stays exact. */
function refusedMost(segments: ExchangeInput['segments'], aside: readonly number[]): readonly number[] {
  const refused = new Map<number, number>();
  for (const { counts } of segments)
    counts.id.forEach((id, i) => refused.set(id, (refused.get(id) ?? 0) + (counts.refused?.[i] ?? 0)));
  const ranked = [...refused].filter(([id, count]) => count > 0 && !aside.includes(id));
  return ranked
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, mostRefused)
    .map(([id]) => id);
}

/** Slow requests carry the margin in their threshold: the challenger's count from 1.1 times the champion's quantile on. */
function marginOf(
  { rollbackMargin: { ratio, difference }, refusedMore }: JudgePolicy,
  counted: Counted,
): UserMargin {
  if (counted === 'refused') return { ratio, difference: refusedMore ?? difference };
  return isSlow(counted) ? { ratio: 1, difference: 0 } : { ratio, difference };
}

const sumOf = (segments: readonly Segment[], name: keyof Segment['challenger']): number =>
  segments.reduce((all, { challenger }) => all + challenger[name], 0);

/** Whether the challenger's endpoint errors are requests that it called bad rather than failures. */
const mostlyRefuses = (segments: readonly Segment[]): boolean =>
  sumOf(segments, 'refused') > sumOf(segments, 'errors');

/** Whether the challenger called at least half of its requests bad at the present share. */
function refusesMost(segments: readonly Segment[]): boolean {
  const { refused, requests } = segments.at(-1)?.challenger ?? { refused: 0, requests: 0 };
  return requests > 0 && 2 * refused >= requests;
}

/**
 * Whether the endpoint's errors count the model's 4xx too, as in recordings from before they were left out: then they are
 * more than the failures that callers got, by about the refusals.
 */
const includesRefusals = (segments: readonly Segment[]): boolean =>
  sumOf(segments, 'endpointErrors') - sumOf(segments, 'errors') > sumOf(segments, 'refused') / 2;

/** Null: the counts by bucket of the present share are good to use. */
function whyUnusable({ users, ranks }: GateTest, segment: Segment | undefined): string | null {
  if (ranks === undefined) return 'the salt of the rollout is not known';
  if (!segment || segment.counts === null) return 'no counts by user bucket came';
  const aside = new Set(users.aside);
  const { id, requests } = segment.counts;
  const counted = requests.reduce((sum, n, i) => sum + (aside.has(id[i]!) ? 0 : n), 0);
  const difference = Math.abs(counted - segment.requests);
  const tolerated = Math.max(fewLate, mostDifference * Math.max(counted, segment.requests));
  if (difference <= tolerated) return null;
  return `${Math.round(counted)} requests are counted by user bucket, ${Math.round(segment.requests)} by the metrics`;
}
