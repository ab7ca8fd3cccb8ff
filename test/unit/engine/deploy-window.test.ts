import { describe, expect, it } from 'vitest';
import { type DeployWindows, parseFreeze, parseOpenHours } from '../../../src/domain/deploy-windows.ts';
import { instant } from '../../../src/domain/units.ts';
import { windowAt, windowText } from '../../../src/engine/deploy-window.ts';

const at = (text: string) => instant(Date.parse(text));
const windows = (
  open: readonly string[],
  freezes: readonly string[] = [],
  timeZone = 'Europe/Berlin',
): DeployWindows => ({
  timeZone,
  open: open.map((text) => parseOpenHours(text)!),
  freezes: freezes.map((text) => parseFreeze(text)!),
});
/** The times as UTC. */
function seen(given: DeployWindows, now: string): readonly unknown[] {
  const iso = (time: number | null): string | null =>
    time === null ? null : `${new Date(time).toISOString().slice(0, 16)}Z`;
  const state = windowAt(given, at(now));
  return state.kind === 'open'
    ? ['open', iso(state.until)]
    : ['closed', iso(state.since), iso(state.opens), ...(state.reason === null ? [] : [state.reason])];
}

const office = windows(['mon-thu 09:00-16:00', 'fri 09:00-12:00']);

describe('a deploy window', () => {
  it.each<[string, string, readonly unknown[]]>([
    ['in winter', '2026-11-30T08:00:00Z', ['open', '2026-11-30T15:00Z']],
    ['a second before', '2026-11-30T07:59:59Z', ['closed', '2026-11-27T11:00Z', '2026-11-30T08:00Z']],
    ['at its end', '2026-11-30T15:00:00Z', ['closed', '2026-11-30T15:00Z', '2026-12-01T08:00Z']],
    ['in summer, an hour earlier', '2026-07-01T07:00:00Z', ['open', '2026-07-01T14:00Z']],
    ['over the weekend', '2026-12-05T12:00:00Z', ['closed', '2026-12-04T11:00Z', '2026-12-07T08:00Z']],
    [
      'over the weekend on which clocks go forward',
      '2027-03-27T12:00:00Z',
      ['closed', '2027-03-26T11:00Z', '2027-03-29T07:00Z'],
    ],
    [
      'over the weekend on which clocks go back',
      '2027-10-30T12:00:00Z',
      ['closed', '2027-10-29T10:00Z', '2027-11-01T08:00Z'],
    ],
  ])('of office hours: %s', (_name, now, expected) => {
    expect(seen(office, now)).toEqual(expected);
  });

  // Berlin: 2027-03-28 02:00 becomes 03:00 (01:00Z); 2027-10-31 03:00 becomes 02:00 (01:00Z).
  it.each<[string, string, string, readonly unknown[]]>([
    ['begins in the hour left out', 'sun 02:30-05:00', '2027-03-28T01:00:00Z', ['open', '2027-03-28T03:00Z']],
    ['ends in the hour left out', 'sun 01:00-02:30', '2027-03-28T00:59:00Z', ['open', '2027-03-28T01:00Z']],
    [
      'lies in the hour left out',
      'sun 02:10-02:50',
      '2027-03-28T00:30:00Z',
      ['closed', '2027-03-21T01:50Z', '2027-04-04T00:10Z'],
    ],
    [
      'begins in the hour that comes twice',
      'sun 02:30-05:00',
      '2027-10-31T00:30:00Z',
      ['open', '2027-10-31T04:00Z'],
    ],
    [
      'ends in the hour that comes twice',
      'sun 01:00-02:30',
      '2027-10-31T00:29:00Z',
      ['open', '2027-10-31T00:30Z'],
    ],
    ['has 23 hours', 'sun 00:00-24:00', '2027-03-28T12:00:00Z', ['open', '2027-03-28T22:00Z']],
    ['has 25 hours', 'sun 00:00-24:00', '2027-10-31T12:00:00Z', ['open', '2027-10-31T23:00Z']],
  ])('of a day on which clocks change: %s', (_name, hours, now, expected) => {
    expect(seen(windows([hours]), now)).toEqual(expected);
  });

  it('is right where a zone changes by half an hour, and where it never changes', () => {
    expect(seen(windows(['sun 00:00-24:00'], [], 'Australia/Lord_Howe'), '2027-04-04T00:00:00Z')).toEqual([
      'open',
      '2027-04-04T13:30Z',
    ]);
    expect(seen(windows(['mon 09:00-17:00'], [], 'Asia/Kolkata'), '2026-11-30T03:30:00Z')).toEqual([
      'open',
      '2026-11-30T11:30Z',
    ]);
  });

  it('goes on over midnight where two touch, and for ever where nothing closes', () => {
    const nights = windows(['mon 22:00-24:00', 'tue 00:00-06:00']);
    expect(seen(nights, '2026-11-30T22:00:00Z')).toEqual(['open', '2026-12-01T05:00Z']);
    expect(seen(windows([]), '2026-11-30T22:00:00Z')).toEqual(['open', null]);
    expect(seen(windows(['sat-mon 00:00-24:00']), '2026-11-29T12:00:00Z')).toEqual([
      'open',
      '2026-11-30T23:00Z',
    ]);
  });

  it('is closed in a freeze, whose days are those of the zone', () => {
    const frozen = windows(
      ['mon-thu 09:00-16:00', 'fri 09:00-12:00'],
      ['2026-12-21 to 2027-01-03: Christmas'],
    );
    expect(seen(frozen, '2026-12-24T10:00:00Z')).toEqual([
      'closed',
      '2026-12-18T11:00Z',
      '2027-01-04T08:00Z',
      'Christmas',
    ]);
    expect(seen(windows([], ['2026-12-24: Eve']), '2026-12-23T22:59:00Z')).toEqual([
      'open',
      '2026-12-23T23:00Z',
    ]);
    expect(seen(windows([], ['2000-01-01 to 2100-01-01: never']), '2026-12-23T12:00:00Z')).toEqual([
      'closed',
      null,
      null,
      'never',
    ]);
  });

  it('is told with its zone', () => {
    expect(windowText(office, at('2026-11-30T08:00:00Z'))).toBe(
      'open until Mon 2026-11-30 16:00 Europe/Berlin',
    );
    expect(windowText(office, at('2026-12-05T08:00:00Z'))).toBe(
      'closed; opens Mon 2026-12-07 09:00 Europe/Berlin',
    );
    expect(windowText(windows([], ['2026-12-24: Eve']), at('2026-12-24T08:00:00Z'))).toBe(
      'closed (freeze: Eve); opens Fri 2026-12-25 00:00 Europe/Berlin',
    );
  });

  it.each(['mon 9:00-16:00', 'mon 16:00-09:00', 'mon 09:00-24:01', 'someday 09:00-16:00', 'mon'])(
    'is not written as %s',
    (text) => {
      expect(parseOpenHours(text)).toBe(null);
    },
  );
  it.each(['2026-02-30: x', '2026-12-24', '2026-12-24 to 2026-12-20: x', 'Christmas: x'])(
    'has no freeze written as %s',
    (text) => {
      expect(parseFreeze(text)).toBe(null);
    },
  );
});
