import { describe, expect, it } from 'vitest';
import type { ArmTick } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { createDirection } from '../../../src/monitor/judge/compare/direction.ts';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import { createTemperedTest } from '../../../src/monitor/judge/evidence/multinomial.ts';
import { createSparseTicks } from '../../../src/monitor/judge/evidence/sparse-ticks.ts';
import { arm, policyOf, tick } from './traffic.ts';

const none = { errorRate: null, meanLatencyMs: null, endpointErrorsPerMinute: null, throttleRate: null };
const strict = { ratio: 1, difference: 0, slower: 0 };
const steps = [{ percent: 10, ticks: 600 }];
const compareOnly = (changes: Partial<JudgePolicy> = {}): JudgePolicy =>
  policyOf({ guardrails: none, rollbackMargin: strict, steps, ...changes });

/** The tick at which it rolls back; null if it doesn't within `ticks`. */
function rollbackAt(
  policy: JudgePolicy,
  ticks: number,
  of: (n: number) => readonly [ArmTick, ArmTick],
): number | null {
  const one = createJudge(policy);
  for (let n = 1; n <= ticks; n++) {
    const [champion, challenger] = of(n);
    const observation = tick(n, champion, challenger, {
      plannedPercent: policy.steps[0]!.percent,
      tickMs: policy.tickMs,
    });
    if (one.push(observation).kind === 'fail') return n;
  }
  return null;
}

describe('a champion whose failures come in bursts, beside a challenger that fails evenly and less', () => {
  // 1 % of 90 requests a tick, all of them in every tenth tick; 0.9 % of 10 a tick, one in every eleventh tick.
  const bursty = (n: number): readonly [ArmTick, ArmTick] => [
    arm(90, n % 10 === 1 ? 9 : 0),
    arm(10, n % 11 === 5 ? 1 : 0),
  ];

  it('is no reason to roll back, whatever single ticks look like', () => {
    expect(rollbackAt(compareOnly(), 600, bursty)).toBe(null);
  });

  it('is one as soon as the challenger fails more', () => {
    const worse = (n: number): readonly [ArmTick, ArmTick] => [bursty(n)[0], arm(10, n % 4 === 2 ? 1 : 0)];
    expect(rollbackAt(compareOnly(), 600, worse)).toBeLessThan(120);
  });

  it('holds for throttles as well', () => {
    const throttled = (n: number): readonly [ArmTick, ArmTick] => {
      const [champion, challenger] = bursty(n);
      return [
        { ...champion, errors: 0, throttles: champion.errors },
        { ...challenger, errors: 0, throttles: challenger.errors },
      ];
    };
    const policy = compareOnly({ guardrails: { ...none, throttleRate: 0.1 } });
    expect(rollbackAt(policy, 600, throttled)).toBe(null);
  });
});

describe('the direction', () => {
  const margin = { ratio: 1, difference: 0, tickMs: 60_000 };

  it.each([
    ['more failures of as many requests', { n0: 100, x0: 1, n1: 100, x1: 2 }, margin, true],
    ['fewer', { n0: 100, x0: 2, n1: 100, x1: 1 }, margin, false],
    ['as many', { n0: 100, x0: 2, n1: 100, x1: 2 }, margin, false],
    ['fewer of a tenth of the requests', { n0: 900, x0: 9, n1: 100, x1: 2 }, margin, true],
    ['within the ratio', { n0: 100, x0: 10, n1: 100, x1: 11 }, { ...margin, ratio: 1.2 }, false],
    ['within the difference', { n0: 100, x0: 0, n1: 100, x1: 1 }, { ...margin, difference: 0.02 }, false],
    ['an arm without requests', { n0: 0, x0: 0, n1: 100, x1: 9 }, margin, false],
  ] as const)('%s', (_, counts, options, worse) => {
    const direction = createDirection(options);
    direction.push(counts);
    expect(direction.worse()).toBe(worse);
  });

  it('is of the last hour or two: what was before is forgotten', () => {
    const direction = createDirection(margin);
    const hours = (count: number, x0: number, x1: number): void => {
      for (let i = 0; i < count * 60; i++) direction.push({ n0: 100, x0, n1: 100, x1 });
    };
    hours(10, 9, 0);
    hours(1, 0, 1);
    expect(direction.worse()).toBe(false);
    hours(1, 0, 1);
    direction.push({ n0: 100, x0: 0, n1: 100, x1: 1 });
    expect(direction.worse()).toBe(true);
  });

  it('goes by each tick’s split: rates that fell while the challenger’s share grew are not mistaken', () => {
    const direction = createDirection(margin);
    // Both fail alike, twice as often at first, when nearly all was the champion's: its rate over both is higher.
    direction.push({ n0: 9900, x0: 198, n1: 100, x1: 2 });
    direction.push({ n0: 5000, x0: 50, n1: 5000, x1: 51 });
    expect(direction.worse()).toBe(true);
  });
});

