import type { Entry } from '../domain/journal.ts';
import type { Observation } from '../domain/observation.ts';
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
    windowWaivedAt: byOrNull(state.windowWaivedAt),
    approvals: state.approvals.map((given) => ({ ...given, at: by(given.at) })),
    override: override && { ...override, at: by(override.at) },
    rollback: rollback && { ...rollback, at: by(rollback.at) },
    promotedAt: byOrNull(state.promotedAt),
  };
}

/**
 * Those of an entry's ticks that are evidence; `at` is when it was written. The clock may have been set back after they were
 * read, or between the readings that one entry holds: a tick that a later one of the entry does not come after, and one
 * that ends later than clocks may differ, is read again when its time has come.
 */
export function endedBy<Tick extends { readonly at: Instant }>(
  ticks: readonly Tick[],
  at: Instant,
): readonly Tick[] {
  let before = at + agreementMs + 1;
  const isEvidence = (tick: Tick): boolean => {
    if (tick.at >= before) return false;
    before = tick.at;
    return true;
  };
  return ticks.toReversed().filter(isEvidence).toReversed();
}

/** What stands before ticks that are read now. The others were read by a clock that was ahead, and these replace them. */
export function before<Tick extends { readonly at: Instant }>(
  table: readonly Tick[],
  ticks: readonly Tick[],
): readonly Tick[] {
  const [first] = ticks;
  return first === undefined ? table : upTo(table, instant(first.at - 1));
}

/** The ticks of these entries that are evidence, of whatever else the entries tell. */
export function evidenceIn(entries: readonly Entry[]): readonly Observation[] {
  const ticks: Observation[] = [];
  for (const entry of entries) {
    if (entry.kind === 'observed') gather(ticks, entry);
  }
  return ticks;
}

/** Adds to a growing table what is evidence of an entry's ticks. */
export function gather(
  table: Observation[],
  { observations, at }: Extract<Entry, { kind: 'observed' }>,
): void {
  const ended = endedBy(observations, at);
  table.length = before(table, ended).length;
  table.push(...ended);
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
