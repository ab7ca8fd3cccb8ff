import { describe, expect, it } from 'vitest';
import { allCells, cellNumber, type Cell } from '../../../bench/judge/cells.ts';
import recorded from '../../../bench/judge/recorded.json' with { type: 'json' };
import { createRandom } from '../../../bench/judge/random.ts';
import { simulate } from '../../../bench/judge/simulate.ts';
import { summaryOf } from '../../../bench/judge/summary.ts';
import { watched } from '../../../bench/judge/watched.ts';

const cells = allCells();

function run(table: string, name: string, runs: number) {
  const cell = cells.find((one) => one.table === table && one.name === name) as Cell;
  const own = cell.contestants.filter(({ name }) => name === 'mlreg' || name === 'mlreg, defaults');
  return simulate(cell.scenario, own, { cell: cellNumber(cell), first: 0, runs });
}

/** Most rollbacks of so many healthy challengers that a judge of level alpha has in all but one of a thousand such tests. */
function mostRollbacks(runs: number, alpha: number): number {
  let at = (1 - alpha) ** runs;
  let below = at;
  let k = 0;
  while (below < 0.999) {
    k++;
    at *= ((runs - k + 1) / k) * (alpha / (1 - alpha));
    below += at;
  }
  return k;
}

/** Runs a cell by what they cost; with latencies most. */
const runsOf = { falseRollbacks: 10, errors: 25, latency: 8, bursts: 50, storms: 50 } as const;

const healthy = [
  ['falseRollbacks', '60 s, 100/s, 10%, 1%'],
  ['bursts', '60 s, 10/s, 10%, 1%, cluster 1, shared 0, history 1, 1x'],
  ['bursts', '60 s, 100/s, 10%, 1%, cluster 3, shared 0, history 3, 1x'],
  ['bursts', '60 s, 100/s, 50%, 4%, cluster 1, shared 0.7, history 1, 1x'],
  ['storms', '60 s, 10/s, 50%, 1%, storm 100'],
] as const;

describe('a healthy challenger is rolled back at most alpha of the time', () => {
  it('in each cell and in all together', () => {
    const counted = healthy.flatMap(([table, name]) =>
      [...run(table, name, runsOf[table])].map(([contestant, { at }]) => ({
        what: `${contestant}: ${name}`,
        rollbacks: at.filter((one) => one !== null).length,
        runs: at.length,
      })),
    );
    const sum = (of: 'rollbacks' | 'runs'): number => counted.reduce((total, one) => total + one[of], 0);
    for (const { what, rollbacks, runs } of [
      ...counted,
      { what: 'all', rollbacks: sum('rollbacks'), runs: sum('runs') },
    ]) {
      expect(rollbacks, what).toBeLessThanOrEqual(mostRollbacks(runs, 0.01));
    }
  });

  it('the slack is the binomial’s', () => {
    expect([mostRollbacks(60, 0.01), mostRollbacks(1000, 0.01)]).toEqual([4, 21]);
  });
});

describe('a bad challenger is found no later than recorded', () => {
  // The first runs of the recorded ones: a fifth and one tick are what so few may differ by.
  it.each(watched)('$table: $name', ({ table, name }) => {
    const record: Readonly<Record<string, number>> = recorded[name];
    const tickMinutes = name.startsWith('10 s') ? 1 / 6 : 1;
    for (const [contestant, outcomes] of run(table, name, runsOf[table])) {
      const { median } = summaryOf(outcomes);
      expect(median, contestant).toBeLessThanOrEqual(1.2 * record[contestant]! + tickMinutes);
    }
  });
});

describe('random numbers', () => {
  const random = createRandom(7);
  const draws = 20_000;
  const moments = (draw: () => number): { mean: number; variance: number } => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < draws; i++) {
      const value = draw();
      sum += value;
      squares += value * value;
    }
    return { mean: sum / draws, variance: squares / draws - (sum / draws) ** 2 };
  };

  it.each<[string, () => number, number, number]>([
    ['uniform', () => random.uniform(), 0.5, 1 / 12],
    ['normal', () => random.normal(), 0, 1],
    ['few of a Poisson', () => random.poisson(3), 3, 3],
    ['many of a Poisson', () => random.poisson(400), 400, 400],
    ['few of a binomial', () => random.binomial(40, 0.1), 4, 3.6],
    ['many of a binomial', () => random.binomial(2000, 0.7), 1400, 420],
    ['geometric', () => random.geometric(3), 3, 6],
  ])('%s', (_, draw, mean, variance) => {
    const found = moments(draw);
    expect(Math.abs(found.mean - mean)).toBeLessThan(4 * Math.sqrt(variance / draws));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.1);
  });

  it('are a function of the seed', () => {
    const of = (...words: number[]): number[] => Array.from({ length: 3 }, createRandom(...words).uniform);
    expect(of(1, 2, 3)).toEqual(of(1, 2, 3));
    expect(of(1, 2, 3)).not.toEqual(of(1, 2, 4));
  });
});
