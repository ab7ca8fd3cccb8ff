import { formatDuration } from '../domain/parse.ts';
import type { BakeStep, Plan, Step } from '../domain/plan.ts';
import { type Instant, instant, later, unreachable } from '../domain/units.ts';
import { lateMs, quietMs } from '../engine/decide-bake.ts';
import { isHeldForBreach } from '../engine/held-for-breach.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';
import { restoredWords } from './rebuilt.ts';
import { stepTitle } from './words.ts';

/** What becomes of a rollout by itself, and when. */
export interface Deadline {
  readonly at: Instant;
  /** `v2.3.0 gets 50 %`, `it rolls back`. */
  readonly then: string;
}

/** How a rollout fares, since when, and what happens unless somebody acts. */
export interface Condition {
  readonly kind:
    | 'preparing'
    | 'baking'
    | 'paused'
    | 'held'
    | 'waiting-for-approval'
    | 'metrics-unreadable'
    | 'rolling-back'
    | 'rolled-back'
    | 'promoted'
    /** A shadow or a watch that ended well, or a journal that `mlreg recover` or `restore` closed: nobody was promoted. */
    | 'ended'
    | 'stuck';
  /** One or two words, for a table. */
  readonly word: string;
  readonly since: Instant;
  /** Null where nothing happens by itself, or nobody knows when. */
  readonly deadline: Deadline | null;
  /** Why it stands where it does, in whoever's words; empty where its kind says all. */
  readonly why: string;
}

/** Of a rollout in this state at this time. Pure: every surface says what this says. */
export function conditionOf(state: RolloutState, now: Instant): Condition {
  if (state.outcome !== null) return endedCondition(state, state.outcome);
  if (state.rollback !== null) {
    const { at, cause } = state.rollback;
    return { kind: 'rolling-back', word: 'rolling back', since: at, deadline: null, why: cause.sentence };
  }
  const paused = pausedCondition(state);
  const blind = blindCondition(state);
  // Of two limits the nearer one decides.
  if (paused !== null && blind !== null) return sooner(paused, blind);
  if (paused !== null) return paused;
  if (blind !== null) return blind;
  const step = currentStep(state);
  if (step?.kind === 'approve') return approvalCondition(state, step);
  if (state.heldSince !== null) return heldCondition(state, state.heldSince, now);
  if (state.committed) {
    const since = state.promotedAt ?? state.stepSince;
    return { kind: 'promoted', word: 'promoted, finishing', since, deadline: null, why: '' };
  }
  if (step?.kind === 'bake') return bakeCondition(state, step, now);
  return {
    kind: 'preparing',
    word: 'preparing',
    since: state.stepSince,
    deadline:
      step?.kind === 'provision'
        ? { at: later(state.stepSince, step.timeoutMs), then: 'it rolls back' }
        : null,
    why: step === undefined ? '' : stepTitle(step),
  };
}

function endedCondition(state: RolloutState, outcome: NonNullable<RolloutState['outcome']>): Condition {
  const since = state.endedAt ?? state.stepSince;
  const at = { since, deadline: null };
  switch (outcome.kind) {
    case 'stuck':
      return { ...at, kind: 'stuck', word: 'stuck', why: outcome.sentence };
    case 'rolled-back': {
      const isShadow = state.plan.shadow !== undefined;
      const word = isShadow
        ? 'failed in shadow'
        : outcome.cause.kind === 'abort'
          ? 'aborted, rolled back'
          : 'rolled back';
      return { ...at, kind: 'rolled-back', word, why: outcome.cause.sentence };
    }
    case 'succeeded':
      return state.plan.strategy === 'shadow' || state.plan.strategy === 'watch'
        ? { ...at, kind: 'ended', word: 'ended', why: outcome.sentence }
        : { ...at, kind: 'promoted', word: 'promoted', why: outcome.sentence };
    case 'restored':
      return { ...at, kind: 'ended', word: restoredWords(state, outcome), why: outcome.sentence };
    default:
      return unreachable(outcome);
  }
}

function pausedCondition({ pausedAt, pausedBy, committed, plan }: RolloutState): Condition | null {
  if (pausedAt === null || committed) return null;
  const by = pausedBy === null ? '' : `by ${pausedBy.name}`;
  const reason = pausedBy === null || pausedBy.reason === '' ? '' : `: ${pausedBy.reason}`;
  return {
    kind: 'paused',
    word: 'paused',
    since: pausedAt,
    deadline: backAt(plan, later(pausedAt, plan.maxHoldMs)),
    why: `${by}${reason}`,
  };
}

function blindCondition({ unreadable, plan }: RolloutState): Condition | null {
  if (unreadable === null) return null;
  return {
    kind: 'metrics-unreadable',
    word: 'metrics unreadable',
    since: unreadable.since,
    deadline: backAt(plan, later(unreadable.since, plan.unreadableMs)),
    why: `${unreadable.denied ? 'denied: ' : ''}${unreadable.why}`,
  };
}

/** A watch takes nothing away for silence. */
const backAt = ({ strategy }: Plan, at: Instant): Deadline | null =>
  strategy === 'watch' ? null : { at, then: 'it rolls back' };

function sooner(a: Condition, b: Condition): Condition {
  if (b.deadline === null || (a.deadline !== null && a.deadline.at <= b.deadline.at)) return a;
  return b;
}

function approvalCondition(state: RolloutState, step: Extract<Step, { kind: 'approve' }>): Condition {
  return {
    kind: 'waiting-for-approval',
    word: 'waiting for approval',
    since: state.stepSince,
    deadline: { at: later(state.stepSince, step.timeoutMs), then: 'it rolls back' },
    why: state.heldWhy,
  };
}

