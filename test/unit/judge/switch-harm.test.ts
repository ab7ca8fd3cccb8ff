import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { instant } from '../../../src/domain/units.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { policy as usual, start } from '../monitor/late-metrics.ts';
import { dice } from '../../simulation/dice.ts';

const arm = (requests: number, errors = 0, more: Partial<ArmTick> = {}): ArmTick => ({
  requests,
  errors,
  throttles: 0,
  ...more,
});
const tickMs = 10_000;
/** An hour of the champion before, of 5,400 requests and so many failures in each minute but the worst. */
const hour = (errors: number, worst = errors): readonly ArmTick[] =>
  Array.from({ length: 60 }, (_, i) => arm(5_400, i === 30 ? worst : errors));
/** The same by 16 groups of users: all failures in one of them, or spread evenly. */
const ofUsers = (requests: number, errors: number, inOne: boolean): ArmTick =>
  arm(requests, errors, {
    strata: {
      requests: Array.from({ length: 16 }, () => requests / 16),
      errors: Array.from({ length: 16 }, (_, k) => (inOne ? (k === 3 ? errors : 0) : errors / 16)),
    },
  });
const policyWith = (history: readonly ArmTick[], warmUpMs = 300_000): JudgePolicy => ({
  ...usual,
  history,
  historyTickMs: 60_000,
  warmUpMs,
});
type Part = readonly [n: number, champion: ArmTick, challenger: ArmTick, percent?: number];
/** So many equal ticks each, one part after another. */
const ticks = (...parts: readonly Part[]): readonly Observation[] => {
  let at = instant(start);
  return parts.flatMap(([n, champion, challenger, percent = 10]) =>
    Array.from({ length: n }, () => {
      at = instant(at + tickMs);
      return { at, tickMs, plannedPercent: percent, champion, challenger };
    }),
  );
};
const blames = (policy: JudgePolicy, observations: readonly Observation[]): string | undefined => {
  const verdict = judge(policy, observations);
  return verdict.kind === 'fail' ? (verdict.reason.blames ?? 'challenger') : undefined;
};

describe('users of the champion after a write of the alias', () => {
  it.each<[string, JudgePolicy, readonly Observation[], string | undefined]>([
    ['fail as often as before', policyWith(hour(5)), ticks([30, arm(900, 1), arm(100)]), undefined],
    ['fail in one of ten', policyWith(hour(5)), ticks([3, arm(900, 90), arm(100)]), 'switch'],
    [
      'fail with all others, the challenger’s too',
      policyWith(hour(5)),
      ticks([3, arm(900, 900), arm(100, 100)]),
      'switch',
    ],
    [
      'fail in one of ten, as in their worst minute',
      policyWith(hour(5, 540)),
      ticks([12, arm(900, 90), arm(100)]),
      undefined,
    ],
    [
      'fail in one group alone: a caller whose requests began to fail',
      policyWith(hour(0)),
      ticks([30, ofUsers(900, 40, true), ofUsers(96, 0, true)]),
      undefined,
    ],
    [
      'fail in all groups',
      policyWith(hour(0)),
      ticks([30, ofUsers(900, 40, false), ofUsers(96, 0, true)]),
      'switch',
    ],
    ['fail in 19 requests', policyWith(hour(0)), ticks([1, arm(900, 19), arm(100)]), undefined],
    [
      'fail in 20 requests after a flawless hour',
      policyWith(hour(0)),
      ticks([1, arm(900, 20), arm(100)]),
      'switch',
    ],
    [
      'fail in 2.9 times the worst minute',
      policyWith(hour(54)),
      ticks([30, arm(900, 26), arm(100)]),
      undefined,
    ],
    [
      'fail only when the warm-up is over',
      policyWith(hour(5)),
      ticks([30, arm(900, 1), arm(100)], [6, arm(900, 90), arm(100)]),
      undefined,
    ],
    [
      'fail after the second write',
      policyWith(hour(5)),
      ticks([40, arm(900, 1), arm(100)], [3, arm(500, 50), arm(500), 50]),
      'switch',
    ],
    [
      'fail where nobody knows how it was before',
      policyWith([]),
      ticks([3, arm(900, 90), arm(100)]),
      undefined,
    ],
    [
      'are not asked about without a warm-up',
      policyWith(hour(5), 0),
      ticks([3, arm(900, 90), arm(100)]),
      undefined,
    ],
    [
      'of buckets that were set aside fail',
      policyWith(hour(5)),
      ticks([3, arm(900, 0, { aside: { requests: 300, errors: 120 } }), arm(100)]),
      'switch',
    ],
  ])('%s', (_what, policy, observations, expected) => {
    expect(blames(policy, observations)).toBe(expected);
  });

  it('counts them as harmed, and says what did it', () => {
    const verdict = judge(policyWith(hour(5)), ticks([1, arm(900, 90), arm(100)]));
    expect(verdict).toMatchObject({
      kind: 'fail',
      harmedRequests: 90,
      reason: {
        sentence:
          '90 of 900 requests of users who stay with the champion failed since the switch to 10 % (10 %; worst minute of the hour before: 0.093 %). The switch did it, or what began with it, and not the version on trial',
      },
    });
  });
});

it('no healthy rollout is sent back by it, of 2,000 whose champion fails at a steady rate', () => {
  const d = dice(20261130, 1);
  const poisson = (mean: number): number => {
    let count = -1;
    for (
      let product = 1;
      product > Math.exp(-mean);
      product *= d.chance(1) ? d.between(1, 1_000_000) / 1_000_000 : 0
    )
      count++;
    return count;
  };
  let blamed = 0;
  for (let run = 0; run < 2_000; run++) {
    const perTick = d.of([0.2, 2, 10]);
    const history = Array.from({ length: 60 }, () => arm(600, poisson(6 * perTick)));
    const observations = Array.from({ length: 30 }, (_, i) => ({
      at: instant(start + (i + 1) * tickMs),
      tickMs,
      plannedPercent: 10,
      champion: arm(90, poisson(0.9 * perTick)),
      challenger: arm(10),
    }));
    if (
      blames(
        { ...policyWith(history), guardrails: { ...usual.guardrails, errorRate: null } },
        observations,
      ) === 'switch'
    )
      blamed++;
  }
  expect(blamed).toBe(0);
});
