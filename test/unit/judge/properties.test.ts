import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArmTick } from '../../../src/domain/observation.ts';
import type { Finding } from '../../../src/domain/verdict.ts';
import { combine } from '../../../src/monitor/judge/evidence/combine.ts';
import { createDecision } from '../../../src/monitor/judge/decision.ts';
import { createDifferenceInterval } from '../../../src/monitor/judge/evidence/difference-interval.ts';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import { planLooks } from '../../../src/monitor/judge/evidence/look-schedule.ts';
import { createNotWorseTest } from '../../../src/monitor/judge/evidence/multinomial.ts';
import { ratioInterval } from '../../../src/monitor/judge/evidence/ratio-interval.ts';
import type { Rule } from '../../../src/monitor/judge/rule.ts';
import { createShareTest } from '../../../src/monitor/judge/evidence/share-test.ts';
import { createTProcess } from '../../../src/monitor/judge/evidence/t-process.ts';
import { judgeTable } from '../../../src/engine/judge-table.ts';
import { policyOf, tick } from './traffic.ts';

const count = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: 0, max: 1e9 }),
);

const arms = fc
  .record({
    requests: count,
    part: fc.constantFrom(0, 0, 0.01, 0.1, 0.5, 1),
    throttled: fc.constantFrom(0, 0, 0.05, 1),
    meanLatencyMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
    endpointErrors: fc.option(count, { nil: undefined }),
    buckets: fc.option(fc.array(count, { minLength: 4, maxLength: 4 }), { nil: undefined }),
  })
  .map(({ requests, part, throttled, meanLatencyMs, endpointErrors, buckets }): ArmTick => {
    return {
      requests,
      errors: Math.floor(requests * part),
      throttles: Math.floor(requests * throttled),
      ...(meanLatencyMs === undefined ? {} : { meanLatencyMs }),
      ...(endpointErrors === undefined ? {} : { endpointErrors }),
      ...(buckets ? { latency: { le: [10, 100, 1000], count: buckets } } : {}),
    };
  });

