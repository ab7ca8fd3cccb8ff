import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { bucketRanks } from '../../../domain/user-bucket.ts';
import type { Finding } from '../../../domain/verdict.ts';
import type { Tick } from '../rule.ts';
import type { Counted } from './counted.ts';
import { createGateLooks } from './gate-looks.ts';
import { askGate, type GateAnswer, type GateTest } from './gate-test.ts';
import { deferredText, openedText, withReason } from './gate-words.ts';
import { countedOf } from './gated.ts';
import { createSegments } from './segments.ts';
import { failedBefore, failsTotally } from './total-failure.ts';

/**
 * Between what the judge decides and a rollback: requests of the same user are not independent, so a finding about the
 * two arms rolls back only where chance in who got which version does not explain it.
 * Source: section 10 of the method.
 */
export interface UserGate {
  /**
   * One tick, after every rule has seen it: why the challenger is rolled back, null where it isn't.
   * @param decided what the judge would roll back for at this tick
   * @param doubts what it doubts without having decided, asked from a bake's end on
   */
  step(
    observation: Observation,
    tick: Tick,
    decided: readonly Finding[],
    doubts: () => readonly Finding[],
  ): Finding | null;
  /** One tick without a challenger. */
  pass(observation: Observation, tick: Tick): void;
  /** Counts by bucket up to the last tick, or why there are none: as `step` with an observation that has them. */
  count(counts: UserCountsRead): Finding | null;
  /** Counts by bucket up to the last tick would let the gate answer. */
  wants(): boolean;
  /** Findings that would have rolled back, and wait for the gate; none at 100 %, where there is none. */
  due(): readonly Finding[];
  /** Whether a doubt keeps the rollout where it is. */
  holds(doubt: Finding): boolean;
  /** In words, of findings that are due and those doubts that hold nothing; null: there are none. */
  deferred(doubts: readonly Finding[]): string | null;
}

/** Behind a closed gate a doubt holds only while p is at most this. */
const holdLevel = 0.05;
/** So long after a look that nobody answered with counts by bucket the strata answer it. */
const patienceMs = 300_000;

/** What an observation carries where counts by bucket were asked for. */
export type UserCountsRead = Pick<Observation, 'buckets' | 'bucketsUnread'>;

