import type { PairCounts } from './evidence/share-test.ts';

/** Both arms' numbers over one window of the present share. */
export interface Counted extends PairCounts {
  readonly ms: number;
  readonly ticks: number;
}

export interface Figures extends Counted {
  /** In words, with a blank before them; empty for the whole share. */
  readonly over: string;
}

export interface FigureWindows {
  /** One tick; NaN in `x0`: nothing was measured of the champion. */
  push(tick: PairCounts, ms: number, shareChanged: boolean): void;
  /** The longest window that shows what is asked for; null: none does. */
  showing(asked: (figures: Counted) => boolean): Figures | null;
  /** Of the present share; of the one before while it has no tick yet. */
  whole(): Figures;
}

const minuteMs = 60_000;
const windows: ReadonlySet<number> = new Set([1, 2, 5, 10, 30, 60]);
const mostMinutes = 60;

/**
 * The numbers that a verdict is told with. Evidence is gathered over the whole rollout, but rates of several shares must not be
 * added up: by then the challenger's requests are mostly of the last share, and the champion's of the first. So what is told
 * is of the present share, and of the longest recent window in which the numbers show what the evidence says.
 */
export function createFigureWindows(): FigureWindows {
  const blocks: Mutable[] = [];
  let share = empty();
  let before = empty();
  const longest = empty();

  return {
    push(tick, ms, shareChanged) {
      if (shareChanged) {
        before = share;
        share = empty();
        blocks.length = 0;
      }
      let last = blocks.at(-1);
      if (!last || last.ms >= minuteMs) {
        last = empty();
        blocks.push(last);
        if (blocks.length > mostMinutes) blocks.shift();
      }
      for (const into of [share, last]) add(into, tick, ms);
    },
    showing(asked) {
      const all = share.ticks === 0 ? before : share;
      if (asked(all)) return told(all, 0);
      if (all === before) return null;
      let minutes = 0;
      const recent = empty();
      for (let count = 1; count <= blocks.length; count++) {
        merge(recent, blocks[blocks.length - count]!);
        if (!windows.has(count) || !asked(recent)) continue;
        minutes = count;
        Object.assign(longest, recent);
      }
      return minutes === 0 ? null : told(longest, minutes);
    },
    whole: () => told(share.ticks === 0 ? before : share, 0),
  };
}

type Mutable = ReturnType<typeof empty>;

const empty = () => ({ n0: 0, x0: 0, n1: 0, x1: 0, ms: 0, ticks: 0 });
/** @param minutes 0: the whole share */
function told({ n0, x0, n1, x1, ms, ticks }: Mutable, minutes: number): Figures {
  const over = minutes === 0 ? '' : ` in the last ${minutes === 1 ? 'minute' : `${minutes} minutes`}`;
  return { n0, x0, n1, x1, ms, ticks, over };
}

function add(into: Mutable, { n0, x0, n1, x1 }: PairCounts, ms: number): void {
  if (!Number.isNaN(x0)) {
    into.n0 += n0;
    into.x0 += x0;
  }
  into.n1 += n1;
  into.x1 += x1;
  into.ms += ms;
  into.ticks++;
}

function merge(into: Mutable, { n0, x0, n1, x1, ms, ticks }: Mutable): void {
  into.n0 += n0;
  into.x0 += x0;
  into.n1 += n1;
  into.x1 += x1;
  into.ms += ms;
  into.ticks += ticks;
}

/** Whether the challenger's rate is beyond the margin, and would be read so. */
export function beyondMargin(
  { n0, x0, n1, x1 }: PairCounts,
  { ratio, difference }: { readonly ratio: number; readonly difference: number },
): boolean {
  return n0 > 0 && n1 > 0 && x1 / n1 > ratio * (x0 / n0) + difference;
}