function heldCondition(state: RolloutState, since: Instant, now: Instant): Condition {
  const { plan, heldWhy } = state;
  // A breach stands, so quiet times count as well.
  const quiet = isHeldForBreach(state) ? 0 : quietMs(state, since, now);
  const deadline = backAt(plan, later(since, plan.maxHoldMs + quiet));
  return { kind: 'held', word: 'held', since, deadline, why: heldWhy };
}

function bakeCondition(state: RolloutState, step: BakeStep, now: Instant): Condition {
  const { plan, stepSince, pausedMs } = state;
  const isWatch = plan.strategy === 'watch';
  const at = { kind: 'baking', since: stepSince } as const;
  const word = isWatch ? 'watching' : 'baking';
  if (step.durationMs === null) return { ...at, word, deadline: null, why: '' };
  const over = stepSince + pausedMs + step.durationMs + (step.testersOnly === true ? 0 : plan.settleMs);
  if (now < over) return { ...at, word, deadline: { at: instant(over), then: nextText(state) }, why: '' };
  if (isWatch || step.testersOnly === true) return { ...at, word, deadline: null, why: '' };
  const until = later(instant(over), lateMs(state, step) + step.extendMs);
  const then =
    step.onInconclusive === 'rollback' ? 'it rolls back' : 'it is held for a person, unless enough is seen';
  return {
    ...at,
    word: 'baking, extended',
    deadline: { at: until, then },
    why: 'not enough is known yet',
  };
}

/** What follows the present step: `v2.3.0 gets 50 %`. */
export function nextText(state: RolloutState): string {
  const { plan, step } = state;
  for (const next of plan.steps.slice(step + 1)) {
    switch (next.kind) {
      case 'approve':
        return 'it waits for approval';
      case 'route':
        if (next.route.kind === 'split') return `${plan.challenger} gets ${next.route.percent} %`;
        return next.route.kind === 'single' && next.route.version === plan.challenger
          ? `${plan.challenger} gets 100 %`
          : 'it ends';
      case 'promote':
        return `${plan.challenger} is promoted`;
      case 'swap-stage':
        return `${plan.challenger} gets 100 %`;
      case 'report':
        return 'the shadow ends with its report';
      default:
        break;
    }
  }
  return 'it ends';
}

/** The first line of every surface: state, since when, until when, and what happens then. */
export function headline(state: RolloutState, condition: Condition, now: Instant): string {
  const { lead, since, why, until } = headlineParts(state, condition, now);
  return `${lead}${since}${why}${until}`;
}

/** The same in parts, for a surface that sets them apart. */
export interface HeadlineParts {
  /** `v2.3.0 is baking at 25 %` */
  readonly lead: string;
  readonly since: string;
  /** Empty, or from its colon or blank on. */
  readonly why: string;
  /** Empty, or from its semicolon on. */
  readonly until: string;
}

export function headlineParts(state: RolloutState, condition: Condition, now: Instant): HeadlineParts {
  const { plan } = state;
  const since = ` since ${clock(condition.since)} (${rounded(now - condition.since)})`;
  const { deadline } = condition;
  const until =
    deadline === null
      ? ''
      : `; ${deadline.at > now ? `${rounded(deadline.at - now)} left (${clock(deadline.at)}), then ${deadline.then}` : `${deadline.then} now`}`;
  const why = condition.why === '' ? '' : `: ${condition.why}`;
  const parts = { since, why, until };
  switch (condition.kind) {
    case 'preparing':
      return { ...parts, lead: `${plan.challenger} is being prepared` };
    case 'baking':
      return { ...parts, lead: `${plan.challenger} is ${condition.word} ${atShare(state)}` };
    case 'paused':
      return {
        ...parts,
        lead: `${plan.challenger} is paused ${atShare(state)}`,
        why: condition.why === '' ? '' : ` ${condition.why}`,
      };
    case 'held':
      return { ...parts, lead: `${plan.challenger} is held ${atShare(state)}` };
    case 'waiting-for-approval':
      return { ...parts, lead: `${plan.challenger} waits for approval`, why: '' };
    case 'metrics-unreadable':
      return { ...parts, lead: `the metrics of ${plan.challenger} ${atShare(state)} can't be read` };
    case 'rolling-back':
      return {
        ...parts,
        lead: `${plan.challenger} is being rolled back`,
        until: `; it still gets ${challengerShare(state)} % as last read back`,
      };
    case 'rolled-back':
      return {
        ...parts,
        lead: `${plan.challenger} was ${plan.shadow === undefined ? 'rolled back' : 'stopped in shadow'}`,
        since: ` at ${clock(condition.since)}`,
        until: '',
      };
    case 'promoted':
      return state.outcome === null
        ? {
            ...parts,
            lead: `${plan.challenger} is promoted`,
            why: '',
            until: ', and the rollout is finishing',
          }
        : {
            lead: `${plan.challenger} was promoted`,
            since: ` at ${clock(condition.since)}`,
            why: '',
            until: '',
          };
    case 'ended':
      return { lead: condition.why, since: ` (${clock(condition.since)})`, why: '', until: '' };
    case 'stuck':
      return {
        lead: 'STUCK',
        since: ` since ${clock(condition.since)}, a person must act`,
        why,
        until: '',
      };
    default:
      return unreachable(condition.kind);
  }
}

function atShare(state: RolloutState): string {
  if (state.route?.kind === 'shadow') return `in shadow of ${state.route.sample} %`;
  return `at ${challengerShare(state)} %`;
}

/** UTC, as in every line of a log. */
export const clock = (at: number): string => `${new Date(at).toISOString().slice(11, 19)}Z`;

/** To the second: nobody reads tenths of a bake. */
export const rounded = (ms: number): string => formatDuration(Math.max(0, Math.round(ms / 1_000) * 1_000));
