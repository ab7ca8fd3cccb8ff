import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../src/domain/observation.ts';
import { instant } from '../../../src/domain/units.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { readLate } from '../../../src/monitor/late.ts';
import { source, start } from './late-metrics.ts';

const tickMs = 10_000;
const count = (requests: number, errors = 0) => ({ requests, errors, throttles: 0 });
type Arms = readonly [champion: number, challenger: number, errors?: number];

const tick = (
  n: number,
  [champion, challenger, errors = 0]: Arms,
  over: Partial<Observation> = {},
): Observation => ({
  at: instant(start + n * tickMs),
  tickMs,
  plannedPercent: 10,
  champion: count(champion),
  challenger: count(challenger, errors),
  ...over,
});

const watched = {
  champion: source('v1'),
  challenger: source('v2'),
  tickMs,
  settleMs: 20_000,
  horizonMs: 60_000,
  since: instant(start),
  share: { percent: 10, since: instant(start), before: 0 },
};

/** What each look finds, of ticks that were entered as `entered` and show `shown` now. */
async function looked(
  entered: readonly Observation[],
  shown: readonly Arms[],
  { looks = 4, over = {}, from = start + 100_000 } = {},
) {
  const memory = createLooks();
  const asked: [number, number][] = [];
  const metrics = {
    read: async ({ from, to }: { readonly from: number; readonly to: number }) => {
      asked.push([from - start, to - start]);
      const first = (from - start) / tickMs;
      return {
        kind: 'read' as const,
        observations: shown.slice(first, (to - start) / tickMs).map((arms, i) => tick(first + i + 1, arms)),
      };
    },
  };
  const found = [];
  for (let look = 0; look < looks; look++) {
    const now = instant(from + look * tickMs);
    found.push(await readLate(metrics, { ...watched, ...over }, entered, now, memory));
  }
  return { found, asked, last: found.at(-1)! };
}

const silent = [tick(1, [90, 0]), tick(2, [90, 0]), tick(3, [90, 0])];

describe('ticks that were entered as silent', () => {
  it('arrive as a new observation once what they show has stood for settle', async () => {
    const { found } = await looked(silent, [
      [90, 10, 10],
      [90, 0],
      [95, 10, 1],
    ]);
    expect(found.map(({ arrived }) => arrived.length)).toEqual([0, 0, 2, 2]);
    expect(found[2]?.arrived).toEqual([
      {
        at: start + 10_000,
        plannedPercent: 10,
        champion: { requests: 0, errors: 0 },
        challenger: { requests: 10, errors: 10 },
        beside: { requests: 90, errors: 0 },
      },
      {
        at: start + 30_000,
        plannedPercent: 10,
        champion: { requests: 5, errors: 0 },
        challenger: { requests: 10, errors: 1 },
        beside: { requests: 95, errors: 0 },
      },
    ]);
  });

  it('show a total failure at once', async () => {
    const { found } = await looked(silent, [
      [90, 10, 10],
      [90, 10, 10],
      [90, 0],
    ]);
    expect(found[0]?.whole.map(({ challenger }) => challenger?.errors)).toEqual([10, 10]);
  });

  it('arrive once: what is in the journal is not new', async () => {
    const late = [
      {
        at: silent[0]!.at,
        plannedPercent: 10,
        champion: null,
        challenger: { requests: 10, errors: 1 },
        beside: null,
      },
    ];
    const { last } = await looked(
      [...silent, tick(4, [90, 10], { late })],
      [
        [90, 10, 1],
        [90, 0],
        [90, 0],
        [90, 10],
      ],
    );
    expect(last.arrived).toEqual([]);
  });

  it.each<[string, readonly Arms[], object]>([
    [
      'failures of requests that were known',
      [
        [90, 10, 10],
        [90, 10],
        [90, 10],
      ],
      {},
    ],
    [
      'counts of which one shrinks',
      [
        [90, 30, 1],
        [80, 10],
        [90, 10],
      ],
      {},
    ],
    [
      'copies of requests',
      [
        [90, 30, 1],
        [90, 10],
        [90, 10],
      ],
      { copies: true },
    ],
    [
      'a plan that reads nothing again',
      [
        [90, 30, 1],
        [90, 10],
        [90, 10],
      ],
      { horizonMs: undefined },
    ],
    [
      'ticks of another share',
      [
        [90, 30, 1],
        [90, 10],
        [90, 10],
      ],
      { share: { percent: 50, since: instant(start + 30_000), before: 10 } },
    ],
  ])('bring no new observation where there are %s', async (_what, shown, over) => {
    const entered = [tick(1, [90, 10]), tick(2, [90, 10]), tick(3, [90, 10])];
    expect((await looked(entered, shown, { over })).last.arrived).toEqual([]);
  });

  it('are read once in a fifteenth of the horizon, four horizons back', async () => {
    const many = Array.from({ length: 60 }, (_, i) => tick(i + 1, [90, 10]));
    const shown = many.map((): Arms => [90, 10]);
    const over = { horizonMs: 300_000 };
    const { asked } = await looked(many, shown, { looks: 4, over, from: start + 1_300_000 });
    expect(asked).toEqual([
      [100_000, 600_000],
      [120_000, 600_000],
    ]);
  });
});