describe('ticks without a request of the challenger', () => {
  const empty = { n0: 10, x0: 1, n1: 0, x1: 0 };
  const full = { n0: 9, x0: 0, n1: 1, x1: 1 };

  it('wait for one that has some, and are one tick with it', () => {
    const sparse = createSparseTicks({ tickMs: 10_000 });
    expect(sparse.push(full, false)).toEqual(full);
    expect([sparse.push(empty, false), sparse.push(empty, false)]).toEqual([null, null]);
    expect(sparse.push(full, false)).toEqual({ n0: 29, x0: 2, n1: 1, x1: 1 });
    expect(sparse.push(full, false)).toEqual(full);
  });

  it('wait for five minutes at most', () => {
    const sparse = createSparseTicks({ tickMs: 60_000 });
    const pushed = Array.from({ length: 6 }, () => sparse.push(empty, false));
    expect(pushed).toEqual([null, null, null, null, { n0: 50, x0: 5, n1: 0, x1: 0 }, null]);
  });

  it('do not outlive their share, and a change that came while they waited is told with them', () => {
    const sparse = createSparseTicks({ tickMs: 10_000 });
    sparse.push(empty, false);
    expect(sparse.push(empty, true)).toBe(null);
    expect(sparse.push(full, false)).toEqual({ n0: 19, x0: 1, n1: 1, x1: 1 });
    expect(sparse.shareChanged()).toBe(true);
    sparse.push(full, false);
    expect(sparse.shareChanged()).toBe(false);
  });

  it('let two failures in a row decide where every tenth tick has one request', () => {
    const policy = compareOnly({ tickMs: 10_000, steps: [{ percent: 1, ticks: 360 }] });
    const at = rollbackAt(policy, 360, (n) => [arm(10), n % 10 === 0 ? arm(1, 1) : arm(0)]);
    expect(at).toBe(20);
  });
});

describe('many failures in a tick', () => {
  const history = Array.from({ length: 60 }, (_, i) => arm(59_400, 590 + 10 * Math.sin(i * 2.4)));

  it('decide in two ticks, and not in one', () => {
    const policy = compareOnly({ tickMs: 60_000, steps: [{ percent: 1, ticks: 60 }], history });
    expect(rollbackAt(policy, 60, () => [arm(59_400, 594), arm(600, 36)])).toBe(2);
  });

  it('prove nothing in the mean while the challenger is no worse, in clusters of up to four', () => {
    for (const [w, cluster] of [
      [0.5, 1],
      [0.5, 4],
      [0.1, 4],
      [0.01, 4],
    ] as const) {
      const mean = 1.5;
      let expectation = 0;
      for (let c1 = 0; c1 < 60; c1++) {
        for (let c0 = 0; c0 < 60; c0++) {
          const test = createTemperedTest({ alpha: 0.01, ratio: 1, difference: 0, phi: 1 });
          test.update({ n0: 1e6 * (1 - w), x0: cluster * c0, n1: 1e6 * w, x1: cluster * c1 });
          expectation += poisson(c1, mean * w) * poisson(c0, mean * (1 - w)) * Math.exp(test.logE());
        }
      }
      expect(expectation).toBeLessThanOrEqual(1 + 1e-9);
      expect(expectation).toBeGreaterThan(0.5);
    }
  });

  const poisson = (k: number, mean: number): number => {
    let p = Math.exp(-mean);
    for (let i = 1; i <= k; i++) p *= mean / i;
    return p;
  };

  it('never decide in one tick, however many: it may be one client', () => {
    const storm = judge(compareOnly({ history }), [tick(1, arm(900), arm(5100, 5000))]);
    expect(storm.kind).toBe('insufficient');
  });
});
