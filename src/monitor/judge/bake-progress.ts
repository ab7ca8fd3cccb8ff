import type { JudgePolicy } from '../../domain/policy.ts';
import { createChampionLevel } from './guardrails/champion-level.ts';
import { shareDetection } from './power/detection.ts';
import { limitedBy } from './evidence/limited.ts';
import { type Lanes, lanes } from './evidence/lanes.ts';
import { createLatencyPower } from './power/latency-power.ts';
import { tolerance } from './evidence/margin.ts';
import { aboutLeast } from './math/bisect.ts';
import { mostRequests } from './power/need-more.ts';
import { shownBelow } from './guardrails/shown-below.ts';
import type { Tick } from './rule.ts';
import { digits, percentText, requestsText, thousands } from './words.ts';

/** What the champion has shown so far, history included. */
export interface Champion {
  readonly bad: number;
  readonly requests: number;
  readonly phi: number | null;
}

export type Readiness = { readonly kind: 'ready' } | Waiting;

interface Waiting {
  readonly kind: 'waiting';
  readonly why: string;
  /** About so many more challenger requests would do; null where it can't be said. */
  readonly needRequests: number | null;
}

export interface Stage {
  step(tick: Tick, phi: number | null): void;
  /** Whether the bake at the present share has been long enough, and could have caught what it is for. */
  readiness(champion: Champion, looks: number): Readiness;
  /** Minimum time and ticks alone. */
  minimumReached(): boolean;
}

const powerWanted = 0.8;
const mostStretch = 1e4;
const ready: Readiness = { kind: 'ready' };

/**
 * The bake at one share of traffic. It may end as a pass when the minimum time and ticks are over and
 * - a failure rate `detectableRatio` times the champion's would have been caught with probability 0.8, or the
 *   challenger's error rate is shown to lie below its guardrail, at the level of `alphaPromote`; and
 * - where latency is compared, a challenger `detectableSlower` times as slow would have been caught alike.
 *
 * Nothing carries over from one share to the next: what breaks at 50 % may have been well at 10 %.
 */
