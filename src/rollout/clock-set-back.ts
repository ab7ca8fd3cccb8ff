import { formatDuration } from '../domain/parse.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { RolloutState } from './state.ts';

/*
 * A journal may hold times that have not come yet: of an owner whose clock was wrong and had not heard AWS, or of a mlreg
 * that went by the machine's clock. Nobody may wait until they come: while they do, nothing would be judged.
 */

/** Machines that hear AWS agree to about a second. */
const agreementMs = 5_000;
/** Of a rollout: a clock that is set again and again is told often enough. */
const mostNotes = 20;

/** How far the journal's newest entry is dated ahead of `at`, ms; 0 where that is no more than clocks may differ. */
export function aheadMs({ writtenAt }: Pick<RolloutState, 'writtenAt'>, at: Instant): number {
  const ahead = writtenAt - at;
  return ahead > agreementMs ? ahead : 0;
}

/** For people, among the notes on how the metrics were read. */
const setBackText = (ms: number): string =>
  `the clock was ${formatDuration(Math.round(ms / 1_000) * 1_000)} ahead when this journal was last written; what it dates later counts as now, and its metrics are read again`;

/**
 * The state as an entry that is written at `at` finds it. Where the journal is ahead of that, what lies ahead counts as
 * `at`, and ticks that end later are no evidence: they are read again when their time has come.
 */
export function asOf(state: RolloutState, at: Instant): RolloutState {
  const ahead = aheadMs(state, at);
  if (ahead === 0) return state;
  const { summary, observations, unreadable, override, rollback, notes } = state;
  const note = setBackText(ahead);
  const by = (time: Instant): Instant => instant(Math.min(time, at));
  const byOrNull = (time: Instant | null): Instant | null => (time === null ? null : by(time));
  return {
    ...state,
    writtenAt: at,
    notes: notes.includes(note) || notes.length >= mostNotes ? notes : [...notes, note],
    startedAt: by(state.startedAt),
    stepSince: by(state.stepSince),
    endpointAskedAt: byOrNull(state.endpointAskedAt),
    warmedAt: mapped(state.warmedAt, by),
    routeSince: by(state.routeSince),
    tries: mapped(state.tries, (tried) => ({ ...tried, lastAt: by(tried.lastAt) })),
    // A snapshot's are one, which nobody judges.
    observations: summary === undefined ? upTo(observations, at) : observations,
    lastObservedAt: byOrNull(state.lastObservedAt),
    unreadable: unreadable && { ...unreadable, since: by(unreadable.since), lastAt: by(unreadable.lastAt) },
    pausedAt: byOrNull(state.pausedAt),
    heldSince: byOrNull(state.heldSince),
    approvals: state.approvals.map((given) => ({ ...given, at: by(given.at) })),
    override: override && { ...override, at: by(override.at) },
    rollback: rollback && { ...rollback, at: by(rollback.at) },
    promotedAt: byOrNull(state.promotedAt),
  };
}

/** Ticks, oldest first, that had ended by then. */
export function upTo<Tick extends { readonly at: Instant }>(
  ticks: readonly Tick[],
  at: Instant,
): readonly Tick[] {
  const last = ticks.findLastIndex((tick) => tick.at <= at);
  return last === ticks.length - 1 ? ticks : ticks.slice(0, last + 1);
}

function mapped<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
