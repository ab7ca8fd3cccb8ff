import { describe, expect, it } from 'vitest';
import { createJudge, type Judge } from '../../../src/monitor/judge/judge.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { createRefusalComparison } from '../../../src/monitor/judge/compare/compare-refusals.ts';
import {
  guardrails,
  healthyRefusals,
  refusalRollback,
  type RefusalTraffic,
  shareRolledBack,
} from '../../support/refusal-trials.ts';
import { arm, policyOf, tick } from './traffic.ts';
import { bucketOfRank, crowd, salt, stickyTraffic, type StickyTraffic, usersPolicy } from './users/sticky.ts';

describe('a challenger that calls no more requests bad than the champion', () => {
  it.each(healthyRefusals)('is not rolled back: %s', (_, traffic) => {
    expect(shareRolledBack(traffic, 12)).toBe(0);
  });
});

describe('a challenger that calls many more requests bad', () => {
  it.each<[string, RefusalTraffic, number]>([
    ['3 % where the champion calls none bad', { perSecond: 10, champion: 0, challenger: 0.03 }, 60],
    ['3 %, without history', { perSecond: 10, champion: 0, challenger: 0.03, history: false }, 60],
    ['4 % against 1 %', { perSecond: 20, champion: 0.01, challenger: 0.04 }, 60],
  ])('is rolled back, below the limit on endpoint errors: %s', (_, traffic, within) => {
    const at = Array.from({ length: 10 }, (_run, seed) => refusalRollback(traffic, seed));
    for (const minute of at) expect(minute ?? Infinity).toBeLessThanOrEqual(within);
  });

  it('is promoted where refusals are not compared, as in older plans', () => {
    const traffic = { perSecond: 10, champion: 0, challenger: 0.03 };
    expect(shareRolledBack(traffic, 3, { refusedMore: null })).toBe(0);
    const { refusedMore: _, ...older } = policyOf({ guardrails, refusedMore: 0.005 });
    const judge = createJudge(older);
    for (let n = 1; n <= 60; n++) judge.step(tick(n, arm(90), arm(10, 0, { refused: 10 })));
    expect(judge.failed()).toBeNull();
  });

  it('is said with both arms’ counts', () => {
    const judge = createJudge(policyOf({ guardrails, refusedMore: 0.005 }));
    for (let n = 1; n <= 60; n++)
      judge.step(tick(n, arm(90, 0, { refused: n % 10 === 0 ? 1 : 0 }), arm(10, 0, { refused: 2 })));
    expect(judge.failed()?.sentence).toMatch(
      /^\d+ of \d+ challenger requests were refused by the model \(20 %\).*, champion \d of \d+/,
    );
    expect(judge.failed()?.metric).toBe('refusals');
  });

  it('shares the weight of the limit on endpoint errors, and is not there without one', () => {
    const thresholds = (changes: Partial<JudgePolicy>): readonly number[] => {
      const judge = createJudge(policyOf({ guardrails, ...changes }));
      judge.step(tick(1, arm(90, 0, { endpointErrors: 0 }), arm(10, 0, { refused: 2, endpointErrors: 2 })));
      return judge
        .judgement()
        .findings.filter(({ metric }) => metric === 'refusals' || metric === 'endpoint-errors')
        .map(({ threshold }) => Math.round(threshold));
    };
    expect(thresholds({})).toEqual([4_000]);
    expect(thresholds({ refusedMore: 0.005 })).toEqual([8_000, 8_000]);
    expect(
      thresholds({ refusedMore: 0.005, guardrails: { ...guardrails, endpointErrorRate: null } }),
    ).toEqual([]);
  });

  it.each([0, 1, NaN])('refuses a policy that tolerates %d', (refusedMore) => {
    expect(() => createJudge(policyOf({ refusedMore }))).toThrow(/refusedMore/);
  });
});

describe('under sticky routing', () => {
  const policy = usersPolicy(
    {},
    { guardrails: { ...guardrails, endpointErrorRate: 0.5 }, refusedMore: 0.005 },
  );
  const ends = (traffic: StickyTraffic, logIsRead: boolean): Judge => {
    const one = createJudge(policy, { salt });
    const table = stickyTraffic(traffic);
    for (let n = 0; n < 180 && !one.failed(); n++) {
      one.step(table.next(n < 90 ? 10 : 50));
      if (one.wants()) one.count(logIsRead ? { buckets: table.counts() } : { bucketsUnread: 'denied' });
    }
    return one;
  };
  /** The challenger's own caller, each of whose requests is malformed, whichever version gets it. */
  const caller = bucketOfRank(5);
  const malformed: StickyTraffic = { ...crowd, refused: (bucket) => (bucket === caller ? 2 : 0) };
  const schema: StickyTraffic = {
    ...crowd,
    refused: (bucket, isChallenger) =>
      isChallenger && crowd.requests(bucket) > 0 && bucket % 3 === 0 ? 1 : 0,
  };

  it.each([true, false])('one caller’s malformed requests blame nobody (log read: %s)', (logIsRead) => {
    const one = ends(malformed, logIsRead);
    expect(one.failed()).toBeNull();
    expect(one.judgement().deferred).toMatch(/requests refused by the model/);
  });

  it('a version that refuses many users’ requests is rolled back by the counts of users', () => {
    expect(ends(schema, true).failed()).toMatchObject({
      metric: 'refusals',
      sentence: expect.stringContaining('not explained by which users it got'),
    });
  });

  it('... and is told, and rolls nothing back, where those can’t be read', () => {
    const one = ends(schema, false);
    expect(one.failed()).toBeNull();
    expect(one.judgement().deferred).toContain('which users it got is not known: denied');
  });
});

describe('evidence', () => {
  it('is none where neither arm refuses', () => {
    const rule = createRefusalComparison(policyOf(), { more: 0.005, capAlpha: 0.01, weight: 0.1 });
    const judged = createJudge(policyOf({ guardrails, refusedMore: 0.005 }));
    judged.step(tick(1, arm(90), arm(10)));
    expect(judged.judgement().findings.some(({ metric }) => metric === 'refusals')).toBe(false);
    expect([rule.logE(), rule.atMost(), rule.finding(1)]).toEqual([0, 1, null]);
  });
});
