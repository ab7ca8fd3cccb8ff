import { describe, expect, it } from 'vitest';
import { binomialTail } from '../../../src/monitor/judge/math/binomial-tail.ts';
import { aboutLeast, boundary } from '../../../src/monitor/judge/math/bisect.ts';
import { incompleteBeta } from '../../../src/monitor/judge/math/incomplete-beta.ts';
import { logBeta } from '../../../src/monitor/judge/math/log-beta.ts';
import { logGamma } from '../../../src/monitor/judge/math/log-gamma.ts';
import { logAddExp, logSumExp, logWeightedSum } from '../../../src/monitor/judge/math/log-sum.ts';
import { normalTail, normalUpperQuantile } from '../../../src/monitor/judge/math/normal.ts';
import { studentTail } from '../../../src/monitor/judge/math/student-t.ts';

describe('special functions', () => {
  // Standard tables; the oracle's vectors hold the rest to 1e-9.
  it.each([
    ['normal 0', normalTail(0), 0.5],
    ['normal 1.96', normalTail(1.959963984540054), 0.025],
    ['normal -1', normalTail(-1), 0.8413447460685429],
    ['normal 3', normalTail(3), 0.0013498980316300946],
    ['normal 6', normalTail(6), 9.865876450376981e-10],
    ['normal quantile', normalUpperQuantile(0.01), 2.3263478740408408],
    ['Cauchy at 1', studentTail(1, 1), 0.25],
    ['log beta', logBeta(2, 3), Math.log(1 / 12)],
    ['log beta of 12 and 15', logBeta(12, 15), logGamma(12) + logGamma(15) - logGamma(27)],
    ['log beta of 3 and 40', logBeta(3, 40), logGamma(3) + logGamma(40) - logGamma(43)],
    ['sum', logAddExp(Math.log(2), Math.log(3)), Math.log(5)],
    ['sum of big ones', logSumExp([1000, 1000]), 1000 + Math.LN2],
    ['weighted', logWeightedSum([0.5, 0.5], [Math.log(2), -Infinity]), 0],
  ])('%s', (_, actual, expected) => {
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
      1e-8 * Math.max(1e-12, Math.abs(expected)) + 1e-14,
    );
  });

  it('accept zeros in logarithms', () => {
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity);
    expect(logSumExp([])).toBe(-Infinity);
    expect(logAddExp(-Infinity, 3)).toBe(3);
  });

  it('hold at counts of a billion', () => {
    expect(binomialTail(1e9, 5e8, 0.5)).toBeCloseTo(0.5 + 0.5 * Math.sqrt(2 / (Math.PI * 1e9)), 6);
  });

  it('have ends', () => {
    expect(binomialTail(10, 0, 0.5)).toBe(1);
    expect(binomialTail(10, 11, 0.5)).toBe(0);
    expect(incompleteBeta(2, 3, 0)).toBe(0);
    expect(incompleteBeta(2, 3, 1)).toBe(1);
    expect(studentTail(Infinity, 3)).toBe(0);
    expect(studentTail(-Infinity, 3)).toBe(1);
    expect(normalTail(40)).toBe(0);
  });

  it.each([
    ['logGamma', () => logGamma(0)],
    ['incompleteBeta', () => incompleteBeta(0, 1, 0.5)],
    ['incompleteBeta', () => incompleteBeta(1, 1, NaN)],
    ['binomialTail', () => binomialTail(-1, 0, 0.5)],
    ['binomialTail', () => binomialTail(1, 0, 2)],
    ['studentTail', () => studentTail(NaN, 3)],
    ['studentTail', () => studentTail(1, 0)],
    ['normalTail', () => normalTail(NaN)],
    ['normalUpperQuantile', () => normalUpperQuantile(0)],
  ])('%s refuses what has no answer', (name, call) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(name);
  });
});

describe('searches', () => {
  it('find where a condition ends', () => {
    expect(boundary(0, 10, (at) => at * at < 2)).toBeCloseTo(Math.SQRT2, 14);
    expect(boundary(10, 0, (at) => at * at > 2)).toBeCloseTo(Math.SQRT2, 14);
  });

  it('find about the least that does', () => {
    expect(aboutLeast(1, 1000, () => true)).toBe(1);
    expect(aboutLeast(1, 1000, () => false)).toBeNull();
    const least = aboutLeast(1, 1000, (at) => at >= 100)!;
    expect(least).toBeGreaterThanOrEqual(100);
    expect(least).toBeLessThan(108);
    expect(aboutLeast(1, 100, (at) => at >= 100)).toBe(100);
  });
});
