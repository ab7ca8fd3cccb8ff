import { describe, expect, it } from 'vitest';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { arm, policyOf } from './traffic.ts';

const good = policyOf();
const guardrails = (changes: Partial<JudgePolicy['guardrails']>) => ({
  guardrails: { ...good.guardrails, ...changes },
});
const rollback = (changes: object) => ({ rollbackMargin: { ...good.rollbackMargin, ...changes } });
const promote = (changes: object) => ({ promoteMargin: { ...good.promoteMargin, ...changes } });

const impossible: readonly (readonly [Partial<JudgePolicy>, string])[] = [
  ...[0, 1, -0.01, 2, NaN].flatMap((value): (readonly [Partial<JudgePolicy>, string])[] => [
    [{ alpha: value }, `alpha: ${value} is not between 0 and 1`],
    [{ alphaPromote: value }, `alphaPromote: ${value} is not between 0 and 1`],
    [{ disagreement: value }, `disagreement: ${value} is not between 0 and 1`],
    [guardrails({ errorRate: value }), `guardrails.errorRate: ${value} is not between 0 and 1`],
    [guardrails({ throttleRate: value }), `guardrails.throttleRate: ${value} is not between 0 and 1`],
  ]),
  ...[1, 0.5, 0, -2, NaN].flatMap((value): (readonly [Partial<JudgePolicy>, string])[] => [
    [{ detectableRatio: value }, `detectableRatio: ${value} is not above 1`],
    [{ detectableSlower: value }, `detectableSlower: ${value} is not above 1`],
  ]),
  ...[0, -1, NaN].flatMap((value): (readonly [Partial<JudgePolicy>, string])[] => [
    [{ tickMs: value }, `tickMs: ${value} is not above 0`],
    [{ historyTickMs: value }, `historyTickMs: ${value} is not above 0`],
    [guardrails({ meanLatencyMs: value }), `guardrails.meanLatencyMs: ${value} is not above 0`],
    [
      guardrails({ endpointErrorsPerMinute: value }),
      `guardrails.endpointErrorsPerMinute: ${value} is not above 0`,
    ],
  ]),
  ...[-1, NaN, Infinity].flatMap((value): (readonly [Partial<JudgePolicy>, string])[] => [
    [{ warmUpMs: value }, `warmUpMs: ${value} is not a number from 0 up`],
    [{ minimumBakeMs: value }, `minimumBakeMs: ${value} is not a number from 0 up`],
    [{ minimumTicks: value }, `minimumTicks: ${value} is not a number from 0 up`],
    [rollback({ slower: value }), `rollbackMargin.slower: ${value} is not a number from 0 up`],
    [promote({ slower: value }), `promoteMargin.slower: ${value} is not a number from 0 up`],
  ]),
  [rollback({ ratio: 0.99 }), 'rollbackMargin.ratio: 0.99 is below 1'],
  [promote({ ratio: NaN }), 'promoteMargin.ratio: NaN is below 1'],
  [rollback({ difference: 1.1 }), 'rollbackMargin.difference: 1.1 is not between 0 and 1'],
  [promote({ difference: -0.1 }), 'promoteMargin.difference: -0.1 is not between 0 and 1'],
  [{ steps: [{ percent: 101, ticks: 5 }] }, 'steps[0].percent: 101 is not between 0 and 100'],
  [{ steps: [{ percent: 10, ticks: NaN }] }, 'steps[0].ticks: NaN is not 0 or more'],
  [guardrails({ alarm: { m: 0, of: 5 } }), 'guardrails.alarm: 0 of 5 is no "M of N" with 1 <= M <= N'],
  [{ history: [arm(5, 6)] }, 'history[0].errors: 6 of only 5 requests'],
  [{ history: [arm(5, -1)] }, 'history[0].errors: -1 is not a number from 0 up'],
];

describe('a setting that can’t be', () => {
  it.each(impossible)('is refused by name: %o', (changes, message) => {
    expect(() => judge({ ...good, ...changes }, [])).toThrow(new RangeError(message));
  });

  it('is none of those that are only unusual', () => {
    const unusual: readonly Partial<JudgePolicy>[] = [
      { alpha: 0.999, detectableRatio: 1.001, detectableSlower: 1.001, minimumBakeMs: 0, minimumTicks: 0 },
      { steps: [] },
      { steps: [{ percent: 100, ticks: Infinity }] },
      guardrails({ errorRate: null, throttleRate: null, meanLatencyMs: null, endpointErrorsPerMinute: null }),
    ];
    for (const changes of unusual) expect(judge({ ...good, ...changes }, []).kind).toBe('insufficient');
  });
});
