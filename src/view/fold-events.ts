import type { Event } from './progress.ts';
import { clock } from './condition.ts';

/** An event and its repeats. */
export interface FoldedEvent extends Event {
  readonly times: number;
  readonly lastAt: number;
}

/** Of what a retry loop writes only these are interleaved: two aliases, or an alias and the metrics. */
const mostInterleaved = 4;
const repeating: ReadonlySet<Event['type']> = new Set([
  'effect.failed',
  'metrics.unreadable',
  'hold',
  'journal.repaired',
]);

/** Each try has a request id of its own, and is the same failure all the same. */
const sameAs = ({ type, text }: Event): string =>
  `${type} ${text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')}`;

/** What repeats becomes one line that counts. Keeps the order in which things first happened. */
export function foldEvents(events: readonly Event[]): readonly FoldedEvent[] {
  const fold = createEventFold();
  for (const event of events) fold.push(event);
  return fold.events();
}

/** The same, one event at a time. */
export function createEventFold(): {
  push(event: Event): void;
  events(): readonly FoldedEvent[];
} {
  const folded: FoldedEvent[] = [];
  return {
    push(event) {
      const key = sameAs(event);
      for (let i = folded.length - 1; i >= Math.max(0, folded.length - mostInterleaved); i--) {
        const before = folded[i]!;
        if (repeating.has(event.type) && sameAs(before) === key) {
          folded[i] = { ...before, times: before.times + 1, lastAt: event.at, text: event.text };
          return;
        }
        if (!repeating.has(before.type)) break;
      }
      folded.push({ ...event, times: 1, lastAt: event.at });
    },
    events: () => [...folded],
  };
}

/** `x184, last 15:13:19Z`; empty where it happened once. */
export const timesText = ({ times, lastAt }: FoldedEvent): string =>
  times === 1 ? '' : ` (x${times}, last ${clock(lastAt)})`;
