import { describe, expect, it } from 'vitest';
import { createRandom as benchRandom } from '../../../bench/judge/random.ts';
import { wholeRollout, type RolloutCell } from '../../../bench/judge/whole-rollout.ts';
import { createRatePart } from '../../../src/monitor/judge/compare/champion-rate.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { arm, binomial, createRandom, poisson, policyOf, tick } from './traffic.ts';

const part = (bad: number, requests: number, phi: number | null = 1) =>
  createRatePart({ alpha: 0.01, ratio: 1.1, difference: 0.0002, phi, bad, requests });

describe('a champion that never fails', () => {
  const cell = (more: number): RolloutCell => ({
    perSecond: 10,
    steps: [10, 50],
    bakeMinutes: 60,
    champion: () => 0,
    challenger: () => more,
  });

  it.each([
    [0.01, 20],
    [0.04, 6],
  ])('with 3 hours of history: +%d is rolled back within minutes', (more, within) => {
    const minutes = Array.from({ length: 5 }, (_, run) => {
      const end = wholeRollout(cell(more), benchRandom(11, run));
      expect(end).toMatchObject({ end: 'rolled-back', percent: 10, rule: 'errors against champion' });
      return end.minute;
    }).sort((a, b) => a - b);
    expect(minutes[2]).toBeLessThan(within);
  });

  it('does not make one failure of the challenger evidence', () => {
    const history = Array.from({ length: 180 }, () => arm(600));
    const policy = policyOf({ history, historyTickMs: 60_000, tickMs: 10_000 });
    const table = Array.from({ length: 300 }, (_, i) =>
      tick(i + 1, arm(90), arm(10, i === 40 ? 1 : 0), { tickMs: 10_000 }),
    );
    expect(judge(policy, table).kind).toBe('pass');
  });
});

describe('the rate part', () => {
  it('gives history no more weight than what was seen beside the challenger, or 500 requests', () => {
    const [much, some] = [part(0, 1e6), part(0, 500)];
    for (const test of [much, some]) test.update({ n0: 90, x0: 0, n1: 10, x1: 2 }, false);
    expect(much.logE()).toBeCloseTo(some.logE(), 9);
  });

  it('blames the challenger for nothing that the champion shows in the same tick', () => {
    const test = part(0, 108_000);
    for (let i = 0; i < 50; i++) test.update({ n0: 900, x0: 90, n1: 100, x1: 10 }, false);
    expect(test.logE()).toBeLessThan(Math.log(2));
  });

  /** Log-rate noise that both arms share, a spike of traffic with more errors, and retries of failed requests. */
  it.each<[string, (i: number, noise: number) => { load: number; rate: number; cluster: number }]>([
    ['shared noise', (_, noise) => ({ load: 1, rate: 0.003 * Math.exp(noise - 0.5), cluster: 1 })],
    [
      'a spike of traffic',
      (i) => ({ load: i > 60 && i < 90 ? 5 : 1, rate: i > 60 && i < 90 ? 0.009 : 0.003, cluster: 1 }),
    ],
    ['retries', () => ({ load: 1, rate: 0.001, cluster: 3 })],
  ])('reaches 200 for no equal challenger: %s', (_, of) => {
    let reached = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      const draw = (n: number, rate: number, cluster: number) =>
        Math.min(n, cluster * binomial(random, n, rate));
      const history = Array.from({ length: 180 }, () => draw(600, of(0, 0).rate, of(0, 0).cluster));
      const test = part(
        history.reduce((a, b) => a + b, 0),
        600 * 180,
        null,
      );
      let noise = 0;
      for (let i = 0; i < 360; i++) {
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        noise = 0.97 * noise + 0.24 * normal;
        const { load, rate, cluster } = of(i, noise);
        const [n0, n1] = [poisson(random, 90 * load), poisson(random, 10 * load)];
        test.update({ n0, x0: draw(n0, rate, cluster), n1, x1: draw(n1, rate, cluster) }, false);
      }
      if (test.logE() >= Math.log(200)) reached++;
    }
    expect(reached).toBe(0);
  });
});
