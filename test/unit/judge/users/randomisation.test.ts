import { describe, expect, it } from 'vitest';
import { bucketCount, bucketRanks } from '../../../../src/domain/user-bucket.ts';
import { exchangeOf, type ExchangeInput } from '../../../../src/monitor/judge/users/exchange.ts';
import { randomisationTest } from '../../../../src/monitor/judge/users/randomisation.ts';
import { gateRandom } from '../../../../src/monitor/judge/users/random-orders.ts';
import { createRandom, poisson } from '../traffic.ts';
import { countsOf, ranksInOrder } from './counts.ts';

const margin = { ratio: 1.1, difference: 0.0002 };
const plain = { ratio: 1, difference: 0 };

const input = (changes: Partial<ExchangeInput>): ExchangeInput => ({
  segments: [],
  earlier: null,
  aside: [],
  ranks: ranksInOrder,
  counted: 'errors',
  margin,
  ...changes,
});

const p = (changes: Partial<ExchangeInput>, look = 1): number =>
  randomisationTest(exchangeOf(input(changes)), gateRandom('salt', look)).p;

/** D by the definition, of any order of the kept buckets. */
function excessByDefinition(one: ExchangeInput, order: readonly number[]): number {
  const aside = new Set(one.aside);
  let total = 0;
  let [x, n] = [0, 0];
  one.earlier?.id.forEach((bucket, i) => {
    if (aside.has(bucket)) return;
    x += one.earlier!.errors[i]!;
    n += one.earlier!.requests[i]!;
  });
  const rate = (x + 1) / n;
  for (const { percent, counts } of one.segments) {
    const k = Math.round(10 * percent);
    const y = new Map<number, number>();
    const requests = new Map<number, number>();
    counts.id.forEach((bucket, i) => {
      if (aside.has(bucket)) return;
      const [own, errors] = [counts.requests[i]!, counts.errors[i]!];
      const z = one.ranks[bucket]! < k ? (errors - one.margin.difference * own) / one.margin.ratio : errors;
      const at = one.earlier?.id.indexOf(bucket) ?? -1;
      const [xb, nb] = at < 0 ? [0, 0] : [one.earlier!.errors[at]!, one.earlier!.requests[at]!];
      const q = one.earlier === null ? 0 : (xb + 2) / (nb + 2 / rate);
      y.set(bucket, z - q * own);
      requests.set(bucket, own);
    });
    const m = order.filter((bucket) => one.ranks[bucket]! < k).length;
    const first = order.slice(0, m);
    const sum = (of: Map<number, number>, buckets: Iterable<number>): number =>
      [...buckets].reduce((all, bucket) => all + (of.get(bucket) ?? 0), 0);
    const [N, Y] = [sum(requests, order), sum(y, order)];
    const [N1, Y1] = [sum(requests, first), sum(y, first)];
    if (N1 === 0 || N1 === N) continue;
    total += (Y1 * (N - N1) - (Y - Y1) * N1) / N;
  }
  return total;
}

const byRank = (ranks: readonly number[], aside: readonly number[] = []): number[] =>
  Array.from({ length: bucketCount }, (_, bucket) => bucket)
    .filter((bucket) => !aside.includes(bucket))
    .sort((a, b) => ranks[a]! - ranks[b]!);