const tables = fc
  .array(
    fc.record({
      champion: fc.option(arms),
      challenger: fc.option(arms),
      plannedPercent: fc.constantFrom(0, 1, 10, 50, 100),
      straddlesChange: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  .map((rows) => rows.map((row, i) => tick(i + 1, row.champion, row.challenger, row)));

const policies = fc
  .record({
    noise: fc.constantFrom('robust' as const, 'independent' as const),
    scope: fc.constantFrom('attributable' as const, 'absolute' as const),
    history: fc.array(arms, { maxLength: 20 }),
    percents: fc.array(fc.constantFrom(1, 10, 50, 100), { minLength: 1, maxLength: 3 }),
  })
  .map(({ percents, ...rest }) =>
    policyOf({ ...rest, steps: percents.map((percent) => ({ percent, ticks: 8 })) }),
  );

/** Seeded, so that a run means the same everywhere. */
const runs = { numRuns: 60, seed: 20_240_501 };

describe('whatever the counts, up to 1e9', () => {
  it('every number of a judgement is one that JSON can hold', () => {
    fc.assert(
      fc.property(policies, tables, (policy, table) => {
        const verdict = judge(policy, table);
        expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
        for (const finding of verdict.findings) expect(finding.evidence).toBeGreaterThanOrEqual(0);
        expect(verdict.harmedRequests).toBeLessThanOrEqual(verdict.challengerRequests);
      }),
      runs,
    );
  });

  it('a judgement never depends on what comes later', () => {
    fc.assert(
      fc.property(policies, tables, (policy, table) => {
        const streaming = createJudge(policy);
        table.forEach((observation, i) => {
          expect(streaming.push(observation)).toEqual(judge(policy, table.slice(0, i + 1)));
        });
      }),
      { ...runs, numRuns: 20 },
    );
  });

  it('a table judged as it grows, by whatever steps, is judged as a whole', () => {
    fc.assert(
      fc.property(policies, tables, fc.array(fc.nat({ max: 25 })), (policy, table, lengths) => {
        for (const length of [...lengths.sort((a, b) => a - b), table.length]) {
          const grown = table.slice(0, length);
          expect(judgeTable(policy, grown)).toEqual(judge(policy, grown));
        }
        // Another table under the same policy is not taken for the same one grown.
        const other = table.slice(1).map((one) => ({ ...one }));
        expect(judgeTable(policy, other)).toEqual(judge(policy, other));
      }),
      { ...runs, numRuns: 30 },
    );
  });

  it('a number that can’t be is refused, and never judged', () => {
    const broken = fc.record({
      field: fc.constantFrom('requests', 'errors', 'throttles', 'meanLatencyMs', 'endpointErrors'),
      value: fc.constantFrom(NaN, -1, -1e-9, Infinity, -Infinity),
      arm: fc.constantFrom('champion', 'challenger'),
    });
    fc.assert(
      fc.property(policies, tables, broken, (policy, table, { field, value, arm: which }) => {
        const good = { requests: 10, errors: 1, throttles: 0, meanLatencyMs: 5, endpointErrors: 0 };
        const last = tick(table.length + 1, good, good, { [which]: { ...good, [field]: value } });
        expect(() => judge(policy, [...table, last])).toThrow(RangeError);
        expect(() => judgeTable(policy, [...table, last])).toThrow(RangeError);
        expect(judgeTable(policy, table)).toEqual(judge(policy, table));
      }),
      { ...runs, numRuns: 30 },
    );
  });
});

describe('two ticks of one split are as good as one of both', () => {
  const split = fc.record({ n0: fc.integer({ min: 1, max: 1e6 }), n1: fc.integer({ min: 1, max: 1e6 }) });
  const bad = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const halves = fc
    .tuple(split, bad, bad)
    .map(([{ n0, n1 }, ...shares]) =>
      shares.map(([p0, p1]) => ({ n0, n1, x0: Math.floor(p0 * n0), x1: Math.floor(p1 * n1) })),
    );
  const merged = (ticks: readonly { n0: number; x0: number; n1: number; x1: number }[]) =>
    ticks.reduce((a, b) => ({ n0: a.n0 + b.n0, x0: a.x0 + b.x0, n1: a.n1 + b.n1, x1: a.x1 + b.x1 }));
  const close = (a: number, b: number): void =>
    a === b ? undefined : expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(b)));

  it('for the proof of non-inferiority', () => {
    fc.assert(
      fc.property(halves, (ticks) => {
        const [two, one] = [1, 2].map(() => createNotWorseTest({ ratio: 1.25, difference: 0.001, phi: 1 }));
        for (const half of ticks) two!.update(half);
        one!.update(merged(ticks));
        close(two!.logE(), one!.logE());
      }),
      runs,
    );
  });

  it('for the intervals of ratio and difference', () => {
    fc.assert(
      fc.property(halves, (ticks) => {
        const options = { alpha: 0.05, phi: 1 };
        const [a, b] = [ratioInterval(ticks, options), ratioInterval([merged(ticks)], options)];
        close(a.low, b.low);
        close(a.high, b.high);
        const [two, one] = [1, 2].map(() => createDifferenceInterval(options));
        for (const half of ticks) two!.push(half);
        one!.push(merged(ticks));
        close(two!.interval().low, one!.interval().low);
        close(two!.interval().high, one!.interval().high);
      }),
      runs,
    );
  });
});

describe('the comparison of shares', () => {
  const pairs = fc.array(
    fc
      .tuple(
        count,
        count,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      )
      .map(([n0, n1, p0, p1]) => ({ n0, x0: Math.floor(n0 * p0), n1, x1: Math.floor(n1 * p1) })),
    { maxLength: 30 },
  );
  const options = { alpha: 0.01, ratio: 1.1, difference: 0.0002, phi: 1.5, bad: 10, requests: 1000 };

  it('is finite, and has p-values for looks', () => {
    fc.assert(
      fc.property(pairs, (ticks) => {
        const test = createShareTest(options);
        for (const one of ticks) {
          test.update(one);
          expect(test.logE()).not.toBeNaN();
          expect(test.logE()).toBeLessThan(Infinity);
          expect(test.lookP()).toBeGreaterThanOrEqual(0);
          expect(test.lookP()).toBeLessThanOrEqual(1);
        }
      }),
      runs,
    );
  });

  it('never speaks against a challenger without a bad request', () => {
    fc.assert(
      fc.property(pairs, (ticks) => {
        const test = createShareTest(options);
        for (const one of ticks) test.update({ ...one, x1: 0 });
        expect(test.logE()).toBeLessThanOrEqual(1e-12);
      }),
      runs,
    );
  });
});

describe('a bound on evidence', () => {
  it('is never too low', () => {
    const values = fc.array(fc.option(fc.integer({ min: -9000, max: 9000 }).map((z) => z / 1000)), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(values, fc.constantFrom(0, 10), fc.nat({ max: 119 }), (zs, degrees, change) => {
        const test = createTProcess({ sumOfSquares: 1.25 * degrees, degrees });
        zs.forEach((z, i) => {
          test.update(z, i === change);
          expect(test.atMost()).toBeGreaterThanOrEqual(Math.exp(test.logE()) * (1 - 1e-9));
        });
      }),
      runs,
    );
  });
});

describe('the combination', () => {
  const parts = fc.array(
    fc.record({
      weight: fc.double({ min: 0, max: 0.1, noNaN: true }),
      logE: fc.double({ min: -50, max: 800, noNaN: true }),
    }),
    { maxLength: 8 },
  );
  it('does not depend on the order of the metrics', () => {
    fc.assert(
      fc.property(parts, fc.integer(), (list, seed) => {
        const shuffled = list
          .map((part, i) => ({ part, key: Math.sin(seed + i) }))
          .sort((a, b) => a.key - b.key)
          .map(({ part }) => part);
        expect(combine(shuffled)).toBeCloseTo(combine(list), 9);
      }),
      runs,
    );
  });

  interface Stub {
    readonly weight: number;
    readonly logE: number;
    readonly share: number;
    readonly p: number;
  }
  const stubs = fc
    .array(
      fc.record({
        weight: fc.constantFrom(0, 0.05, 0.1),
        logE: fc.oneof(fc.constantFrom(0, 6), fc.double({ min: -5, max: 15, noNaN: true })),
        share: fc.constantFrom(0, 0.2),
        p: fc.oneof(fc.constantFrom(1, 1e-9), fc.double({ min: 0, max: 0.01, noNaN: true })),
      }),
      { maxLength: 9 },
    )
    .map((list) => list.map(ruleOf));

  function ruleOf({ weight, logE, share, p }: Stub, i: number): Rule {
    const finding = (threshold: number, evidence = logE) =>
      ({ rule: `rule ${i}`, evidence, threshold }) as unknown as Finding;
    const look = { share: () => share, p: () => p };
    const atMost = (): number => Math.exp(logE);
    const step = (): void => undefined;
    return {
      metric: 'errors',
      name: `rule ${i}`,
      weight: () => weight,
      logE: () => logE,
      atMost,
      step,
      look,
      finding,
    };
  }

  it('comes to one decision and one reason, whatever the order of the rules', () => {
    const looks = planLooks([{ percent: 10, ticks: 8 }]);
    fc.assert(
      fc.property(stubs, fc.integer(), fc.constantFrom(1, 9), (rules, seed, at) => {
        const decide = (list: readonly Rule[]) =>
          createDecision(list, { sequential: 0.005, planned: 0.005, looks }).failing(at);
        const shuffled = [...rules].sort((a, b) => order(a, seed) - order(b, seed));
        expect(decide(shuffled)).toEqual(decide(rules));
      }),
      { ...runs, numRuns: 400 },
    );
  });

  const order = (rule: Rule, seed: number): number =>
    Math.sin(seed + rule.name.length * 7 + +rule.name.slice(5) * 31);

  it('is the same whatever order an observation names its numbers in', () => {
    const reversed = <T extends object>(of: T): T =>
      Object.fromEntries(
        Object.entries(of)
          .reverse()
          .map(([key, value]) => [
            key,
            value && typeof value === 'object' && !Array.isArray(value) ? reversed(value) : value,
          ]),
      ) as T;
    fc.assert(
      fc.property(policies, tables, (policy, table) => {
        expect(judge(reversed(policy), table.map(reversed))).toEqual(judge(policy, table));
      }),
      { ...runs, numRuns: 20 },
    );
  });
});