export function createStage(policy: JudgePolicy): Stage {
  const configured = policy.guardrails.errorRate;
  /** Raised to what the champion's own level allows. */
  let limit = configured;
  const champions = createChampionLevel(policy, limitedBy.errors);
  const latency =
    policy.detectableSlower === undefined ? null : createLatencyPower(policy, policy.detectableSlower);
  let percent: number | null = null;
  let now = empty();
  let clusters = 1;

  function empty() {
    return {
      ticks: 0,
      ms: 0,
      requests: 0,
      errors: 0,
      beside: null as number | null,
      compared: { ticks: 0, n0: 0, n1: 0 },
    };
  }

  function step(tick: Tick, phi: number | null): void {
    const { challenger, champion } = tick;
    champions.step(tick);
    if (configured !== null) limit = Math.min(0.95, Math.max(configured, champions.allowance(configured)));
    if (!challenger) return;
    const changed = percent !== tick.plannedPercent;
    latency?.step(tick, changed);
    if (changed) {
      percent = tick.plannedPercent;
      now = empty();
      clusters = phi !== null && phi > 1.3 ? phi : 1;
    }
    now.ticks++;
    now.ms += tick.tickMs;
    now.requests += challenger.requests;
    now.errors += challenger.errors;
    if (champion) now.beside = (now.beside ?? 0) + champion.requests;
    if (!tick.comparable || !champion) return;
    now.compared.ticks++;
    now.compared.n0 += champion.requests;
    now.compared.n1 += challenger.requests;
  }

  const minimumReached = (): boolean => now.ticks >= policy.minimumTicks && now.ms >= policy.minimumBakeMs;

  function readiness(champion: Champion, looks: number): Readiness {
    if (now.requests === 0) return waiting('no requests reached the challenger', null);
    // Users are split between both: a champion without a request has metrics that are missing, and nobody knows why.
    if (now.beside === 0 && percent !== 100) return waiting('no requests of the champion were seen', null);
    const tooShort = shortOf();
    if (tooShort) return waiting(tooShort, null);
    const both = lanes(policy.alpha, looks);
    const doubts = [errorDoubt(champion, both), latencyDoubt(both)].filter((doubt) => doubt !== null);
    const [first] = doubts;
    if (first === undefined) return ready;
    const needs = doubts.map(({ needRequests }) => needRequests);
    // Whatever takes longest; and never a number where one of them knows none.
    return { ...first, needRequests: needs.includes(null) ? null : Math.max(...needs.map((n) => n ?? 0)) };
  }

  /** Null: an error rate worth a rollback would have been seen, or is ruled out. */
  function errorDoubt(champion: Champion, both: Lanes): Waiting | null {
    if (below(now.requests, now.errors)) return null;
    const comparing = now.compared.n0 > 0 && now.compared.n1 > 0;
    // Without a limit and without a champion there is nothing to have power for: the minimum is all there is.
    if (limit === null && !comparing && (percent === 100 || champion.requests === 0)) return null;
    const byTicks = comparing ? power(champion, both) : null;
    if (byTicks && byTicks(now.compared.ticks) >= powerWanted) return null;
    return waiting(tooFew(comparing), needed(byTicks, champion));
  }

  function latencyDoubt(both: Lanes): Waiting | null {
    const compared = latency?.compared() ?? null;
    if (latency === null || compared === null || policy.detectableSlower === undefined) return null;
    const { ticks, n1 } = compared;
    const caught = (length: number): boolean => latency.probability(length, both) >= powerWanted;
    if (caught(ticks)) return null;
    const length = aboutLeast(ticks, ticks * mostStretch, caught);
    const what = `a latency ${digits(policy.detectableSlower)} times the champion’s`;
    return waiting(
      `too few requests to show ${what} (${requestsText(n1)} compared at this share)`,
      length === null || n1 === 0 ? null : Math.max(1, Math.ceil((length / ticks - 1) * n1)),
    );
  }

  function shortOf(): string | null {
    if (now.ticks < policy.minimumTicks) {
      return `${now.ticks} of at least ${policy.minimumTicks} ticks at this share`;
    }
    if (now.ms < policy.minimumBakeMs) {
      return `${digits(now.ms / 1000)} of at least ${digits(policy.minimumBakeMs / 1000)} seconds at this share`;
    }
    return null;
  }

  function tooFew(comparing: boolean): string {
    const what = `${requestsText(now.requests)} at this share, ${thousands(now.errors)} failed`;
    const shown: string[] = [];
    if (comparing) shown.push(`show errors ${digits(policy.detectableRatio)} times the champion’s`);
    if (limit !== null) shown.push(`rule out an error rate of ${percentText(limit)}`);
    return `too few requests to ${shown.join(' or to ') || 'tell'} (${what})`;
  }

  /** Power of the bake, were it so many ticks long. */
  function power(champion: Champion, { logThreshold, lookLevel }: Lanes): (ticks: number) => number {
    const { ticks, n0, n1 } = now.compared;
    // Half a request's doubt, so that no failure so far isn't taken for a rate of zero.
    const p0 = (champion.bad + 0.5) / (champion.requests + 1);
    const { ratio, difference } = policy.rollbackMargin;
    const detection = shareDetection({
      p0,
      p1: Math.min(1, policy.detectableRatio * p0),
      n0: n0 / ticks,
      n1: n1 / ticks,
      rho: tolerance(ratio, difference, champion.bad, champion.requests),
      logThreshold: logThreshold('errors'),
      lookLevel: lookLevel('errors'),
      history: champion.phi !== null,
    });
    return (length) => detection(length).probability;
  }

  function needed(byTicks: ((ticks: number) => number) | null, champion: Champion): number | null {
    const candidates: number[] = [];
    const { ticks, n1 } = now.compared;
    const length = byTicks && aboutLeast(ticks, ticks * mostStretch, (at) => byTicks(at) >= powerWanted);
    if (length) candidates.push((length / ticks - 1) * n1);
    const rate =
      now.requests >= 20 ? now.errors / now.requests : champion.bad / Math.max(1, champion.requests);
    const later = (more: number): boolean => below(now.requests + more, now.errors + rate * more);
    const more = aboutLeast(1, mostRequests, later);
    if (more !== null) candidates.push(more);
    const least = Math.min(...candidates);
    return Number.isFinite(least) ? Math.max(1, Math.ceil(least)) : null;
  }

  function below(requests: number, errors: number): boolean {
    return limit !== null && shownBelow(requests, errors, limit, policy.alphaPromote, clusters);
  }

  return { step, readiness, minimumReached };
}

function waiting(why: string, needRequests: number | null): Waiting {
  return { kind: 'waiting', why, needRequests };
}
