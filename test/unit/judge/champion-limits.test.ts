import { describe, expect, it } from 'vitest';
import type { ArmTick } from '../../../src/domain/observation.ts';
import type { Guardrails, JudgePolicy } from '../../../src/domain/policy.ts';
import { createBreachWatch } from '../../../src/monitor/judge/guardrails/breach-watch.ts';
import { championBreaches } from '../../../src/monitor/judge/guardrails/champion-breach.ts';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import { wholeRollout, type RolloutCell } from '../../../bench/judge/whole-rollout.ts';
import { createRandom } from '../../../bench/judge/random.ts';
import { arm, policyOf, tick } from './traffic.ts';

const minutes = (count: number, of: (i: number) => ArmTick): readonly ArmTick[] =>
  Array.from({ length: count }, (_, i) => of(i));

describe('a healthy challenger of a busy service with errors of its endpoint', () => {
  it.each([
    ['100/s at 1 %', 100, 0.01],
    ['40/s at 1 %', 40, 0.01],
    ['20/s at 1 %', 20, 0.01],
    ['100/s at 0.2 %', 100, 0.002],
  ])('is promoted in spite of a limit of 10 a minute: %s', (_, perSecond, rate) => {
    const cell: RolloutCell = {
      perSecond,
      steps: [10, 50, 100],
      bakeMinutes: 20,
      champion: () => rate,
      challenger: () => rate,
      endpointErrors: true,
    };
    for (let run = 0; run < 4; run++) {
      expect(wholeRollout(cell, createRandom(7, run))).toMatchObject({ end: 'promoted', percent: 100 });
    }
  });

  it('is rolled back at 100 % where its errors are beyond the champion’s', () => {
    const cell: RolloutCell = {
      perSecond: 100,
      steps: [10, 50, 100],
      bakeMinutes: 20,
      champion: () => 0.01,
      challenger: ({ percent }) => (percent === 100 ? 0.04 : 0.01),
      endpointErrors: true,
    };
    const end = wholeRollout(cell, createRandom(7, 1));
    expect(end).toMatchObject({ end: 'rolled-back', percent: 100, rule: 'endpoint errors > 10 a minute' });
    expect(end.minute - 40).toBeLessThan(15);
  });
});

/** Each limit, a level of the champion above it, and one below it. */
const levels: readonly [keyof Guardrails, number, Partial<ArmTick>, Partial<ArmTick>][] = [
  ['errorRate', 0.05, { errors: 80 }, { errors: 20 }],
  ['throttleRate', 0.1, { throttles: 200 }, { throttles: 20 }],
  ['meanLatencyMs', 1000, { meanLatencyMs: 1300 }, { meanLatencyMs: 500 }],
  ['endpointErrorRate', 0.05, { endpointErrors: 80 }, { endpointErrors: 10 }],
  ['endpointErrorsPerMinute', 50, { endpointErrors: 80 }, { endpointErrors: 10 }],
];
const off: Guardrails = {
  errorRate: null,
  meanLatencyMs: null,
  endpointErrorsPerMinute: null,
  throttleRate: null,
};
const alone = (name: keyof Guardrails, limit: number, history: readonly ArmTick[]): JudgePolicy =>
  policyOf({
    guardrails: { ...off, [name]: limit },
    history,
    historyTickMs: 60_000,
    tickMs: 60_000,
    steps: [{ percent: 100, ticks: 60 }],
  });
const at100 = { plannedPercent: 100, tickMs: 60_000 };

describe.each(levels)('guardrails.%s with all traffic on the challenger', (name, limit, high, low) => {
  const tickOf = (level: Partial<ArmTick>): ArmTick => arm(1000, level.errors ?? 0, level);
  const run = (history: Partial<ArmTick>, challenger: Partial<ArmTick>, more: Partial<JudgePolicy> = {}) =>
    judge(
      {
        ...alone(
          name,
          limit,
          minutes(60, () => tickOf(history)),
        ),
        ...more,
      },
      Array.from({ length: 60 }, (_, i) => tick(i + 1, null, tickOf(challenger), at100)),
    );

  it('passes a challenger at the level of a champion that is over the limit', () => {
    expect(run(high, high).kind).toBe('pass');
  });

  it('rolls the same challenger back where the champion was within the limit', () => {
    expect(run(low, high).kind).toBe('fail');
  });

  it('rolls back twice the level of a champion that is over the limit', () => {
    const twice = Object.fromEntries(Object.entries(high).map(([key, value]) => [key, 2 * Number(value)]));
    expect(run(high, twice).kind).toBe('fail');
  });

  it('passes the fix of a champion that is over the limit', () => {
    expect(run(high, low).kind).toBe('pass');
  });

  it('keeps to the limit itself in absolute scope', () => {
    expect(run(high, high, { scope: 'absolute' }).kind).toBe('fail');
  });
});