describe('the excess over the margin', () => {
  it('is that of its definition, over several shares, with earlier rates and set-aside buckets', () => {
    const random = createRandom(7);
    for (let run = 0; run < 20; run++) {
      const rows = (mean: number) =>
        Array.from({ length: 200 }, (_, i) => {
          const n = poisson(random, mean);
          return [5 * i + Math.floor(5 * random()), n, Math.min(n, poisson(random, 0.2 * mean))] as const;
        });
      const one = input({
        ranks: bucketRanks(`run ${run}`),
        segments: [10, 50, 20].map((percent) => ({ percent, counts: countsOf(rows(20)) })),
        earlier: run % 2 === 0 ? countsOf(rows(40)) : null,
        aside: run % 3 === 0 ? [3, 250, 251] : [],
      });
      const { excess } = randomisationTest(exchangeOf(one), gateRandom('a', 1));
      expect(excess).toBeCloseTo(excessByDefinition(one, byRank(one.ranks, one.aside)), 8);
    }
  });

  it('counts slow requests against their nominal share', () => {
    // 100 buckets with 10 of 100 slow earlier and now: as expected, so nothing but rounding is in excess.
    const rows = Array.from({ length: 100 }, (_, i) => [10 * i, 100, 0, 10] as const);
    const even = { segments: [{ percent: 50, counts: countsOf(rows) }], earlier: countsOf(rows) };
    expect(p({ ...even, counted: 'slow95', margin: plain })).toBeGreaterThan(0.4);
    const slower = rows.map(([b, n, , s]) => [b, n, 0, b < 500 ? s + 3 : s] as const);
    expect(
      p({
        ...even,
        segments: [{ percent: 50, counts: countsOf(slower) }],
        counted: 'slow95',
        margin: plain,
      }),
    ).toBe(1 / 2000);
  });
});

describe('few buckets', () => {
  /** All orders of a few occupied buckets among all places, by brute force over which places they get. */
  function bruteForce(one: ExchangeInput, buckets: readonly number[]): number {
    const observed = excessByDefinition(one, byRank(one.ranks));
    const percents = one.segments.map(({ percent }) => Math.round(10 * percent));
    // Where a bucket stands matters only by which shares include its place: one place of each kind, weighted.
    const cuts = [...new Set([...percents, bucketCount])].sort((a, b) => a - b);
    let [all, extreme] = [0, 0];
    function go(next: number, classes: readonly number[]): void {
      if (next < buckets.length) {
        cuts.forEach((_, c) => go(next + 1, [...classes, c]));
        return;
      }
      const used = new Map<number, number>();
      let ways = 1;
      const order = new Array<number>(bucketCount).fill(-1);
      classes.forEach((c, i) => {
        const from = c === 0 ? 0 : cuts[c - 1]!;
        const before = used.get(c) ?? 0;
        ways *= cuts[c]! - from - before;
        used.set(c, before + 1);
        order[from + before] = buckets[i]!;
      });
      const rest = byRank(one.ranks).filter((bucket) => !buckets.includes(bucket));
      for (let place = 0; place < bucketCount; place++) if (order[place] === -1) order[place] = rest.pop()!;
      all += ways;
      if (excessByDefinition(one, order) >= observed - 1e-9 * observed) extreme += ways;
    }
    go(0, []);
    return extreme / all;
  }

  it.each([
    ['one share', [50]],
    ['two shares', [10, 50]],
  ])('gives the exact probability at %s', (_, percents) => {
    const rows = [
      [5, 100, 9],
      [60, 80, 6],
      [300, 50, 4],
      [700, 100, 1],
      [900, 70, 2],
    ] as const;
    const one = input({ segments: percents.map((percent) => ({ percent, counts: countsOf(rows) })) });
    const result = randomisationTest(exchangeOf(one), gateRandom('a', 1));
    expect(result.by).toBe('few');
    expect(result.p).toBeCloseTo(
      bruteForce(
        one,
        rows.map(([bucket]) => bucket),
      ),
      10,
    );
  });

  it('compares only with orders that agree on which arms have active callers', () => {
    const rows = [
      [5, 100, 50],
      [700, 100, 0],
    ] as const;
    const one = {
      segments: [{ percent: 10, counts: countsOf(rows) }],
      earlier: countsOf([
        [5, 100],
        [700, 100],
      ]),
    };
    // Alone: the failing bucket is in the arm with probability 0.1, and it is not alone there: 0.1 * 900/999.
    const unconditioned = p(one);
    // Given that exactly one of two callers is in the challenger's arm, it is either with the same probability.
    const conditioned = p({ ...one, firstPercent: 10 });
    expect(conditioned).toBeCloseTo(0.5, 10);
    expect(unconditioned).toBeLessThan(0.11);
  });
});

