import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../../src/domain/observation.ts';
import { createJudge, judge } from '../../../../src/monitor/judge/judge.ts';
import { askGate } from '../../../../src/monitor/judge/users/gate-test.ts';
import { arm, tick } from '../traffic.ts';
import { countsOf } from './counts.ts';
import {
  bucketOfRank,
  crowd,
  drive,
  ranks,
  salt,
  slowMs,
  stickyTraffic,
  type StickyTraffic,
  usersPolicy,
} from './sticky.ts';

/** One client that always fails, in a bucket of a rank: 10 % of the requests. */
const withBot = (rank: number): StickyTraffic => {
  const bot = bucketOfRank(rank);
  return {
    requests: (bucket) => (bucket === bot ? 20 : crowd.requests(bucket)),
    errors: (bucket) => (bucket === bot ? 1 : 0.01),
  };
};
const worse: StickyTraffic = { ...crowd, errors: (_, isChallenger) => (isChallenger ? 0.05 : 0.01) };
const ungated = usersPolicy();
delete (ungated as { users?: unknown }).users;

describe('a client that always fails, with the challenger by chance', () => {
  it('rolls back without a comparison of users', () => {
    expect(drive(createJudge(ungated, { salt }), stickyTraffic(withBot(5)), 10, 90).failedAt).not.toBeNull();
  });

  it('does not with it: the rollout goes on at the bake’s end and says why', () => {
    const one = createJudge(usersPolicy({}, { detectableRatio: 30 }), { salt });
    const traffic = stickyTraffic(withBot(5));
    expect(drive(one, traffic, 10, 90).failedAt).toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind).toBe('pass');
    expect(judgement.deferred).toMatch(
      /^challenger 51 % errors against 1\.1 %; explained by which users it got \(p = 0\.\d+\)$/,
    );
    // Other users: what explained the finding at 10 % explains nothing here until it is asked again, in minute 19.
    expect(drive(one, traffic, 50, 20)).toEqual({ failedAt: null, asked: [] });
    expect(one.judgement()).toMatchObject({ why: expect.stringContaining('speaks against the challenger') });
    expect(drive(one, traffic, 50, 70)).toMatchObject({ failedAt: null, asked: [4, 34, 70] });
    expect(one.judgement().kind).toBe('pass');
  });

  it('is asked about when the finding is due, in minutes 1.25 times the last, and at the bake’s end', () => {
    const { asked } = drive(createJudge(usersPolicy(), { salt }), stickyTraffic(withBot(5)), 10, 90);
    const [first] = asked;
    expect(first).toBeLessThan(12);
    // Six ticks a minute.
    const wanted = [first!];
    for (let minute = 1; minute < 15; minute++)
      if (minute >= (1.25 * wanted.at(-1)!) / 6) wanted.push(6 * minute);
    expect(asked).toEqual([...wanted, 90]);
  });

  it('costs requests of set-aside buckets too, which are not compared', () => {
    const bot = bucketOfRank(5);
    const one = createJudge(usersPolicy({ aside: [bot] }), { salt });
    const traffic = stickyTraffic({ ...withBot(5), aside: [bot] });
    const { failedAt, asked } = drive(one, traffic, 10, 90);
    expect(failedAt).toBeNull();
    // Only at the bake's end, for the statistic of the next share.
    expect(asked).toEqual([90]);
    expect(one.judgement().deferred).toBeUndefined();
    expect(one.judgement().harmedRequests).toBeGreaterThan(1500);
    expect(one.judgement().challengerRequests).toBeGreaterThan(3000);
  });
});

