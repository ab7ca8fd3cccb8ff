import { describe, expect, it } from 'vitest';
import { beside, type PowerCell, statedAndSimulated } from '../support/power-trials.ts';

/* What `plan` states of a regression, beside whole rollouts that the judge judged. A few of them are in `npm test` too. */

const runs = 200;

const cells = (shares: readonly number[], bakeMinutes: number, traffic: readonly number[]): PowerCell[] =>
  traffic.flatMap((perSecond) =>
    [0.001, 0.005, 0.01, 0.03].flatMap((errorRate) =>
      ([1.5, 2, 5] as const).map((ratio) => ({ perSecond, errorRate, ratio, shares, bakeMinutes })),
    ),
  );

describe('the chance that a plan states contains what happens in simulation', () => {
  it.each<[string, PowerCell[]]>([
    ['the default canary', cells([10, 50], 60, [1, 3, 10, 30])],
    ['short bakes', cells([5, 25, 50], 20, [10, 30])],
    ['long bakes, and everybody at last', cells([1, 10, 100], 120, [5])],
  ])('%s', (_, all) => {
    const wrong = all.flatMap((cell, index) =>
      beside(statedAndSimulated(cell, runs, 1_000 + index), 2.5).map((stated) => ({ ...cell, ...stated })),
    );
    expect(wrong).toEqual([]);
  });
});
