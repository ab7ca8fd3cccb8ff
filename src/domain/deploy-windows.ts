/** When rollouts may go forward. All times are those of `timeZone`. */
export interface DeployWindows {
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  /** Empty: at any time but in a freeze. */
  readonly open: readonly OpenHours[];
  readonly freezes: readonly Freeze[];
}

export interface OpenHours {
  /** 0 Sunday to 6 Saturday. */
  readonly days: readonly number[];
  /** Minutes since midnight; `to` is exclusive, at most 1,440, and later than `from`. */
  readonly from: number;
  readonly to: number;
}

/** From the first moment of one date to the last of another. */
export interface Freeze {
  /** `2026-12-20`. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const hoursPattern =
  /^(sun|mon|tue|wed|thu|fri|sat)(?:-(sun|mon|tue|wed|thu|fri|sat))? ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;

/** `mon-thu 09:00-16:00`; days may wrap, as in sat-mon. @returns null where it is not written so, or ends before it begins */
export function parseOpenHours(text: string): OpenHours | null {
  const found = hoursPattern.exec(text);
  if (found === null) return null;
  const [, first = '', last = first, fromHour, fromMinute, toHour, toMinute] = found;
  const [from, to] = [60 * Number(fromHour) + Number(fromMinute), 60 * Number(toHour) + Number(toMinute)];
  if (to <= from || to > 1_440) return null;
  const index = (name: string): number => dayNames.findIndex((day) => day === name);
  const days: number[] = [];
  for (let day = index(first); ; day = (day + 1) % 7) {
    days.push(day);
    if (day === index(last)) break;
  }
  return { days, from, to };
}

const freezePattern = /^(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?: (\S.{0,199})$/;

/** `2026-12-20 to 2027-01-04: Christmas`. @returns null where it is not written so, or no such dates exist */
export function parseFreeze(text: string): Freeze | null {
  const found = freezePattern.exec(text);
  if (found === null) return null;
  const [, from = '', to = from, reason = ''] = found;
  return isDate(from) && isDate(to) && from <= to ? { from, to, reason } : null;
}

function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