describe('a challenger that is worse for everybody', () => {
  it('rolls back about as soon as without a comparison of users, and says that users do not explain it', () => {
    const without = drive(createJudge(ungated), stickyTraffic(worse), 10, 90).failedAt!;
    const one = createJudge(usersPolicy(), { salt });
    const { failedAt } = drive(one, stickyTraffic(worse), 10, 90);
    expect(failedAt).toBeLessThanOrEqual(Math.ceil(1.25 * without) + 6);
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toMatch(
      /Odds of this by chance: .+; not explained by which users it got, p = 0\.0\d+ over \d+ user buckets\.$/,
    );
    expect(judgement.wants).toBeUndefined();
  });

  it('rolls back later where a client that always fails hides it in the champion’s arm', () => {
    const bot = bucketOfRank(900);
    const traffic = {
      requests: (bucket: number) => (bucket === bot ? 20 : crowd.requests(bucket)),
      errors: (bucket: number, isChallenger: boolean) => (bucket === bot ? 1 : isChallenger ? 0.05 : 0.01),
      aside: [bot],
    };
    const one = createJudge(usersPolicy({ aside: [bot] }), { salt });
    expect(drive(one, stickyTraffic(traffic), 10, 90).failedAt).not.toBeNull();
  });

  it('rolls back by the strata where the log can’t be read, and says so', () => {
    const one = createJudge(usersPolicy(), { salt });
    const strong = { ...worse, errors: (_: number, is: boolean) => (is ? 0.15 : 0.01) };
    const { failedAt } = drive(one, stickyTraffic(strong), 10, 90, () => ({
      bucketsUnread: 'access is denied',
    }));
    expect(failedAt).not.toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toMatch(
      /not explained by which users it got, p = 0\.\d+ over 14 strata of users, for access is denied/,
    );
  });

  it('rolls back by the strata where the counts and the metrics tell of different numbers of requests', () => {
    const one = createJudge(usersPolicy(), { salt });
    const strong = { ...worse, errors: (_: number, is: boolean) => (is ? 0.15 : 0.01) };
    drive(one, stickyTraffic(strong), 10, 90, (counts) => {
      const { requests, ...rest } = counts();
      return { buckets: { ...rest, requests: requests.map((n) => 2 * n) } };
    });
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toMatch(
      /strata of users, for \d+ requests are counted by user bucket, \d+ by the metrics/,
    );
  });

  it('rolls back by the strata without the salt, and where nobody answers within five minutes', () => {
    const strong = { ...worse, errors: (_: number, is: boolean) => (is ? 0.15 : 0.01) };
    const sentence = (one: ReturnType<typeof createJudge>): string => {
      const judgement = one.judgement();
      return judgement.kind === 'fail' ? judgement.reason.sentence : judgement.kind;
    };
    const saltless = createJudge(usersPolicy());
    drive(saltless, stickyTraffic(strong), 10, 90);
    expect(sentence(saltless)).toContain('the salt of the rollout is not known');
    const silent = createJudge(usersPolicy(), { salt });
    const { failedAt, asked } = drive(silent, stickyTraffic(strong), 10, 90, () => null);
    expect(failedAt! - asked[0]!).toBe(30);
    expect(sentence(silent)).toContain('no counts by user bucket came in five minutes');
  });

  it('rolls back as before where the arms report no users at all', () => {
    const one = createJudge(usersPolicy(), { salt });
    const traffic = stickyTraffic(worse);
    const blind = {
      counts: traffic.counts,
      next: (percent: number): Observation => {
        const { champion, challenger, ...rest } = traffic.next(percent);
        const { strata: _, ...other } = champion!;
        const { strata: __, ...own } = challenger!;
        return { ...rest, champion: other, challenger: own };
      },
    };
    const { failedAt } = drive(one, blind, 10, 90, () => ({ bucketsUnread: 'no log' }));
    expect(failedAt).toBe(drive(createJudge(ungated), stickyTraffic(worse), 10, 90).failedAt);
    expect(one.judgement()).toMatchObject({
      reason: { sentence: expect.stringContaining('is not known: no log') },
    });
  });
});

describe('what passes no gate', () => {
  it('is total failure: nothing is read', () => {
    const one = createJudge(usersPolicy(), { salt });
    const failing = { ...crowd, errors: (_: number, isChallenger: boolean) => (isChallenger ? 1 : 0.01) };
    const { failedAt } = drive(one, stickyTraffic(failing), 10, 90, () => null);
    expect(failedAt).toBe(drive(createJudge(ungated), stickyTraffic(failing), 10, 90).failedAt);
    expect(one.judgement()).toMatchObject({
      reason: { sentence: expect.stringContaining('every group of users fails') },
    });
  });

  it('is an absolute limit that the user made absolute; beside a champion it passes the gate', () => {
    const guardrails = { ...usersPolicy().guardrails, errorRate: 0.05 };
    const attributable = createJudge(usersPolicy({}, { guardrails }), { salt });
    expect(drive(attributable, stickyTraffic(withBot(5)), 10, 90).failedAt).toBeNull();
    const absolute = createJudge(usersPolicy({}, { guardrails, scope: 'absolute' }), { salt });
    expect(drive(absolute, stickyTraffic(withBot(5)), 10, 90).failedAt).not.toBeNull();
  });

  it('is a throttled endpoint', () => {
    const one = createJudge(usersPolicy(), { salt });
    const traffic = stickyTraffic(crowd);
    const throttled = {
      counts: traffic.counts,
      next: (percent: number) => {
        const { challenger, ...rest } = traffic.next(percent);
        return { ...rest, challenger: { ...challenger!, throttles: challenger!.requests } };
      },
    };
    const guardrails = { ...usersPolicy().guardrails, throttleRate: 0.1 };
    const limited = createJudge(usersPolicy({}, { guardrails }), { salt });
    expect(drive(limited, throttled, 10, 90, () => null).failedAt).not.toBeNull();
    expect(drive(one, stickyTraffic(crowd), 10, 90, () => null).failedAt).toBeNull();
  });
});

