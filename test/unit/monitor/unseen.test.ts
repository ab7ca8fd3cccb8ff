import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { observe } from '../../../src/monitor/observe.ts';
import { failureAtEndpoint } from '../../../src/monitor/total-failure.ts';
import { fewestUnseen, unseenIn } from '../../../src/monitor/unseen.ts';
import { source } from './late-metrics.ts';
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
      'are the challenger’s where traffic has just begun, and its first minutes were counted in part',
      (minute) => {
        if (minute < -3) return {};
        const shown = users(() => ({ champion: true, challenger: false }))(minute);
        return minute < 0 ? { ...shown, champion: { endpoint: 600, compared: 30 } } : shown;
      },
      { champion: false, challenger: true },
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

describe('a total failure that the endpoint shows while the router shows nothing', () => {
  interface Failing {
    readonly champion?: number;
    readonly challenger?: number;
    readonly minutes?: number;
    readonly shows?: boolean;
    readonly calls?: number;
  }
  const verdict = (
    { champion = 0, challenger = 1, minutes = 10, shows = false, calls = 600 }: Failing,
    scope: 'attributable' | 'absolute' = 'attributable',
  ) => {
    const rows = rowsOf((minute) => {
      if (minute < 0 || minute >= minutes) return {};
      const own = calls / 10;
      return {
        function: calls,
        champion: { endpoint: calls - own, failed: (calls - own) * champion },
        challenger: { endpoint: own, failed: own * challenger, compared: shows ? own : 0 },
      };
    });
    return failureAtEndpoint({ scope }, rows, 0);
  };

  it('is one, with both arms’ counts', () => {
    expect(verdict({})).toMatchObject({
      kind: 'fail',
      harmedRequests: 600,
      challengerRequests: 600,
      reason: {
        metric: 'endpoint-errors',
        sentence:
          'the challenger’s endpoint answered 600 of 600 requests with 5xx, the champion’s 0 of 5400, while the router’s metrics show none: they are late or lost',
      },
    });
  });

  it.each<[string, Failing]>([
    ['the champion’s does as well', { champion: 1 }],
    ['it fails eight in ten', { challenger: 0.8 }],
    ['it lasted two minutes', { minutes: 2 }],
    ['the router shows them, and the judge decides', { shows: true }],
    ['there were few requests', { calls: 10 }],
  ])('is none where %s', (_why, failing) => {
    expect(verdict(failing)).toBeNull();
  });

  it('is one beside a champion that fails as well where the limits are absolute', () => {
    expect(verdict({ champion: 1 }, 'absolute')).not.toBeNull();
  });
});

describe('a look at silent metrics', () => {
  const tickMs = 10_000;
  const watched = {
    champion: source('v1'),
    challenger: source('v2'),
    tickMs,
    settleMs: 120_000,
    horizonMs: 900_000,
    since: instant(0),
    share: { percent: 10, since: instant(0), before: 0 },
  };
  const rows = rowsOf(users(() => ({ champion: true, challenger: false })));

  /** The champion's requests show, the challenger's don't. */
  async function look(
    after: number,
    served: () => Promise<readonly ServedCount[] | null>,
    looks = createLooks(),
  ) {
    const arm = (requests: number) => ({ requests, errors: 0, throttles: 0 });
    let asked = 0;
    const metrics = {
      read: async ({ from, to }: { readonly from: number; readonly to: number }) => ({
        kind: 'read' as const,
        observations: Array.from(
          { length: (to - from) / tickMs },
          (_, i): Observation => ({
            at: instant(from + (i + 1) * tickMs),
            tickMs,
            plannedPercent: 10,
            champion: arm(90),
            challenger: arm(0),
          }),
        ),
      }),
      served: () => {
        asked++;
        return served();
      },
    };
    return {
      reading: await observe(metrics, watched, instant(after * 1_000), looks),
      asked: () => asked,
      looks,
    };
  }

  it('waits for the horizon, then says what is missing, and goes on saying it', async () => {
    const known = async () => rows;
    const { reading: before } = await look(890, known);
    expect(before).toMatchObject({ kind: 'read', observations: [] });
    for (const after of [920, 1_200])
      expect((await look(after, known)).reading).toMatchObject({
        kind: 'unreadable',
        denied: false,
        why: expect.stringMatching(
          /^the router's metrics show no request of v2 since 1970-01-01T00:00:00.000Z, but AWS counted \d+ at endpoint v2: metrics are late or lost$/,
        ) as string,
      });
  });

  it('keeps what it knew where AWS does not answer, and asks once a minute', async () => {
    const { looks } = await look(910, async () => rows);
    const failing = async () => null;
    const soon = await look(920, failing, looks);
    expect(soon.asked()).toBe(0);
    const later = await look(980, failing, looks);
    expect(later.asked()).toBe(1);
    for (const { reading } of [soon, later]) expect(reading?.kind).toBe('unreadable');
  });

  it('takes silence for what it is where AWS counted nothing, or can’t be asked', async () => {
    for (const served of [async () => [], async () => null])
      expect((await look(1_200, served)).reading?.kind).toBe('read');
  });
});
