/**
 * AWS's time as this process knows it, milliseconds since 1970. It runs on a monotonic clock that was set by the machine's
 * clock once, at the start, and is corrected by the Date headers of AWS's answers. Setting the machine's clock while the
 * process lives therefore changes nothing.
 */
export interface AwsTime {
  /** Never goes back by less than 5 s: it stands still instead. By more only where AWS's answers say so. */
  now(): number;
  /** Milliseconds of a clock that nobody sets. */
  monotonic(): number;
  /** One answer of AWS's. */
  heard(answer: HeardAnswer): void;
  /** How far the machine's clock is ahead of AWS's now, whole seconds in ms. 0: unknown, or by less than 1.5 s. */
  machineAheadMs(): number;
}

export interface HeardAnswer {
  /** The header `date`, which has no fractions of a second. */
  readonly date: string | undefined;
  /** The header `age`: present where a cache answered, whose date is of an earlier time. */
  readonly age?: string | undefined;
  /** By the monotonic clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface TimeSources {
  /** The machine's clock, milliseconds since 1970. */
  readonly wall: () => number;
  readonly monotonic: () => number;
}

/** AWS's time minus the uncorrected time lies within, ms. */
interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** A Date header names the second. */
const dateResolutionMs = 1_000;
/** Two witnesses agree where they differ by no more. AWS's own clocks differ by milliseconds. */
const agreementMs = 1_000;
/** Going back by less is standing still. */
const standStillMs = 5_000;
/** With less, one cannot tell a wrong clock from the second that a Date header rounds to. */
const toldFromMs = 1_500;

export function createAwsTime({ wall, monotonic }: TimeSources): AwsTime {
  const anchor = wall() - monotonic();
  /** AWS's time minus `anchor + monotonic`. */
  let shift = 0;
  /** Whether an answer has borne out, or set, `shift`. */
  let isKnown = false;
  let suspect: (Bounds & { readonly date: string }) | null = null;
  let latest = -Infinity;

  function set(to: number): void {
    shift = to;
    isKnown = true;
    suspect = null;
  }

  return {
    now() {
      const exact = anchor + monotonic() + shift;
      latest = exact < latest && exact > latest - standStillMs ? latest : exact;
      return Math.floor(latest);
    },
    monotonic,
    heard({ date, age, sentAt, receivedAt }) {
      const at = secondOf(date);
      if (date === undefined || at === null || age !== undefined || receivedAt < sentAt) return;
      // AWS stamped it within [at, at + 1 s), some time between sending and receiving.
      const bounds = { least: at - anchor - receivedAt, most: at + dateResolutionMs - anchor - sentAt };
      if (shift >= bounds.least && shift <= bounds.most) return set(shift);
      // One answer alone may come from a proxy, or from a clock that is wrong itself: it takes a second witness.
      const byWall = wall() - anchor - monotonic();
      // After sleep or a frozen process, during which the monotonic clock stood still, that is the machine's clock.
      if (Math.abs(byWall - shift) > agreementMs && isNear(byWall, bounds))
        return set(within(bounds, byWall));
      const both = suspect === null ? null : overlap(suspect, bounds);
      // The same header again may be a copy. Before anything is known the first calls come within one second.
      if (both !== null && (!isKnown || suspect?.date !== date)) return set((both.least + both.most) / 2);
      suspect = both !== null && suspect !== null ? { ...both, date: suspect.date } : { ...bounds, date };
    },
    machineAheadMs() {
      const ahead = wall() - anchor - monotonic() - shift;
      return isKnown && Math.abs(ahead) >= toldFromMs ? Math.round(ahead / 1_000) * 1_000 : 0;
    },
  };
}

/** null where it is not spelled as HTTP has it: JavaScript would make a date of nearly any words. */
function secondOf(date: string | undefined): number | null {
  const at = Date.parse(date ?? '');
  return !Number.isNaN(at) && new Date(at).toUTCString() === date ? at : null;
}

const isNear = (at: number, { least, most }: Bounds): boolean =>
  at >= least - agreementMs && at <= most + agreementMs;

const within = ({ least, most }: Bounds, at: number): number => Math.min(most, Math.max(least, at));

/** What both allow; where they only nearly meet, what lies between them. null: they do not agree. */
function overlap(one: Bounds, other: Bounds): Bounds | null {
  const least = Math.max(one.least, other.least);
  const most = Math.min(one.most, other.most);
  if (least <= most) return { least, most };
  return least - most <= agreementMs ? { least: most, most: least } : null;
}