describe('with everybody on the challenger', () => {
  const guardrails = { ...usersPolicy().guardrails, errorRate: 0.05 };
  const steps = [
    { percent: 10, ticks: 30 },
    { percent: 100, ticks: 60 },
  ];

  it('what waited behind the gate rolls nothing back, and a new breach does', () => {
    const traffic = stickyTraffic(withBot(5));
    const one = createJudge(usersPolicy({}, { guardrails, steps }), { salt });
    expect(drive(one, traffic, 10, 30).failedAt).toBeNull();
    expect(one.judgement().deferred).toBeDefined();
    // The same client among all users is below the limit.
    const all = (n: number, errors: number) =>
      tick(n, null, arm(220, errors), { tickMs: 10_000, plannedPercent: 100 });
    for (let n = 31; n <= 50; n++) one.step(all(n, 5));
    expect(one.failed()).toBeNull();
    expect(one.judgement()).toMatchObject({ kind: 'pass' });
    expect(one.judgement().deferred).toBeUndefined();
    for (let n = 51; n <= 80; n++) one.step(all(n, 60));
    expect(one.failed()).toMatchObject({ rule: 'error rate > 5 %' });
  });
});

describe('the level of one look', () => {
  const segment = {
    percent: 50,
    counts: countsOf([[1, 10, 1]]),
    requests: 10,
    challenger: { requests: 10, errors: 1, refused: 0, endpointErrors: 0 },
    strata: null,
  };
  const ask = (users: Parameters<typeof usersPolicy>[0], more: object = {}, unread?: string): unknown => {
    const policy = usersPolicy(users);
    const test = { policy, users: policy.users!, ranks, salt };
    return askGate(test, [{ ...segment, ...more }], 'errors', 1, unread);
  };

  it('is 0.005 with the champion’s earlier requests by bucket, 0.0025 without, 0.01 by the strata', () => {
    expect(ask({ earlier: countsOf([[1, 10, 1]]) })).toMatchObject({ by: 'buckets', level: 0.005 });
    expect(ask({ earlier: null })).toMatchObject({ by: 'buckets', level: 0.0025 });
    const strata = { n0: [1], x0: [0], n1: [1], x1: [0] };
    expect(ask({}, { strata }, 'denied')).toMatchObject({ by: 'strata', level: 0.01 });
  });
});

describe('a doubt behind a closed gate', () => {
  it('holds while p is at most 5 %, for one more bake, and then goes on', () => {
    // Four of twelve users who fail are among its tenth: by chance in 2.6 %.
    const bad = new Set([1, 2, 3, 4, 600, 601, 602, 603, 604, 605, 606, 607].map(bucketOfRank));
    const heavy: StickyTraffic = {
      requests: (bucket) => (bad.has(bucket) ? 4 : crowd.requests(bucket)),
      errors: (bucket) => (bad.has(bucket) ? 0.9 : 0.01),
    };
    const one = createJudge(usersPolicy(), { salt });
    const traffic = stickyTraffic(heavy);
    expect(drive(one, traffic, 10, 90).failedAt).toBeNull();
    const held = one.judgement();
    expect(held.kind === 'insufficient' && held.why).toMatch(/too much speaks against the challenger/);
    expect(held.deferred).toMatch(/perhaps explained by which users it got \(p = 0\.0[0-4]\d*\)/);
    expect(drive(one, traffic, 10, 89).failedAt).toBeNull();
    expect(one.judgement().kind).toBe('insufficient');
    expect(drive(one, traffic, 10, 1).failedAt).toBeNull();
    expect(one.judgement().kind).toBe('pass');
  });
});