/** Null where users are not compared: weighted routing, plans from before they were. */
export function createUserGate(policy: JudgePolicy, salt: string | undefined): UserGate | null {
  const { users, scope } = policy;
  if (users === undefined) return null;
  const ranks = salt === undefined ? undefined : bucketRanks(salt);
  const test: GateTest = { policy, users, ranks, salt: salt ?? '' };
  const segments = createSegments(policy);
  const looks = createGateLooks();
  const due = new Map<Counted, Finding>();
  /** Of the present share. */
  const answers = new Map<Counted, GateAnswer>();
  /** The last ones, whatever the share: to be told. */
  const known = new Map<Counted, GateAnswer>();
  /** Evidence that findings had when the challenger got everybody: what came before was of another comparison. */
  const stale = new Map<string, number>();
  let isAlone = false;
  let wantingSince: number | null = null;
  let at = 0;
  let doubted: readonly Counted[] = [];
  const counted = (finding: Finding): Counted | null => countedOf(finding, scope);

  /** With everybody on the challenger there is no arm to compare with, and only an absolute limit rolls back. */
  function alone(decided: readonly Finding[]): Finding | null {
    wantingSince = null;
    const changed = segments.shareChanged();
    for (const finding of decided) {
      if (counted(finding) === null) return finding;
      if (finding.limit === null) continue;
      if (changed) stale.set(finding.rule, Math.log(finding.evidence));
      if (newsOf(finding) >= Math.log(finding.threshold)) return finding;
    }
    return null;
  }

  /** log of the evidence since then. */
  const newsOf = ({ rule, evidence }: Finding): number => Math.log(evidence) - (stale.get(rule) ?? 0);

  function total(): boolean {
    const segment = segments.current();
    if (!segment || segment.strata === null) return false;
    const before = ranks && failedBefore(users?.earlier ?? null, ranks, segment.percent);
    return failsTotally(segment.strata, before ?? null);
  }

  function step(
    observation: Observation,
    tick: Tick,
    decided: readonly Finding[],
    doubts: () => readonly Finding[],
  ): Finding | null {
    segments.step(observation, tick);
    at = observation.at;
    doubted = [];
    if (segments.shareChanged()) answers.clear();
    isAlone = tick.plannedPercent >= 100;
    if (isAlone) return alone(decided);
    let isNew = false;
    // The strongest comes first: it is the one to be named.
    for (const finding of decided.toReversed()) {
      const kind = counted(finding);
      if (kind === null) continue;
      isNew ||= !due.has(kind);
      due.set(kind, finding);
    }
    const ungated = decided.find((finding) => counted(finding) === null);
    if (ungated) return ungated;
    const errors = due.get('errors') ?? due.get('endpoint');
    if (errors && total())
      return { ...errors, sentence: withReason(errors.sentence, 'every group of users fails') };
    if (segments.current() === null) return null;
    doubted = segments.bakes() > 0 ? kindsOf(doubts()) : [];
    if (isLook(isNew, doubted.length > 0)) wantingSince ??= at;
    return count(observation);
  }

  function isLook(isNew: boolean, isDoubted: boolean): boolean {
    const asked = due.size > 0 || isDoubted;
    // What a share showed stays in the statistic at the next one, so it is counted while it can be.
    if (segments.bakeEnded()) return asked || moreShares();
    return isNew || (asked && looks.isLook(segments.elapsedMs()));
  }

  function moreShares(): boolean {
    const now = segments.current()?.percent ?? 0;
    return policy.steps.some(({ percent }) => percent > now && percent < 100);
  }

  const kindsOf = (findings: readonly Finding[]): readonly Counted[] =>
    findings.map(counted).filter((kind) => kind !== null);

  /** The first finding whose gate opens, the most significant of several. */
  function count({ buckets, bucketsUnread }: UserCountsRead): Finding | null {
    if (buckets) segments.count(buckets);
    if (wantingSince === null) return null;
    const isLate = at - wantingSince >= patienceMs;
    if (!buckets && bucketsUnread === undefined && !isLate) return null;
    wantingSince = null;
    looks.taken(segments.elapsedMs());
    const unread = buckets ? undefined : (bucketsUnread ?? 'no counts by user bucket came in five minutes');
    for (const kind of new Set([...due.keys(), ...doubted])) {
      const answer = askGate(test, segments.all(), kind, looks.count(), unread);
      answers.set(kind, answer);
      known.set(kind, answer);
    }
    const [first] = [...due.keys()]
      .map((kind) => ({ kind, answer: answers.get(kind)! }))
      .filter(({ answer }) => opens(answer))
      .sort((a, b) => pOf(a.answer) - pOf(b.answer));
    if (first === undefined) return null;
    const finding = due.get(first.kind)!;
    return { ...finding, sentence: withReason(finding.sentence, openedText(first.answer)) };
  }

  function holds(doubt: Finding): boolean {
    const kind = counted(doubt);
    if (kind === null) return true;
    if (isAlone) return doubt.limit !== null && newsOf(doubt) > 0;
    if (segments.bakes() >= 2) return false;
    const answer = answers.get(kind);
    if (answer === undefined || !('p' in answer)) return true;
    return answer.p <= holdLevel;
  }

  function deferred(doubts: readonly Finding[]): string | null {
    if (isAlone) return null;
    const told = new Map(due);
    for (const finding of doubts) {
      const kind = counted(finding);
      if (kind !== null && !told.has(kind) && !holds(finding)) told.set(kind, finding);
    }
    const texts = [...told].map(([kind, finding]) => {
      const answer = known.get(kind);
      return deferredText(finding, answer, answer !== undefined && pOf(answer) > holdLevel);
    });
    return texts.length === 0 ? null : texts.join('. ');
  }

  return {
    step,
    pass: (observation, tick) => segments.step(observation, tick),
    count,
    wants: () => wantingSince !== null,
    due: () => (isAlone ? [] : [...due.values()]),
    holds,
    deferred,
  };
}

const pOf = (answer: GateAnswer): number => ('p' in answer ? answer.p : 0);

function opens(answer: GateAnswer): boolean {
  // Without anything by which users could be compared the judge decides by itself, as it did before.
  if (answer.by === 'no-gate') return true;
  if (answer.by === 'closed') return false;
  return answer.p <= answer.level;
}
