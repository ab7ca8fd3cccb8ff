import { describe, expect, it } from 'vitest';
import { beside, type PowerCell, statedAndSimulated } from '../support/power-trials.ts';

/* What `plan` states of a regression, beside whole rollouts that the judge judged. A few of them are in `npm test` too. */

const runs = 120;

const cells = (shares: readonly number[], bakeMinutes: number, perSecond: number): readonly PowerCell[] =>
  [0.001, 0.005, 0.01, 0.03].flatMap((errorRate) =>
    ([1.5, 2, 5] as const).map((ratio) => ({ perSecond, errorRate, ratio, shares, bakeMinutes })),
  );

describe('the chance that a plan states contains what happens in simulation', () => {
  it.each<[string, readonly number[], number, number]>([
    ['bakes of 1 h at 10 and 50 %, 1/s', [10, 50], 60, 1],
    ['bakes of 1 h at 10 and 50 %, 3/s', [10, 50], 60, 3],
    ['bakes of 1 h at 10 and 50 %, 10/s', [10, 50], 60, 10],
    ['bakes of 1 h at 10 and 50 %, 30/s', [10, 50], 60, 30],
    ['short bakes at 5, 25 and 50 %, 10/s', [5, 25, 50], 20, 10],
    ['short bakes at 5, 25 and 50 %, 100/s', [5, 25, 50], 20, 100],
    ['bakes at 1 and 10 %, and everybody at last, 5/s', [1, 10, 100], 60, 5],
  ])('%s', (_, shares, bakeMinutes, perSecond) => {
    const wrong = cells(shares, bakeMinutes, perSecond).flatMap((cell, index) =>
      beside(statedAndSimulated(cell, runs, 1_000 + index), 2.5).map((stated) => ({ ...cell, ...stated })),
    );
    expect(wrong).toEqual([]);
  });
});
