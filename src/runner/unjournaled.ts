import type { EntryBody } from '../domain/journal.ts';
import type { Instant } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { aheadMs } from '../engine/clock-set-back.ts';
import { dangerOf } from '../engine/decide.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { type News, readNew } from './read-metrics.ts';
import { apply } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { decidingVerdict } from '../engine/verdict-on.ts';

type Sources = Pick<RolloutPorts, 'metrics' | 'clock' | 'userCounts' | 'pending'>;
type Reading = NonNullable<News['entry']>;

/** The state with everything that was read, and total failure in ticks that are not final. */
export interface Seen {
  readonly state: RolloutState;
  readonly failure: Verdict | null;
}

/** What an owner has read of the metrics since the journal's last entry. While the store is out, that only grows. */
export interface Unjournaled {
  /** When this process last read the alias without writing it; null: never. */
  lookedAt: Instant | null;
  /** Reads the ticks that are new since the last look, and none of them a second time. */
  look(ports: Sources, state: RolloutState): Promise<Seen>;
  /** The journal entries that say what was read, oldest first. */
  entries(): readonly EntryBody[];
  /** Appends these entries. What the store does not take stays here. @throws whatever the store threw */
  write(journal: JournalWriter, at: () => Parameters<JournalWriter['append']>[0]): Promise<void>;
}

/** One entry holds no more ticks than one look reads. */
const mostTicks = 500;

export function unjournaled(): Unjournaled {
  /** The journal as it was when the first of `kept` was read: another length means that it says more by now. */
  let base: Pick<RolloutState, 'id' | 'length'> | null = null;
  let seen: RolloutState | null = null;
  let kept: readonly Reading[] = [];
  /** The one that was sent to the store, and may be in it: it must not change any more. */
  let sent: Reading | null = null;

  return {
    lookedAt: null,
    async look(ports, state) {
      if (seen === null || base?.id !== state.id || base.length !== state.length) {
        base = state;
        seen = state;
        kept = [];
      }
      let now = seen;
      const take = (entry: Reading): void => {
        now = apply(now, { ...entry, seq: now.length, at: ports.clock.now(), token: now.token });
        seen = now;
        kept = joined(kept, entry, sent);
      };
      // An entry of now says from when on what the journal dates ahead counts as past.
      if (aheadMs(now, ports.clock.now()) > 0) take({ kind: 'observed', observations: [] });
      const { entry, failure } = await readNew(ports, now);
      if (entry !== null) take(entry);
      return { state: now, failure };
    },
    entries: () => kept,
    async write(journal, at) {
      for (let next = kept[0]; next !== undefined; next = kept[0]) {
        sent = next;
        await journal.append(at(), [next]);
        kept = kept.slice(1);
        base = journal.state();
      }
      seen = null;
    },
  };
}

/** The same with one more reading. Of times without metrics only the last one is said, and only while it lasts. */
function joined(all: readonly Reading[], next: Reading, sent: Reading | null): readonly Reading[] {
  const kept = withoutAhead(all, next, sent);
  const last = kept.at(-1);
  if (last === undefined || last === sent) return [...kept, next];
  if (last.kind === 'unreadable') return joined(kept.slice(0, -1), next, sent);
  if (next.kind === 'unreadable' || last.observations.length + next.observations.length > mostTicks)
    return [...kept, next];
  const notes = [...(last.notes ?? []), ...(next.notes ?? [])];
  return [
    ...kept.slice(0, -1),
    {
      kind: 'observed',
      observations: [...last.observations, ...next.observations],
      ...(notes.length > 0 ? { notes } : {}),
    },
  ];
}

/** What the next reading begins before was read by a clock that was ahead, and is read again. */
function withoutAhead(kept: readonly Reading[], next: Reading, sent: Reading | null): readonly Reading[] {
  const from = next.kind === 'observed' ? next.observations[0]?.at : undefined;
  if (from === undefined) return kept;
  const isBefore = ({ at }: { readonly at: Instant }): boolean => at < from;
  return kept.map((reading) =>
    reading === sent || reading.kind === 'unreadable' || reading.observations.every(isBefore)
      ? reading
      : { ...reading, observations: reading.observations.filter(isBefore) },
  );
}

/**
 * Judges on while the store takes nothing, by all that the metrics say since the last entry.
 * @returns the entries that send the rollout back, where something does; null where it may stand as it is
 */
export async function judgeInMemory(
  sources: Sources,
  state: RolloutState,
  memory: Unjournaled,
): Promise<readonly EntryBody[] | null> {
  // Nothing that lies beside the store is waited for while the store is out.
  const { pending: _beside, ...ports } = sources;
  if (state.phase !== 'forward') return null;
  let before = state.observations.length;
  let { state: seen, failure } = await memory.look(ports, state);
  // A process that has just begun has the whole outage to catch up with.
  while (seen.observations.length - before >= mostTicks) {
    before = seen.observations.length;
    ({ state: seen, failure } = await memory.look(ports, state));
  }
  const danger = dangerOf(seen, failure ?? decidingVerdict(seen), ports.clock.now());
  if (danger?.some(({ kind }) => kind === 'rolling-back') !== true) return null;
  return [...memory.entries(), ...danger];
}
