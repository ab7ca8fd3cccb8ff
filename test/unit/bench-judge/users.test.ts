import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../bench/judge/random.ts';
import { userCells } from '../../../bench/judge/users/cells.ts';
import { drawPopulation, userSampler } from '../../../bench/judge/users/population.ts';
import { simulateRollout, type Variant } from '../../../bench/judge/users/rollout.ts';

const cellNamed = (name: string) => userCells.find((cell) => cell.name === name)!;

describe('a simulated population', () => {
  it('sends requests by Zipf’s law, and bots their share', () => {
    const random = createRandom(1);
    const population = drawPopulation(
      { users: 50, zipf: 1, errorRate: 0.01, beta: null, bots: { count: 2, share: 0.1, errorRate: 1 } },
      random,
    );
    expect(population.share.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(population.share[0]! / population.share[9]!).toBeCloseTo(10, 10);
    expect([...population.error.slice(-2)]).toEqual([1, 1]);
    const sample = userSampler(population, random);
    const drawn = new Float64Array(52);
    const n = 100_000;
    for (let i = 0; i < n; i++) drawn[sample()]!++;
    drawn.forEach((count, user) => {
      const expected = n * population.share[user]!;
      expect(Math.abs(count - expected), `user ${user}`).toBeLessThan(5 * Math.sqrt(expected) + 5);
    });
  });

  it('has users whose error rates are Beta, with the mean that was asked for', () => {
    const { error } = drawPopulation({ users: 20_000, zipf: 0, errorRate: 0.01, beta: 0.2 }, createRandom(2));
    const mean = error.reduce((a, b) => a + b, 0) / error.length;
    const variance = error.reduce((sum, p) => sum + (p - mean) ** 2, 0) / error.length;
    expect(mean).toBeCloseTo(0.01, 3);
    // m (1 - m)/(a + b + 1), a = 0.2, b = 19.8
    expect(variance).toBeCloseTo((0.01 * 0.99) / 21, 4);
  });
});

describe('a simulated rollout among users', () => {
  const run = (name: string, variants: readonly Variant[], number: number) =>
    simulateRollout(cellNamed(name).scenario, variants, [7, number]);

  it('is the same again from the same seed', () => {
    const name = 'A n=200 z=1.5 1/s';
    expect(run(name, ['gate'], 3)).toEqual(run(name, ['gate'], 3));
    expect(run(name, ['judge'], 3).get('judge')).toBeDefined();
  });

  it('of a healthy challenger beside bots that always fail is rolled back by requests, and not by users', () => {
    const outcomes = [1, 2, 3, 4, 5, 6].map((n) => run('B4 four bots of 2 % 10/s', ['judge', 'gate'], n));
    const back = (variant: Variant): number => outcomes.filter((one) => one.get(variant)!.at !== null).length;
    expect(back('judge')).toBeGreaterThan(0);
    expect(back('gate')).toBe(0);
  });

  it('of a worse one is rolled back, in the first minutes where it fails everybody', () => {
    expect(run('P x5 10/s', ['gate'], 1).get('gate')!.at).toBeLessThan(30);
    expect(run('total failure 10/s', ['gate', 'strata'], 1).get('gate')!.at).toBeLessThan(1);
    expect(run('total failure 10/s', ['strata'], 2).get('strata')!.at).toBeLessThan(1);
  });
});
