import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { Finding } from '../../../src/domain/verdict.ts';
import { createFigureWindows } from '../../../src/monitor/judge/figures.ts';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import { arm, binomial, createRandom, edges, poisson, policyOf, tick } from './traffic.ts';

const numbers = (text: string): number => Number(text.replaceAll(',', ''));

/** What a sentence says of both arms; null where it says nothing of the champion. */
function printed({ sentence }: Finding): { challenger: number; champion: number; limit: number } | null {
  const counts = /^([\d,]+) of ([\d,]+) challenger requests .*?\([\d.]+ %\)/.exec(sentence);
  const champion = /champion ([\d,]+) of ([\d,]+)/.exec(sentence);
  const limit = /limit ([\d.]+) %/.exec(sentence);
  if (counts && champion) {
    return {
      challenger: numbers(counts[1]!) / numbers(counts[2]!),
      champion: numbers(champion[1]!) / numbers(champion[2]!),
      limit: limit ? Number(limit[1]) / 100 : 0,
    };
  }
  const levels = /^(?:p\d\d|mean latency) ([\d.,]+) ms(?:, limit ([\d.,]+) ms)?, champion ([\d.,]+) ms/.exec(
    sentence,
  );
  if (!levels) return null;
  return { challenger: numbers(levels[1]!), limit: numbers(levels[2] ?? '0'), champion: numbers(levels[3]!) };
}

const streams = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  perTick: fc.constantFrom(5, 30, 200),
  base: fc.constantFrom(0, 0.005, 0.02, 0.1),
  /** Of the challenger, by share: what is worse at one only makes the rates of all shares together misleading. */
  ratios: fc.tuple(fc.constantFrom(1, 1, 2, 8, 40), fc.constantFrom(1, 1, 1.5, 4), fc.constantFrom(1, 6)),
  slower: fc.constantFrom(1, 1, 2.2),
  burst: fc.constantFrom(0, 0.3),
});

function observations(
  stream: typeof streams extends fc.Arbitrary<infer T> ? T : never,
): readonly Observation[] {
  const random = createRandom(stream.seed);
  const tickOf = (n: number, rate: number, ms: number): ArmTick => {
    const count = new Array<number>(edges.length + 1).fill(0);
    for (let i = 0; i < n; i++) {
      const took = ms * Math.exp(0.4 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283 * random()));
      const at = edges.findIndex((edge) => took <= edge);
      count[at === -1 ? edges.length : at]!++;
    }
    return arm(n, binomial(random, n, Math.min(1, rate)), { latency: { le: edges, count } });
  };
  return [10, 50, 100].flatMap((plannedPercent, step) =>
    Array.from({ length: 40 }, (_, i) => {
      const rate = stream.base + (i > 10 && i < 20 ? stream.burst : 0);
      const all = poisson(random, stream.perTick);
      const own = binomial(random, all, plannedPercent / 100);
      const champion = plannedPercent === 100 ? null : tickOf(all - own, rate, 60);
      const challenger = tickOf(
        own,
        rate * stream.ratios[step]! + (stream.ratios[step]! > 5 ? 0.02 : 0),
        60 * stream.slower,
      );
      const straddles = i === 0 && step > 0 ? { straddlesChange: true } : {};
      return tick(step * 40 + i + 1, champion, challenger, { plannedPercent, tickMs: 10_000, ...straddles });
    }),
  );
}

describe('the sentence of a failed verdict', () => {
  it('shows a challenger that is worse than the champion by more than the margin', () => {
    let failed = 0;
    let compared = 0;
    fc.assert(
      fc.property(streams, (stream) => {
        const policy = policyOf({
          tickMs: 10_000,
          steps: [10, 50, 100].map((percent) => ({ percent, ticks: 40 })),
        });
        const one = createJudge(policy);
        for (const observation of observations(stream)) one.step(observation);
        const verdict = one.judgement();
        if (verdict.kind !== 'fail') return;
        failed++;
        const { reason } = verdict;
        expect(reason.sentence).toContain('Odds of this by chance: ');
        const said = printed(reason);
        if (!said) return;
        compared++;
        const isComparison = reason.limit === null;
        const { ratio, difference, slower } = policy.rollbackMargin;
        const allowed = !isComparison
          ? Math.max(said.limit, said.champion)
          : reason.unit === 'ms'
            ? said.champion * (1 + slower)
            : reason.metric === 'latency'
              ? said.champion
              : ratio * said.champion + difference;
        // Printed milliseconds are rounded.
        expect(said.challenger).toBeGreaterThan(allowed * (reason.unit === 'ms' ? 0.99 : 1));
      }),
      { numRuns: 80, seed: 20_261 },
    );
    expect(failed).toBeGreaterThan(20);
    expect(compared).toBeGreaterThan(15);
  });

  it('never adds up shares whose sum turns the comparison round', () => {
    // Much worse at 10 %, where nobody is: of all requests together the challenger fails less than the champion.
    const early = Array.from({ length: 6 }, (_, i) =>
      tick(i + 1, arm(900, 90), arm(100, 10), { tickMs: 10_000 }),
    );
    const late = Array.from({ length: 60 }, (_, i) =>
      tick(i + 7, arm(500, 2), arm(500, 12), { plannedPercent: 50, tickMs: 10_000 }),
    );
    const policy = policyOf({ tickMs: 10_000, steps: [10, 50].map((percent) => ({ percent, ticks: 6 })) });
    const verdict = judge(policy, [...early, ...late]);
    expect(verdict.kind === 'fail' && verdict.reason.sentence).toMatch(
      /^[\d,]+ of [\d,]+ challenger requests failed \(2\.4 %\), champion [\d,]+ of [\d,]+ \(0\.4 %\)\. Odds/,
    );
  });

  it.each([
    [0, 0, 'no worse than allowed so far'],
    [9, 1, 'too few requests to decide yet'],
  ])('says of %i failures: %i, %s', (_, errors, words) => {
    const verdict = judge(policyOf(), [tick(1, arm(90, 0), arm(10, errors))]);
    const [finding] = verdict.findings.filter(({ rule }) => rule === 'errors against champion');
    expect(finding?.sentence).toMatch(new RegExp(`: ${words}$`));
  });
});

describe('the window of the figures', () => {
  const over = (f: { n1: number; x1: number }): boolean => f.x1 / f.n1 > 0.05;

  it('is the whole share where that shows it, else the longest recent one that does', () => {
    const figures = createFigureWindows();
    for (let i = 0; i < 120; i++)
      figures.push({ n0: 90, x0: 0, n1: 100, x1: i < 110 ? 0 : 31 }, 10_000, false);
    expect(figures.showing(over)).toMatchObject({
      over: ' in the last 10 minutes',
      n1: 6000,
      x1: 310,
    } as object);
    expect(figures.showing((f) => f.n1 > 0)).toMatchObject({ over: '', ticks: 120 });
    expect(figures.showing((f) => f.x1 < 0)).toBeNull();
  });

  it('begins again at each share, and is the one before until there is a tick', () => {
    const figures = createFigureWindows();
    figures.push({ n0: 90, x0: 0, n1: 10, x1: 5 }, 10_000, false);
    figures.push({ n0: 50, x0: 0, n1: 50, x1: 0 }, 10_000, true);
    expect(figures.whole()).toMatchObject({ n1: 50, x1: 0, ticks: 1 });
  });
});
