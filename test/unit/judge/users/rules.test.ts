import { describe, expect, it } from 'vitest';
import { bucketRanks } from '../../../../src/domain/user-bucket.ts';
import { activeBuckets, fewCallersText } from '../../../../src/monitor/judge/users/callers.ts';
import { createGateLooks } from '../../../../src/monitor/judge/users/gate-looks.ts';
import { gateRandom } from '../../../../src/monitor/judge/users/random-orders.ts';
import { asideText, setAside } from '../../../../src/monitor/judge/users/set-aside.ts';
import { failedBefore, failsTotally } from '../../../../src/monitor/judge/users/total-failure.ts';
import { countsOf, ranksInOrder } from './counts.ts';

type Row = readonly [bucket: number, requests: number, errors?: number];
const crowd = (size: number, requests = 100, errors = 1): readonly Row[] =>
  Array.from({ length: size }, (_, i) => [i, requests, errors] as const);

describe('buckets that are set aside', () => {
  it.each<[string, readonly Row[], readonly number[]]>([
    ['none that fails as the others do', crowd(200), []],
    ['a bot that fails always', [...crowd(200), [900, 1000, 1000]], [900]],
    ['none with 9 failures', [...crowd(200, 100, 0), [900, 1000, 9]], []],
    ['one with 10 failures, if they are over 2 % of all', [...crowd(200, 100, 0), [900, 1000, 10]], [900]],
    ['none with 2 % of all failures', [...crowd(196, 100, 5), [900, 1000, 20]], []],
    ['one with just over 2 % of them', [...crowd(195, 100, 5), [900, 1000, 20]], [900]],
    ['none below 100 active buckets', [...crowd(98, 100, 0), [900, 1000, 1000]], []],
    ['one at 100 active buckets', [...crowd(99, 100, 0), [900, 1000, 1000]], [900]],
    [
      'none that brings them above half of the requests, but smaller ones after it',
      [...crowd(120, 60, 0), [900, 5000, 900], [901, 4000, 800], [902, 100, 90]],
      [900, 902],
    ],
  ])('are %s', (_, rows, expected) => {
    expect(setAside(countsOf(rows)).buckets).toEqual(expected);
  });

  it('are the 20 with the most failures', () => {
    const failing = Array.from({ length: 30 }, (_, i) => [500 + i, 100, 50 + i] as const);
    const { buckets, share } = setAside(countsOf([...crowd(300, 100, 0), ...failing]));
    expect(buckets).toEqual(Array.from({ length: 20 }, (_, i) => 510 + i));
    expect(share).toBeCloseTo(2000 / 33_000, 12);
  });

  it('are told of only where they carry more than a quarter of the requests', () => {
    const rows = (bot: number): readonly Row[] => [...crowd(100, 100, 0), [900, bot, bot]];
    expect(asideText(countsOf(rows(3000)), [900])).toBeNull();
    expect(asideText(countsOf(rows(6000)), [900])).toBe(
      'users who fail often (1 of 1000 user buckets) make 38 % of the traffic: the comparison is over the other 62 % of the requests',
    );
    expect(asideText(null, [900])).toBeNull();
    expect(asideText(countsOf(rows(6000)), [])).toBeNull();
  });
});

describe('active callers', () => {
  it('are buckets with a tenth of the mean requests, however busy one of them is', () => {
    const counts = countsOf([
      [1, 1000],
      [2, 40],
      [3, 30],
      [4, 0],
    ]);
    expect(activeBuckets(counts)).toEqual([1, 2]);
    expect(activeBuckets(countsOf([]))).toEqual([]);
    expect(activeBuckets(countsOf([[1, 0]]))).toEqual([]);
  });

  it.each([
    [1, /^1 active caller is too few/],
    [15, /^15 active callers are too few .* routing: weighted/],
  ])('of %i are too few for sticky routing', (callers, text) => {
    expect(fewCallersText(countsOf(crowd(callers)))).toMatch(text);
  });

  it('of 16 are enough, and nothing is said where nobody was seen', () => {
    expect(fewCallersText(countsOf(crowd(16)))).toBeNull();
    expect(fewCallersText(countsOf([]))).toBeNull();
    expect(fewCallersText(null)).toBeNull();
  });
});