describe('a slower challenger', () => {
  const times = (factor: (bucket: number, isChallenger: boolean) => number): StickyTraffic => ({
    ...crowd,
    ms: (bucket, isChallenger) => 20 * factor(bucket, isChallenger) * (bucket % 10 === 1 ? 4 : 1),
  });
  const policy = usersPolicy({ slowerThanMs: [slowMs, slowMs, slowMs] });

  it('rolls back where it is slower for everybody', () => {
    const one = createJudge(policy, { salt });
    const traffic = stickyTraffic(times((_, isChallenger) => (isChallenger ? 6 : 1)));
    expect(drive(one, traffic, 10, 90).failedAt).not.toBeNull();
    expect(one.judgement()).toMatchObject({
      reason: { metric: 'latency', sentence: expect.stringContaining('not explained by which users it got') },
    });
  });

  const slowUser: StickyTraffic = {
    ...times((bucket) => (bucket === bucketOfRank(5) ? 20 : 1)),
    requests: (bucket) => (bucket === bucketOfRank(5) ? 20 : crowd.requests(bucket)),
  };

  it('does not where one heavy user of its own is slow', () => {
    expect(drive(createJudge(ungated), stickyTraffic(slowUser), 10, 90).failedAt).not.toBeNull();
    const one = createJudge(policy, { salt });
    expect(drive(one, stickyTraffic(slowUser), 10, 90).failedAt).toBeNull();
    expect(one.judgement().deferred).toMatch(/^challenger p\d\d latency .* explained by which users it got/);
  });

  it('rolls back for its latency, though a client explains the errors that are due as well', () => {
    const bot = bucketOfRank(5);
    const both: StickyTraffic = {
      ...times((bucket, isChallenger) => (isChallenger && bucket !== bot ? 6 : 1)),
      ...withBot(5),
    };
    const one = createJudge(policy, { salt });
    expect(drive(one, stickyTraffic(both), 10, 90).failedAt).not.toBeNull();
    const findings = one.judgement().findings.filter(({ evidence, threshold }) => evidence >= threshold);
    expect(findings.map(({ metric }) => metric)).toContain('errors');
    expect(one.failed()).toMatchObject({ metric: 'latency' });
  });

  it.each([
    ['the log can’t be read', policy, 'access is denied'],
    [
      'the champion has no earlier latency',
      { ...policy, users: { ...policy.users!, slowerThanMs: null } },
      'the champion’s earlier latency is not known',
    ],
  ])('rolls back and says that users were not compared where %s', (_what, told, why) => {
    const one = createJudge(told, { salt });
    const unread = (): { bucketsUnread: string } => ({ bucketsUnread: 'access is denied' });
    const traffic = stickyTraffic(slowUser);
    expect(drive(one, traffic, 10, 90, told === policy ? unread : undefined).failedAt).not.toBeNull();
    expect(one.failed()?.sentence).toContain(`which users it got is not known: ${why}`);
  });
});

describe('the same observations', () => {
  /** As the journal keeps them: counts on the ticks whose looks asked for them. */
  function recorded(traffic: StickyTraffic): Observation[] {
    const one = createJudge(usersPolicy(), { salt });
    const source = stickyTraffic(traffic);
    const table: Observation[] = [];
    for (let n = 0; n < 180 && !one.failed(); n++) {
      const observation = source.next(n < 90 ? 10 : 50);
      one.step(observation);
      const buckets = one.wants() ? { buckets: source.counts() } : {};
      one.count(buckets);
      table.push({ ...observation, ...buckets });
    }
    return table;
  }

  it.each([
    ['a client that fails', withBot(5)],
    ['a worse challenger', worse],
  ])('judged again come to the same p: %s', (_, traffic) => {
    const table = recorded(traffic);
    const [again, twice] = [0, 1].map(() => judge(usersPolicy(), table, { salt }));
    expect(again).toEqual(twice);
    const live = createJudge(usersPolicy(), { salt });
    for (const { buckets, ...observation } of table) {
      live.step(observation);
      if (buckets) live.count({ buckets });
    }
    expect(live.judgement()).toEqual(again);
  });

  it('of weighted routing are judged as they always were, whatever they carry', () => {
    const table = recorded(worse);
    const bare = table.map(({ buckets: _, champion, challenger, ...rest }) => {
      const { strata: __, aside: a, ...other } = champion!;
      const { strata: ___, aside: b, ...own } = challenger!;
      return { ...rest, champion: other, challenger: own };
    });
    expect(judge(ungated, table, { salt })).toEqual(judge(ungated, bare));
  });

  it.each<[string, Partial<Observation>, RegExp]>([
    [
      'a bucket twice',
      {
        buckets: countsOf([
          [1, 5],
          [1, 5],
        ]),
      },
      /buckets\.id\[1\]: 1 does not come after 1/,
    ],
    [
      'a bucket beyond 999',
      { buckets: countsOf([[1000, 5]]) },
      /buckets\.id\[0\]: 1000 is not a whole number/,
    ],
    ['more errors than requests', { buckets: countsOf([[3, 5, 6]]) }, /buckets\.errors\[0\]: 6 of only 5/],
    ['anonymous errors alone', { anonymous: { requests: 1, errors: 2 } }, /anonymous: 2 of only 1/],
    [
      'fifteen strata',
      { champion: { ...arm(5), strata: { requests: new Array<number>(15).fill(0), errors: [] } } },
      /champion\.strata\.requests: 15 entries, expected 16/,
    ],
  ])('with %s are refused by the name of the field', (_, more, message) => {
    expect(() => judge(usersPolicy(), [tick(1, arm(5), arm(5), more)])).toThrow(message);
  });
});
