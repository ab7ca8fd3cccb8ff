import { describe, expect, it } from 'vitest';
import { detectable, type BakeInputs } from '../../../src/monitor/judge/power/power.ts';

const bake: BakeInputs = {
  challengerPerSecond: 8,
  championPerSecond: 72,
  baseErrorRate: 0.01,
  bakeTicks: 60,
  tickMs: 1000,
  alpha: 0.01,
  rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
  errorRateLimit: 0.05,
  looks: 8,
  historyRequests: 0,
};

const chance = (inputs: BakeInputs, ratio: number): number =>
  detectable(inputs).errors.find((one) => one.ratio === ratio)!.probability;

describe('what a bake detects', () => {
  // Shares of rollbacks in 60 simulated bakes each, robust noise: traffic a second, share, base rate, ticks, history ticks.
  it.each([
    [80, 0.1, 0.01, 60, 0, [0, 0.02, 0.78]],
    [80, 0.1, 0.01, 60, 60, [0, 0, 0.8]],
    [15, 0.5, 0.01, 60, 0, [0, 0, 0.12]],
    [15, 0.5, 0.01, 120, 60, [0, 0, 0.62]],
    [40, 0.2, 0.02, 120, 60, [0.02, 0.08, 1]],
    [100, 0.1, 0.005, 120, 60, [0, 0, 0.87]],
    [100, 0.1, 0.02, 60, 60, [0, 0.05, 1]],
  ])(
    'is near what simulations found: %d/s, %d, %d, %d ticks, history %d',
    (rate, w, p0, ticks, history, found) => {
      const inputs = {
        ...bake,
        challengerPerSecond: rate * w,
        championPerSecond: rate * (1 - w),
        baseErrorRate: p0,
        bakeTicks: ticks,
        historyRequests: history * rate,
      };
      detectable(inputs).errors.forEach(({ probability }, i) => {
        expect(Math.abs(probability - found[i]!)).toBeLessThan(0.15);
      });
    },
  );

  it('grows with time, traffic and the regression', () => {
    expect(chance({ ...bake, bakeTicks: 600 }, 2)).toBeGreaterThan(chance(bake, 2));
    expect(chance({ ...bake, bakeTicks: 3600 }, 2)).toBeGreaterThan(0.9);
    expect(chance({ ...bake, championPerSecond: 720, challengerPerSecond: 80 }, 2)).toBeGreaterThan(
      chance(bake, 2),
    );
    expect(chance(bake, 5)).toBeGreaterThan(chance(bake, 2));
  });

  it('finds total failure within seconds', () => {
    const { totalFailure } = detectable(bake);
    expect(totalFailure.probability).toBeGreaterThan(0.99);
    expect(totalFailure.expectedMs).toBeLessThan(10_000);
  });

  it('finds +20 % latency with enough requests', () => {
    const hour = { ...bake, tickMs: 10_000, bakeTicks: 360 };
    expect(detectable(hour).slower.probability).toBeGreaterThan(0.9);
    expect(detectable(bake).slower.probability).toBeLessThan(0.5);
  });

  it.each<[string, Partial<BakeInputs>]>([
    ['no traffic', { challengerPerSecond: 0, championPerSecond: 0 }],
    ['no challenger', { challengerPerSecond: 0 }],
    ['no time', { bakeTicks: 0 }],
    ['no time without looks', { bakeTicks: 0, looks: 0, errorRateLimit: null }],
  ])('is nothing with %s', (_, changes) => {
    const { errors, slower, totalFailure } = detectable({ ...bake, ...changes });
    for (const one of [...errors, slower, totalFailure]) expect(one.probability).toBe(0);
  });

  it('without a champion is what the guardrail sees', () => {
    const alone = detectable({ ...bake, championPerSecond: 0, looks: 0, bakeTicks: Infinity });
    expect(alone.totalFailure.probability).toBe(1);
    expect(alone.errors.map((one) => one.expectedMs)).toEqual([null, null, null]);
  });

  it('knows no multiple of a champion that never fails', () => {
    const { errors } = detectable({ ...bake, baseErrorRate: 0 });
    for (const one of errors) expect(one).toMatchObject({ probability: 0, expectedMs: null });
  });
});
