import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CopiesTick, Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { instant } from '../../../src/domain/units.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { shadowSettings } from '../../support/model-world.ts';

const policyOf = (disagreement?: number, alpha = 0.01): JudgePolicy => {
  const { disagreement: _, ...policy } = shadowSettings().policy;
  return { ...policy, alpha, ...(disagreement !== undefined && { disagreement }) };
};

/** Both versions well but for their answers. */
function ticks(compared: readonly number[], disagreed: readonly number[]): Observation[] {
  const arm = (requests: number) => ({ requests, errors: 0, throttles: 0, meanLatencyMs: 10 });
  return compared.map((count, index) => ({
    at: instant((index + 1) * 1_000),
    tickMs: 1_000,
    plannedPercent: 50,
    champion: arm(count),
    challenger: arm(count),
    copies: copies(count, disagreed[index] ?? 0),
  }));
}

const copies = (compared: number, disagreed: number): CopiesTick => ({
  sent: compared,
  dropped: 0,
  compared,
  disagreed,
  distance: disagreed / 2,
  duplicates: 0,
});

const steady = (n: number, each: number, share: number): Observation[] =>
  ticks(new Array<number>(n).fill(each), new Array<number>(n).fill(Math.round(each * share)));

describe('answers that differ', () => {
  it.each([
    { allowed: 0.4, share: 0.65, ticks: 20, each: 30, kind: 'fail' },
    { allowed: 0.4, share: 0.27, ticks: 20, each: 30, kind: 'pass' },
    { allowed: 0.1, share: 1, ticks: 6, each: 10, kind: 'fail' },
    { allowed: 0.1, share: 0.02, ticks: 40, each: 50, kind: 'pass' },
    { allowed: 0.1, share: 0, ticks: 40, each: 50, kind: 'pass' },
  ])('$share of them where $allowed are allowed: $kind', ({ allowed, share, ticks: n, each, kind }) => {
    expect(judge(policyOf(allowed), steady(n, each, share)).kind).toBe(kind);
  });

  it('fail by that finding, with the numbers of it', () => {
    const verdict = judge(policyOf(0.4), steady(10, 100, 0.7));
    expect(verdict).toMatchObject({
      kind: 'fail',
      reason: {
        metric: 'disagreement',
        rule: 'answers that differ > 40 %',
        unit: 'share',
        champion: null,
        challenger: 0.7,
        limit: 0.4,
        threshold: 400,
        sentence: expect.stringMatching(
          /^70 % of the answers differ, 40 % allowed: 1 in [\d,]+ by chance \(\d+ of \d+ answers\)$/,
        ),
      },
    });
  });

  it('a little more often than allowed are waited for, not passed', () => {
    expect(judge(policyOf(0.4), steady(10, 20, 0.45))).toMatchObject({
      kind: 'insufficient',
      why: '45 % of the answers differ, 40 % allowed; it may be chance yet',
    });
  });

  it('of which too few were compared are waited for: a bake must have been able to catch what it is for', () => {
    // Requests enough, answers few: most of the champion's can't be compared.
    const few = steady(10, 100, 0).map((tick) => ({ ...tick, copies: copies(1, 0) }));
    expect(judge(policyOf(0.4), few)).toMatchObject({
      kind: 'insufficient',
      why: 'too few answers compared to tell (10)',
    });
    const none = few.map((tick) => ({ ...tick, copies: copies(0, 0) }));
    expect(judge(policyOf(0.4), none)).toMatchObject({
      kind: 'insufficient',
      why: 'no answers were compared',
    });
  });

  it('are counted and not judged where nothing is said of them', () => {
    const verdict = judge(policyOf(), steady(10, 100, 1));
    expect(verdict.kind).toBe('pass');
    expect(verdict.findings.map(({ metric }) => metric)).not.toContain('disagreement');
  });

  it('take their part of alpha off the others, so that all together keep to it', () => {
    const thresholds = (policy: JudgePolicy) =>
      new Map(judge(policy, steady(10, 100, 0)).findings.map(({ rule, threshold }) => [rule, threshold]));
    const [without, having] = [thresholds(policyOf()), thresholds(policyOf(0.4))];
    expect(having.get('answers that differ > 40 %')).toBe(400);
    expect(having.get('errors against champion')! / without.get('errors against champion')!).toBeCloseTo(
      4 / 3,
      9,
    );
  });

  it('at the limit fail a healthy challenger no more often than its part of alpha', () => {
    // 500 shadows of 30 looks, each answer differing with just the share that is allowed.
    const alpha = 0.2;
    let state = 12_345;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    let failed = 0;
    const rounds = 500;
    for (let round = 0; round < rounds; round++) {
      const disagreed = Array.from({ length: 30 }, () => {
        let count = 0;
        for (let i = 0; i < 20; i++) if (random() < 0.3) count++;
        return count;
      });
      const verdict = judge(policyOf(0.3, alpha), ticks(new Array<number>(30).fill(20), disagreed));
      if (verdict.kind === 'fail') failed++;
    }
    expect(failed / rounds).toBeLessThan(alpha / 4);
  });

  it('never fail by fewer differences where more did not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 20 }), (disagreed) => {
        const all = new Array<number>(disagreed.length).fill(20);
        const fails = (counts: readonly number[]): boolean =>
          judge(policyOf(0.4), ticks(all, counts)).kind === 'fail';
        if (fails(disagreed.map((count) => Math.max(0, count - 1)))) expect(fails(disagreed)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are refused where they can’t be', () => {
    const tick = steady(1, 10, 0);
    const wrong = (over: Partial<CopiesTick>) =>
      tick.map((one) => ({ ...one, copies: { ...copies(10, 1), ...over } }));
    expect(() => judge(policyOf(0.4), wrong({ disagreed: 11 }))).toThrow('copies.disagreed: 11 of only 10');
    expect(() => judge(policyOf(0.4), wrong({ sent: -1 }))).toThrow('copies.sent: -1');
    expect(() => judge(policyOf(0.4), wrong({ distance: Number.NaN }))).toThrow('copies.distance: NaN');
    expect(() => judge(policyOf(1.5), tick)).toThrow('disagreement: 1.5 is not between 0 and 1');
  });
});
