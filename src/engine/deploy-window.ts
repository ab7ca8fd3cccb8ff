import type { DeployWindows, Freeze, OpenHours } from '../domain/deploy-windows.ts';
import { type Instant, instant } from '../domain/units.ts';

export type WindowState =
  /** `until` null: for ever, or for longer than anybody plans. */
  | { readonly kind: 'open'; readonly until: Instant | null }
  | {
      readonly kind: 'closed';
      /** Of a freeze; null: outside of the hours. */
      readonly reason: string | null;
      /** Since when without a break; null: for longer than anybody remembers. */
      readonly since: Instant | null;
      readonly opens: Instant | null;
    };

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** So far a window is looked for, either way. */
const horizonDays = 400;

/** Whether a rollout may go forward now, and until or from when. Right over both changes of daylight saving time. Pure. */
export function windowAt(windows: DeployWindows, now: Instant): WindowState {
  const local = clockOf(windows.timeZone);
  const today = local.dateAt(now);
  const here = openOn(windows, local, today).find(({ from, to }) => from <= now && now < to);
  if (here !== undefined) return { kind: 'open', until: endOf(windows, local, here) };
  const freeze = windows.freezes.find(({ from, to }) => from <= today && today <= to);
  let opens: number | null = null;
  for (let day = 0; day <= horizonDays && opens === null; day++) {
    const next = openOn(windows, local, shifted(today, day)).find(({ from }) => from > now);
    opens = next?.from ?? null;
  }
  let since: number | null = null;
  for (let day = 0; day <= horizonDays && since === null; day++) {
    const before = openOn(windows, local, shifted(today, -day)).findLast(({ to }) => to <= now);
    since = before?.to ?? null;
  }
  return {
    kind: 'closed',
    reason: freeze?.reason ?? null,
    since: since === null ? null : instant(since),
    opens: opens === null ? null : instant(opens),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Windows that touch are one. */
function endOf(windows: DeployWindows, local: Clock, span: Span): Instant | null {
  let { to } = span;
  for (let day = 0; day <= horizonDays; day++) {
    const after = openOn(windows, local, local.dateAt(to)).find((next) => next.from <= to && to < next.to);
    if (after === undefined) return instant(to);
    to = after.to;
  }
  return null;
}

/** In order, without overlap. */
function openOn({ open, freezes }: DeployWindows, local: Clock, date: string): readonly Span[] {
  if (freezes.some((freeze: Freeze) => freeze.from <= date && date <= freeze.to)) return [];
  const hours: readonly OpenHours[] = open.length === 0 ? [{ days: allDays, from: 0, to: 1_440 }] : open;
  const weekday = new Date(utcOf(date)).getUTCDay();
  const spans = hours
    .filter(({ days }) => days.includes(weekday))
    .map(({ from, to }) => ({ from: local.at(date, from), to: local.at(date, to) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last === undefined || span.from > last.to) merged.push(span);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return merged;
}

const allDays: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
const utcOf = (date: string): number => Date.parse(`${date}T00:00:00Z`);
const shifted = (date: string, days: number): string =>
  new Date(utcOf(date) + days * dayMs).toISOString().slice(0, 10);

interface Clock {
  dateAt(at: number): string;
  /**
   * When the wall clock shows so many minutes after midnight: the first time, where it shows them twice; the moment that the
   * clock is put forward, where it never does.
   */
  at(date: string, minutes: number): number;
}

const clocks = new Map<string, Clock>();

function clockOf(timeZone: string): Clock {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  /** What the wall clock shows, as if it were UTC. */
  const wall = (at: number): number => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const { year, month, day, hour, minute, second } = part;
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  };
  const made: Clock = {
    dateAt: (at) => new Date(wall(at)).toISOString().slice(0, 10),
    at(date, minutes) {
      const wanted = utcOf(date) + minutes * minuteMs;
      // The offsets of the days around: no zone changes its clock twice within them.
      const [before, after] = [wanted - dayMs, wanted + dayMs].map((near) => wall(near) - near);
      const tries = [wanted - (before ?? 0), wanted - (after ?? 0)].sort((a, b) => a - b);
      const exact = tries.find((at) => wall(at) === wanted);
      if (exact !== undefined) return exact;
      // The wall clock jumps over it: the first moment at which it shows more.
      let [low = 0, high = 0] = tries;
      while (high - low > 1_000) {
        const middle = Math.floor((low + high) / 2_000) * 1_000;
        if (middle <= low) break;
        if (wall(middle) < wanted) low = middle;
        else high = middle;
      }
      return high;
    },
  };
  clocks.set(timeZone, made);
  return made;
}

const textFormats = new Map<string, Intl.DateTimeFormat>();

/** `Mon 2026-11-30 09:00 Europe/Berlin`. */
export function localText(at: Instant, timeZone: string): string {
  const format =
    textFormats.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  textFormats.set(timeZone, format);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.weekday?.replace('.', '')} ${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute} ${timeZone}`;
}

/** `open until …`, or why it is closed and when it opens. */
export function windowText(windows: DeployWindows, now: Instant): string {
  const state = windowAt(windows, now);
  const { timeZone } = windows;
  if (state.kind === 'open')
    return state.until === null ? 'open' : `open until ${localText(state.until, timeZone)}`;
  const why = state.reason === null ? 'closed' : `closed (freeze: ${state.reason})`;
  return `${why}; ${state.opens === null ? 'no window follows' : `opens ${localText(state.opens, timeZone)}`}`;
}
