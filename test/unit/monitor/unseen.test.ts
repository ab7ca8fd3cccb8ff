import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import { fewestUnseen, unseenIn } from '../../../src/monitor/unseen.ts';
import type { ArmServed, ServedCount } from '../../../src/ports/index.ts';

const minuteMs = 60_000;
const none: ArmServed = { endpoint: 0, failed: 0, compared: 0, apart: 0 };

/** What was counted in one minute, before the share began where the minute is negative. */
type Minute = (minute: number) => Partial<Omit<ServedCount, 'champion' | 'challenger'>> & {
  readonly champion?: Partial<ArmServed>;
  readonly challenger?: Partial<ArmServed>;
};

/** From an hour before the share to twenty minutes after its begin. */
const rowsOf = (minute: Minute): ServedCount[] =>
  Array.from({ length: 80 }, (_, i) => {
    const { champion = {}, challenger = {}, ...more } = minute(i - 60);
    return {
      at: instant((i - 59) * minuteMs),
      periodMs: minuteMs,
      function: 0,
      turnedAway: 0,
      ...more,
      champion: { ...none, ...champion },
      challenger: { ...none, ...challenger },
    };
  });
const unseen = (minute: Minute) => unseenIn(rowsOf(minute), 0);
const missing = (minute: Minute, after = 20) => ({
  champion: unseen(minute)('champion', after * minuteMs) >= fewestUnseen,
  challenger: unseen(minute)('challenger', after * minuteMs) >= fewestUnseen,
});

/** Users: 600 a minute, a tenth of them the challenger's from the share's begin on; `show` says what the router shows. */
const users =
  (show: (minute: number) => { readonly champion: boolean; readonly challenger: boolean }): Minute =>
  (minute) => {
    const own = minute < 0 ? 0 : 60;
    const shown = show(minute);
    return {
      function: 600,
      champion: { endpoint: 600 - own, compared: shown.champion ? 600 - own : 0 },
      challenger: { endpoint: own, compared: shown.challenger ? own : 0 },
    };
  };

describe('requests that AWS counted and the router’s metrics do not show', () => {
  it.each<[string, Minute, { champion: boolean; challenger: boolean }]>([
    [
      'are none where all show',
      users(() => ({ champion: true, challenger: true })),
      { champion: false, challenger: false },
    ],
    [
      'are both arms’ where both are late from the share’s begin on',
      users((minute) => ({ champion: minute < 0, challenger: false })),
      { champion: true, challenger: true },
    ],
    [
      'are both arms’ where nothing was ever seen',
      users(() => ({ champion: false, challenger: false })),
      { champion: true, challenger: true },
    ],
    [
      'are the challenger’s where it alone is late',
      users(() => ({ champion: true, challenger: false })),
      { champion: false, challenger: true },
    ],
    [
      'are the champion’s where it alone is late',
      users((minute) => ({ champion: minute < 0, challenger: true })),
      { champion: true, challenger: false },
    ],
  ])('%s', (_name, minute, expected) => {
    expect(missing(minute)).toEqual(expected);
  });

  it('are counted from the time that the arm was seen last, so a silence before them is none of theirs', () => {
    const late: Minute = (minute) =>
      minute < 10 ? {} : users(() => ({ champion: false, challenger: false }))(minute);
    expect(missing(late, 8)).toEqual({ champion: false, challenger: false });
    expect(missing(late, 13)).toEqual({ champion: true, challenger: true });
  });

  it('are none in the minute after the last one: both may count a request on another side of its edge', () => {
    const ended: Minute = (minute) =>
      minute < 5
        ? users(() => ({ champion: true, challenger: true }))(minute)
        : minute === 5
          ? { function: 50, champion: { endpoint: 50 }, challenger: { endpoint: 20 } }
          : {};
    expect(missing(ended)).toEqual({ champion: false, challenger: false });
  });
});

describe('a quiet night', () => {
  const heard = users(() => ({ champion: true, challenger: true }));
  it.each<[string, Minute]>([
    ['in which nobody calls anything', () => ({})],
    [
      'in which others call the endpoints past the function',
      () => ({ champion: { endpoint: 500 }, challenger: { endpoint: 500 } }),
    ],
    ['in which the function is asked for its health', () => ({ function: 60 })],
    [
      'in which the function turns requests away',
      () => ({ function: 600, turnedAway: 600, champion: { endpoint: 500 } }),
    ],
    [
      'in which testers alone call',
      () => ({ function: 60, challenger: { endpoint: 60, apart: 60 }, champion: { endpoint: 20 } }),
    ],
    [
      'in which requests without a user alone call',
      () => ({ function: 60, champion: { endpoint: 60, apart: 60 } }),
    ],
    [
      'in which others call the endpoints, as ever, beside checks of health, as ever',
      (minute) => {
        const { champion, challenger, function: all = 0 } = minute < 0 ? heard(minute) : {};
        return {
          function: all + 60,
          champion: { ...champion, endpoint: (champion?.endpoint ?? 0) + 500 },
          challenger: { ...challenger },
        };
      },
    ],
    [
      'in which a few warming requests of another process are not known',
      (minute) => ({ function: 60, champion: { endpoint: minute % 5 === 0 ? 2 : 0 } }),
    ],
  ])('is one: %s', (_name, minute) => {
    expect(missing(minute)).toEqual({ champion: false, challenger: false });
  });
});

it('nothing is unseen where nothing was read', () => {
  expect(unseenIn([], 0)('champion', Infinity)).toBe(0);
});
