import { describe, expect, it } from 'vitest';
import type { Finding, Verdict } from '../../../src/domain/verdict.ts';
import { breachAnew, isAccepted } from '../../../src/engine/accepted-breach.ts';
import type { RolloutState } from '../../../src/engine/state.ts';

const finding = (over: Partial<Finding> = {}): Finding => ({
  metric: 'errors',
  rule: 'errors against champion',
  unit: 'share',
  champion: 0.001,
  challenger: 0.05,
  limit: null,
  evidence: 5_000,
  threshold: 400,
  championRequests: 9_000,
  challengerRequests: 1_000,
  ticks: 20,
  sentence: 'worse',
  ...over,
});

const fails = (...findings: readonly Finding[]): Verdict => ({
  kind: 'fail',
  reason: finding(),
  findings,
  harmedRequests: 50,
  challengerRequests: 1_000,
});

/** Somebody went on in spite of these; null: nobody was asked yet. */
const after = (accepted: readonly Finding[] | null, dismissedBy: string | null = 'bob') =>
  ({
    breach: accepted && { sentence: 'worse', finding: finding(), dismissedBy, accepted },
  }) as RolloutState;

const slow = finding({ metric: 'latency', rule: 'p95 against champion', unit: 'ms', challenger: 300 });
const limit = finding({ rule: 'error rate > 5 %' });
const endpoint = finding({ metric: 'endpoint-errors', rule: 'endpoint errors > 5 %' });

describe('a breach that a person went on in spite of', () => {
  it.each<[string, Finding, readonly Finding[]]>([
    ['the same', finding(), [finding()]],
    ['the same, by another rule', limit, [finding()]],
    ['the same failures, by the endpoint', endpoint, [finding()]],
    ['a little worse', finding({ challenger: 0.06 }), [finding()]],
    ['worse, by chance', finding({ challenger: 0.1, challengerRequests: 60 }), [finding()]],
    ['better', finding({ challenger: 0.02 }), [finding()]],
    ['something else that does not decide', { ...slow, evidence: 399 }, [finding()]],
    ['the older of two', slow, [slow, finding()]],
    [
      'not as bad as the worse of two',
      finding({ challenger: 0.2 }),
      [finding(), finding({ challenger: 0.2 })],
    ],
    ['slower by less than half', { ...slow, challenger: 400 }, [slow]],
    ['what has no figure', finding({ challenger: null }), [finding()]],
  ])('holds for it no more: %s', (_, now, accepted) => {
    expect(breachAnew(after(accepted), fails(now))).toBeNull();
    expect(isAccepted(after(accepted), fails(now))).toBe(true);
  });

  it.each<[string, Finding, readonly Finding[]]>([
    ['worse beyond chance', finding({ challenger: 0.15 }), [finding()]],
    ['of another kind', slow, [finding()]],
    ['throttled, too', finding({ metric: 'throttles' }), [finding(), slow]],
    ['slower by more than half', { ...slow, challenger: 460 }, [slow]],
  ])('holds again: %s', (_, now, accepted) => {
    expect(breachAnew(after(accepted), fails(now))).toBe(now);
    expect(isAccepted(after(accepted), fails(now))).toBe(false);
  });

  it('is no matter where nothing fails, or somebody is being asked', () => {
    expect(breachAnew(after(null), fails())).toEqual(finding());
    expect(breachAnew(after([], null), fails(slow))).toBeNull();
    expect(isAccepted(after([], null), fails(slow))).toBe(false);
    expect(isAccepted(after(null), fails(finding()))).toBe(false);
    for (const verdict of [null, { kind: 'unreadable', why: 'x', denied: false } as const]) {
      expect(breachAnew(after([finding()]), verdict)).toBeNull();
      expect(isAccepted(after([finding()]), verdict)).toBe(false);
    }
  });
});