describe('beside a champion that is over a limit', () => {
  const history = minutes(60, (i) => arm(600, 45 + (i % 7)));
  const policy = policyOf({ history, historyTickMs: 60_000, tickMs: 10_000, minimumBakeMs: 0 });
  const beside = (errors: (i: number) => number) =>
    judge(
      policy,
      Array.from({ length: 60 }, (_, i) =>
        tick(i + 1, arm(90, 7 + (i % 2)), arm(10, errors(i)), { tickMs: 10_000 }),
      ),
    );

  it('passes its equal and its fix', () => {
    expect(beside((i) => (i % 5 === 0 ? 0 : 1)).kind).toBe('pass');
    expect(beside(() => 0).kind).toBe('pass');
  });

  it('rolls back what fails four times as often', () => {
    expect(beside(() => 4).kind).toBe('fail');
  });

  it('becomes its own level without history, too, after an hour', () => {
    const one = createJudge({ ...policy, history: [] });
    const kinds = Array.from({ length: 400 }, (_, i) => {
      const pair = [arm(90, 17 + (i % 3)), arm(10, 1 + (i % 3))] as const;
      return one.push(tick(i + 1, ...pair, { tickMs: 10_000 })).kind;
    });
    expect(kinds[100]).toBe('insufficient');
    expect(kinds.at(-1)).toBe('pass');
  });
});

describe('a breach that is over', () => {
  const policy = policyOf({ tickMs: 10_000, minimumBakeMs: 0, steps: [{ percent: 50, ticks: 360 }] });
  const stream = (champion: (i: number) => number, challenger: (i: number) => number) => {
    const one = createJudge(policy);
    return Array.from({ length: 360 }, (_, i) => {
      const pair = [arm(100, champion(i)), arm(100, challenger(i))] as const;
      return one.push(tick(i + 1, ...pair, { tickMs: 10_000, plannedPercent: 50 })).kind;
    });
  };
  const storm = (i: number): number => (i >= 60 && i < 120 ? 30 : 0);

  it('stops holding one minute after an incident that both arms shared', () => {
    const kinds = stream(storm, storm);
    expect(kinds[110]).toBe('insufficient');
    expect(kinds.slice(126).every((kind) => kind === 'pass')).toBe(true);
  });

  it('goes on holding while the challenger stays just above the limit', () => {
    const kinds = stream(
      () => 0,
      (i) => (i % 10 < 1 ? 6 : 5),
    );
    expect(new Set(kinds.slice(120))).not.toContain('pass');
  });

  it('ends after ten clean minutes, not after a lucky one', () => {
    const watch = createBreachWatch('count');
    const push = (value: number): void =>
      watch.push({ ms: 60_000, value, weight: 1000, limit: 0.01, usual: 0.01, champion: 0 }, false);
    push(900);
    for (let i = 0; i < 9; i++) {
      push(0);
      expect(watch.over()).not.toBeNull();
    }
    push(0);
    expect(watch.over()).toBeNull();
    for (let i = 0; i < 10; i++) push(9);
    expect(watch.over()).not.toBeNull();
  });

  it('goes on while the champion is over its usual limit', () => {
    const watch = createBreachWatch('count');
    const push = (value: number): void =>
      watch.push({ ms: 60_000, value, weight: 1000, limit: 0.01, usual: 0.01, champion: 0.3 }, false);
    push(900);
    for (let i = 0; i < 10; i++) push(0);
    expect(watch.over()).not.toBeNull();
  });
});

describe('errors of endpoints, which CloudWatch reports once a minute', () => {
  const ofTick = (n: number, errors: number) =>
    tick(
      n,
      arm(90, 0, { endpointErrors: n % 6 === 0 ? 9 * errors : 0 }),
      arm(10, 0, { endpointErrors: n % 6 === 0 ? errors : 0 }),
      {
        tickMs: 10_000,
      },
    );

  it('are an incident where both arms have them', () => {
    const policy = policyOf({ tickMs: 10_000, minimumBakeMs: 0 });
    const verdict = judge(
      policy,
      Array.from({ length: 60 }, (_, i) => ofTick(i + 1, 30)),
    );
    expect(verdict.incident?.rule).toBe('endpoint errors > 10 a minute');
  });

  it('are counted as a rate of the whole minute’s requests', () => {
    const policy = policyOf({
      tickMs: 10_000,
      guardrails: { ...off, errorRate: 0.05, endpointErrorRate: 0.05 },
    });
    const verdict = judge(
      policy,
      Array.from({ length: 60 }, (_, i) => ofTick(i + 1, 2)),
    );
    expect(verdict).toMatchObject({ kind: 'pass' });
    const [finding] = verdict.findings.filter(({ metric }) => metric === 'endpoint-errors');
    expect(finding).toMatchObject({ challenger: 2 / 60, limit: 0.05, unit: 'share' });
  });
});

describe('championBreaches', () => {
  it.each(levels)(
    'names guardrails.%s where the champion is over it, and not below',
    (name, limit, high, low) => {
      const of = (level: Partial<ArmTick>) =>
        championBreaches(
          alone(
            name,
            limit,
            minutes(60, () => arm(1000, level.errors ?? 0, level)),
          ),
        );
      expect(of(low)).toEqual([]);
      expect(of(high)).toHaveLength(1);
      expect(of(high)[0]?.sentence).toMatch(
        /^the champion already breaches guardrails\.\w+: .+ limit .+ 1\.25 times/,
      );
    },
  );

  it('needs more than a handful of requests', () => {
    expect(championBreaches(alone('errorRate', 0.05, [arm(10, 5)]))).toEqual([]);
  });
});
