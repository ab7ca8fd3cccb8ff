import { describe, expect, it } from 'vitest';
import { studentTail } from '../../../../src/monitor/judge/math/student-t.ts';
import { type SegmentStrata, strataTest } from '../../../../src/monitor/judge/users/strata-test.ts';
import { createRandom, poisson } from '../traffic.ts';

const margin = { ratio: 1.1, difference: 0.0002 };
const strata = Array.from({ length: 16 }, (_, k) => k);

function segment(
  random: () => number,
  rates: { n0: number; n1: number; p0: number; p1: number },
): SegmentStrata {
  const draw = (mean: number): number[] => strata.map(() => poisson(random, mean));
  const [n0, n1] = [draw(rates.n0), draw(rates.n1)];
  const bad = (n: readonly number[], p: number): number[] =>
    n.map((own) => Math.min(own, poisson(random, own * p)));
  return { n0, n1, x0: bad(n0, rates.p0), x1: bad(n1, rates.p1) };
}

/** The formulas as matrices, one segment: residual maker, hat matrix and the quadratic form's moments. */
function byMatrices({ n0, x0, n1, x1 }: SegmentStrata, { ratio, difference }: typeof margin) {
  const sum = (a: readonly number[]): number => a.reduce((s, v) => s + v, 0);
  const [N0, N1, X0, X1] = [sum(n0), sum(n1), sum(x0), sum(x1)];
  const D = (X1 * N0 - ratio * X0 * N1 - difference * N0 * N1) / (N0 + N1);
  const arm = (n: readonly number[], x: readonly number[], N: number, X: number, scale: number) => {
    const units = strata.filter((k) => n[k]! > 0);
    const K = units.length;
    const h = units.map((k) => n[k]! / N);
    const r = units.map((k, i) => (scale * (x[k]! - X * h[i]!)) / (1 - h[i]!));
    const V = (K / (K - 1)) * sum(r.map((v) => v * v));
    // Residuals under independent strata of variance h: Cov = A (diag(h) - h h') A', A = diag(1/(1 - h)).
    const cov = units.map((_, i) =>
      units.map((__, j) => ((i === j ? h[i]! : 0) - h[i]! * h[j]!) / ((1 - h[i]!) * (1 - h[j]!))),
    );
    const trace = sum(units.map((_, i) => cov[i]![i]!));
    const squared = sum(units.map((_, i) => sum(units.map((__, j) => cov[i]![j]! * cov[j]![i]!))));
    return { V, nu: trace ** 2 / squared };
  };
  const one = arm(n1, x1, N1, X1, N0 / (N0 + N1));
  const other = arm(n0, x0, N0, X0, (ratio * N1) / (N0 + N1));
  const V = one.V + other.V;
  const dof = Math.max(1, V ** 2 / (one.V ** 2 / one.nu + other.V ** 2 / other.nu));
  return studentTail(D / Math.sqrt(V), dof);
}

describe('the strata', () => {
  it('give the p-value of the formulas written as matrices', () => {
    const random = createRandom(3);
    for (let run = 0; run < 20; run++) {
      const one = segment(random, { n0: 200, n1: 30 + 10 * run, p0: 0.02, p1: 0.05 });
      expect(strataTest([one], margin).p).toBeCloseTo(byMatrices(one, margin), 12);
    }
  });

  it('are the same for a segment told in two halves of equal shares', () => {
    const half: SegmentStrata = segment(createRandom(5), { n0: 300, n1: 300, p0: 0.02, p1: 0.03 });
    const double = (of: readonly number[]): number[] => of.map((v) => 2 * v);
    const whole = { n0: double(half.n0), x0: double(half.x0), n1: double(half.n1), x1: double(half.x1) };
    expect(strataTest([half, half], margin).p).toBeCloseTo(strataTest([whole], margin).p, 12);
  });

  const even = (value: number, of = 16): number[] => strata.map((k) => (k < of ? value : 0));

  it.each<[string, SegmentStrata]>([
    [
      'five occupied strata of the challenger',
      { n0: even(500), x0: even(5), n1: even(100, 5), x1: even(30, 5) },
    ],
    [
      'five occupied strata of the champion',
      { n0: even(500, 5), x0: even(5, 5), n1: even(100), x1: even(30) },
    ],
    ['failures in two of the challenger’s', { n0: even(500), x0: even(5), n1: even(100), x1: even(90, 2) }],
    ['no excess', { n0: even(500), x0: even(5), n1: even(100), x1: even(1) }],
    ['no requests of an arm', { n0: even(500), x0: even(5), n1: even(0), x1: even(0) }],
    [
      'one stratum with all requests but none',
      { n0: even(500), x0: even(5), n1: [1e9, ...even(0).slice(1)], x1: [1e8, ...even(0).slice(1)] },
    ],
  ])('stay shut with %s', (_, one) => expect(strataTest([one], margin).p).toBe(1));

  it('open for a challenger that is worse for everybody', () => {
    const one = segment(createRandom(6), { n0: 500, n1: 500, p0: 0.01, p1: 0.03 });
    expect(strataTest([one], margin)).toMatchObject({ occupied: 16 });
    expect(strataTest([one], margin).p).toBeLessThan(0.001);
  });

  it('seldom open where one heavy user has most of the challenger’s failures', () => {
    const random = createRandom(9);
    const runs = 2000;
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const one = segment(random, { n0: 200, n1: 200, p0: 0.01, p1: 0.01 });
      const x1 = [...one.x1];
      const bot = Math.floor(16 * random());
      x1[bot] = x1[bot]! + (random() < 0.5 ? 100 : 0);
      const n1 = one.n1.map((n, k) => n + (k === bot ? 100 : 0));
      if (strataTest([{ ...one, n1, x1 }], margin).p <= 0.01) found++;
    }
    expect(found / runs).toBeLessThanOrEqual(0.01);
  });
});