describe('the p-value', () => {
  const manyRows = (random: () => number, errors: (bucket: number) => number) =>
    Array.from({ length: 300 }, (_, i) => {
      const n = 20 + Math.floor(60 * random());
      return [3 * i, n, Math.min(n, errors(3 * i))] as const;
    });

  it('is 1 where the challenger is no worse than the margin allows', () => {
    const rows = manyRows(createRandom(1), () => 2);
    expect(p({ segments: [{ percent: 50, counts: countsOf(rows) }] })).toBe(1);
  });

  it('is the same again for the same salt and look, and differs for another look', () => {
    const random = createRandom(4);
    const rows = manyRows(random, (bucket) => poisson(random, bucket < 500 ? 1.25 : 1));
    const one = { segments: [{ percent: 50, counts: countsOf(rows) }], margin: plain };
    expect(p(one, 1)).toBe(p(one, 1));
    expect(new Set([1, 2, 3, 4, 5].map((look) => p(one, look))).size).toBeGreaterThan(1);
  });

  it('is uniform or larger over assignments where the challenger is the champion', () => {
    // A hard population: few heavy users, errors in bursts, one bot.
    const random = createRandom(11);
    const rows = Array.from({ length: 120 }, (_, i) => {
      const n = Math.ceil(2000 / (i + 1));
      return [8 * i, n, i === 3 ? n : Math.min(n, poisson(random, 0.3) * poisson(random, 3))] as const;
    });
    const counts = countsOf(rows);
    const runs = 400;
    const ps = Array.from(
      { length: runs },
      (_, run) =>
        randomisationTest(
          exchangeOf(
            input({
              ranks: bucketRanks(`assignment ${run}`),
              segments: [10, 50].map((percent) => ({ percent, counts })),
              margin: plain,
            }),
          ),
          gateRandom(`assignment ${run}`, 1),
        ).p,
    );
    for (const level of [0.005, 0.01, 0.03]) {
      const found = ps.filter((one) => one <= level).length;
      // Above this count with probability below 1 in 10,000 where p is uniform.
      expect(found, `p <= ${level}`).toBeLessThanOrEqual(runs * level + 4 * Math.sqrt(runs * level) + 1);
    }
  });

  it('finds a fault of a few users whom nobody of the champion’s is like', () => {
    const random = createRandom(5);
    const rows = manyRows(
      random,
      (bucket) => poisson(random, 0.4) + (bucket < 300 && bucket % 30 === 0 ? 20 : 0),
    );
    expect(p({ segments: [{ percent: 50, counts: countsOf(rows) }] })).toBeLessThan(0.005);
  });

  it('does not blame the challenger for a user who always failed', () => {
    const bot = [3, 3000, 600] as const;
    const rest = Array.from({ length: 300 }, (_, i) => [3 * i + 1, 50, 1] as const);
    const counts = countsOf([bot, ...rest]);
    const now = [{ percent: 50, counts }];
    expect(p({ segments: now })).toBeGreaterThan(0.3);
    expect(p({ segments: now, earlier: counts })).toBeGreaterThan(0.05);
    expect(p({ segments: now, earlier: counts, aside: [3] })).toBe(1);
  });

  it('never grows when one more of the challenger’s requests fails, buckets being equally large', () => {
    const random = createRandom(8);
    const rows = Array.from({ length: 1000 }, (_, bucket) => [bucket, 20, poisson(random, 0.6)] as const);
    const pOf = (more: number): number =>
      p({
        segments: [
          {
            percent: 20,
            counts: countsOf(rows.map(([b, n, x]) => [b, n, Math.min(n, x + (b < 150 ? more : 0))])),
          },
        ],
        margin: plain,
      });
    // Fractional counts are accepted.
    const ps = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5].map(pOf);
    ps.slice(1).forEach((one, i) => expect(one).toBeLessThanOrEqual(ps[i]!));
    expect(ps.at(-1)).toBeLessThan(0.01);
    expect(ps[0]).toBeGreaterThan(0.01);
  });
});