describe('total failure', () => {
  const strata = (n: readonly number[], x: readonly number[]) => {
    const fill = (of: readonly number[]): number[] => Array.from({ length: 16 }, (_, k) => of[k] ?? 0);
    return { n: fill(n), x: fill(x) };
  };
  const fails = (
    [n1, x1]: readonly [readonly number[], readonly number[]],
    [n0, x0]: readonly [readonly number[], readonly number[]] = [[500], [5]],
    before: number | null = 0.01,
  ): boolean => {
    const [one, other] = [strata(n1, x1), strata(n0, x0)];
    return failsTotally({ n1: one.n, x1: one.x, n0: other.n, x0: other.x }, before);
  };

  it.each<[string, boolean, boolean]>([
    [
      '20 of 20 in two strata',
      fails([
        [10, 10],
        [10, 10],
      ]),
      true,
    ],
    [
      '19 of 19',
      fails([
        [10, 9],
        [10, 9],
      ]),
      false,
    ],
    [
      '90 % of each stratum',
      fails([
        [10, 20],
        [9, 18],
      ]),
      true,
    ],
    [
      'a stratum that fails less',
      fails([
        [10, 200],
        [8, 200],
      ]),
      false,
    ],
    [
      'an empty stratum is none',
      fails([
        [0, 20, 0, 5],
        [0, 20, 0, 5],
      ]),
      true,
    ],
    [
      'beside a champion that fails half',
      fails(
        [
          [10, 10],
          [10, 10],
        ],
        [[100], [50]],
      ),
      false,
    ],
    [
      'beside no champion’s request',
      fails(
        [
          [10, 10],
          [10, 10],
        ],
        [[], []],
      ),
      true,
    ],
    [
      'of buckets that failed half before',
      fails(
        [
          [10, 10],
          [10, 10],
        ],
        undefined,
        0.5,
      ),
      false,
    ],
    ['one stratum, with earlier counts', fails([[30], [30]]), true],
    ['one stratum, without them', fails([[30], [30]], undefined, null), false],
    [
      'two strata, without them',
      fails(
        [
          [15, 15],
          [15, 15],
        ],
        undefined,
        null,
      ),
      true,
    ],
  ])('%s', (_, actual, expected) => expect(actual).toBe(expected));

  it('knows how much the challenger’s buckets failed before', () => {
    const earlier = countsOf([
      [10, 100, 50],
      [60, 100, 10],
      [700, 100, 100],
    ]);
    expect(failedBefore(earlier, ranksInOrder, 5)).toBe(0.5);
    expect(failedBefore(earlier, ranksInOrder, 10)).toBe(0.3);
    expect(failedBefore(earlier, ranksInOrder, 0.5)).toBeNull();
    expect(failedBefore(null, ranksInOrder, 50)).toBeNull();
  });
});

describe('looks at the gate', () => {
  it('are the first tick that is due, and then the whole minutes from 1.25 times the last one on', () => {
    const looks = createGateLooks();
    const taken: number[] = [];
    for (let s = 200; s <= 3600; s += 10) {
      if (!looks.isLook(s * 1000)) continue;
      looks.taken(s * 1000);
      taken.push(s / 60);
    }
    expect(taken.map((minute) => Number(minute.toFixed(2)))).toEqual([
      3.33, 5, 7, 9, 12, 15, 19, 24, 30, 38, 48, 60,
    ]);
    expect(looks.count()).toBe(12);
  });

  it('come a minute after a finding that was due within the first', () => {
    const looks = createGateLooks();
    looks.taken(10_000);
    expect([20, 50, 60].map((s) => looks.isLook(s * 1000))).toEqual([false, false, true]);
  });
});

describe('random orders', () => {
  it('are drawn from the salt and the number of the look', () => {
    const draw = (salt: string, look: number): readonly number[] => {
      const uniform = gateRandom(salt, look);
      return [uniform(), uniform(), uniform()];
    };
    expect(draw('a', 1)).toEqual(draw('a', 1));
    expect(draw('a', 1)).not.toEqual(draw('a', 2));
    expect(draw('a', 1)).not.toEqual(draw('b', 1));
    for (const value of draw('a', 1)) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }
  });

  it('have an even mean and no visible pattern', () => {
    const uniform = gateRandom('mean', 3);
    const values = Array.from({ length: 20_000 }, uniform);
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0.5, 1.5);
    const halves = values.slice(1).filter((value, i) => value < 0.5 === values[i]! < 0.5).length;
    expect(Math.abs(halves / values.length - 0.5)).toBeLessThan(0.02);
  });

  it('rank buckets differently for each salt', () => {
    expect(bucketRanks('a')).not.toEqual(bucketRanks('b'));
  });
});
