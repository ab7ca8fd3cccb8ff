import type { Entry } from '../domain/journal.ts';
import { type Instant, later, type RolloutId } from '../domain/units.ts';
import type { Channel, Clock, Store } from '../ports/index.ts';
import { NotDelivered, type Notice } from '../domain/notice.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { noticeOf } from '../view/notices.ts';

/** What a channel did not take, and why. It stays in the journal: the next command, or the controller, tries again. */
export interface Undelivered {
  readonly channel: string;
  readonly notices: number;
  readonly why: string;
}

/**
 * The journal is the outbox: what people are told is made of its entries, and the store remembers up to which entry each
 * channel has been told. So none is lost in a crash; one that was sent just before may be sent again, under the same id.
 * Sending goes on beside the rollout, in its own time: nothing ever waits for it but `flush`.
 */
export interface Outbox {
  /** Looks what earlier processes have left undelivered. Never rejects. */
  sweep(): Promise<void>;
  /** Told of each entry as it is written. */
  note(entry: Entry, state: RolloutState): void;
  /** Waits until all is told, or so long. */
  flush(atMostMs: number): Promise<readonly Undelivered[]>;
}

/** Leftovers of older rollouts are history. */
const mostRollouts = 5;
/** Nobody wants to be told what happened longer ago. */
const mostAgeMs = 24 * 3_600_000;
/** A channel that fails so often in a row is left to the next process. */
const mostFailures = 6;
const sendWithinMs = 10_000;

/** No receiver holds a channel up for longer. */
const mostWaitMs = 5 * 60_000;

/** As long as the receiver asks for, and each time longer where it does not. */
function waitMs(error: unknown, failures: number): number {
  const asked = error instanceof NotDelivered ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(500 * 2 ** failures, Math.min(asked, mostWaitMs));
}

interface Line {
  readonly channel: Channel;
  readonly waiting: Notice[];
  why: string;
  failures: number;
  running: Promise<void> | null;
}

export function createOutbox({
  store,
  channels,
  clock,
  place,
}: {
  readonly store: Store;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** Account and Region, for people; made of the journal where nobody says. */
  readonly place?: string;
}): Outbox {
  const lines = channels.map((channel): Line => {
    return { channel, waiting: [], why: '', failures: 0, running: null };
  });
  const seen = new Set<string>();

  function enqueue(line: Line, notice: Notice): void {
    const key = `${line.channel.name} ${notice.eventId}`;
    if (seen.has(key)) return;
    seen.add(key);
    line.waiting.push(notice);
  }

  function start(line: Line): void {
    if (line.running !== null || line.waiting.length === 0 || line.failures >= mostFailures) return;
    line.running = work(line).finally(() => {
      line.running = null;
    });
  }

  async function work(line: Line): Promise<void> {
    for (let notice = line.waiting[0]; notice !== undefined; notice = line.waiting[0]) {
      try {
        if (clock.now() - notice.at < mostAgeMs) await within(clock, sendWithinMs, line.channel.send(notice));
        await store.setTold(notice.rollout, line.channel.name, seqOf(notice) + 1);
        line.waiting.shift();
        line.failures = 0;
      } catch (error) {
        line.why = error instanceof Error ? error.message : String(error);
        line.failures++;
        if (line.failures >= mostFailures) return;
        await clock.sleepUntil(later(clock.now(), waitMs(error, line.failures)));
      }
    }
  }

  async function leftIn(rollout: RolloutId): Promise<void> {
    const [told, entries] = [await store.told(rollout), await store.journal(rollout)];
    const behind = lines.filter(({ channel }) => (told[channel.name] ?? 0) < entries.length);
    if (behind.length === 0 || entries[0] === undefined) return;
    for (const notice of noticesIn(rollout, entries, place)) {
      for (const line of behind) if (seqOf(notice) >= (told[line.channel.name] ?? 0)) enqueue(line, notice);
    }
  }

  return {
    async sweep() {
      if (lines.length === 0) return;
      try {
        const newest = (await store.rollouts()).slice(0, mostRollouts);
        for (const rollout of newest.toReversed()) await leftIn(rollout);
      } catch {
        // The store is not there: the next process will look.
      }
      for (const line of lines) start(line);
    },
    note(entry, state) {
      const notice = noticeOf(state, entry, place);
      if (notice === null) return;
      for (const line of lines) {
        enqueue(line, notice);
        start(line);
      }
    },
    async flush(atMostMs) {
      const all = Promise.all(lines.map(async ({ running }) => running));
      await within(clock, atMostMs, all).catch(() => undefined);
      return lines.flatMap(({ channel, waiting, why }) =>
        waiting.length === 0
          ? []
          : [{ channel: channel.name, notices: waiting.length, why: why || 'no answer yet' }],
      );
    },
  };
}

function noticesIn(
  rollout: RolloutId,
  entries: readonly Entry[],
  place: string | undefined,
): readonly Notice[] {
  const [first, ...rest] = entries;
  if (first === undefined) return [];
  let state = replay(rollout, [first]);
  const notices = [noticeOf(state, first, place)];
  for (const entry of rest) {
    state = apply(state, entry);
    notices.push(noticeOf(state, entry, place));
  }
  return notices.filter((notice) => notice !== null);
}

const seqOf = ({ eventId }: Notice): number => Number(eventId.slice(eventId.lastIndexOf('/') + 1));

async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const end: Instant = later(clock.now(), ms);
  const late = clock.sleepUntil(end, stop.signal).then((): never => {
    throw new Error(`no answer within ${Math.round(ms / 1000)} s`);
  });
  // Whoever loses the race must not be an unhandled rejection.
  late.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
