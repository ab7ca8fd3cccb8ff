import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../../src/domain/observation.ts';
import { createJudge } from '../../../../src/monitor/judge/judge.ts';
import { bucketOfRank, drive, salt, stickyTraffic, type StickyTraffic, usersPolicy } from './sticky.ts';

/** The defaults. */
const guardrails = {
  errorRate: 0.05,
  meanLatencyMs: 1000,
  endpointErrorRate: 0.05,
  endpointErrorsPerMinute: null,
  throttleRate: 0.1,
};
const policy = usersPolicy({}, { guardrails });
/** Refusals are compared, as by default. */
const comparing = usersPolicy({}, { guardrails, refusedMore: 0.005 });
const ungated = usersPolicy({}, { guardrails });
delete (ungated as { users?: unknown }).users;

/** So many requests a second, of 400 users. */
const callers = (perSecond: number, errorRate = 0.003): StickyTraffic => ({
  requests: (bucket) => (bucket % 5 < 2 ? perSecond / 40 : 0),
  errors: () => errorRate,
  refused: () => 0,
});
const fails = (traffic: StickyTraffic, rate: number): StickyTraffic => ({
  ...traffic,
  errors: (_, isChallenger) => (isChallenger ? rate : 0.003),
});
/** Nine malformed requests, with ids of users of the challenger: at once, or one a tick. */
function nineBad(traffic: StickyTraffic, ids: readonly number[], how: 'at once' | 'one a tick') {
  let n = 0;
  const begins = 30;
  const refused = (bucket: number): number => {
    const place = ids.indexOf(bucket);
    const each = 9 / ids.length;
    if (place < 0) return 0;
    if (how === 'at once') return n === begins ? each : 0;
    return n >= begins && n < begins + 9 && (n - begins) % ids.length === place ? 1 : 0;
  };
  const made = stickyTraffic({ ...traffic, refused });
  return {
    counts: made.counts,
    next: (percent: number): Observation => {
      n++;
      return made.next(percent);
    },
  };
}
/** A malformed request that the router or the model answers with a failure, as it once did. */
const asFailures = ({ counts, next }: ReturnType<typeof nineBad>) => ({
  counts,
  next: (percent: number): Observation => {
    const { challenger, ...rest } = next(percent);
    const { refused = 0, ...arm } = challenger!;
    return { ...rest, challenger: { ...arm, errors: arm.errors + refused } };
  },
});

describe('nine malformed requests with ids of the challenger’s users', () => {
  const nine = Array.from({ length: 9 }, (_, i) => bucketOfRank(3 + 9 * i));
  const one = nine.slice(0, 1);
  it.each(
    [1, 10].flatMap((perSecond) =>
      (['at once', 'one a tick'] as const).flatMap((how) => [
        { perSecond, how, who: 'one id', ids: one },
        { perSecond, how, who: 'nine ids', ids: nine },
      ]),
    ),
  )(
    'roll no healthy version back: $who, $how, beside $perSecond requests a second',
    ({ ids, how, perSecond }) => {
      const judge = createJudge(policy, { salt });
      const traffic = nineBad(callers(perSecond), ids, how);
      expect(drive(judge, traffic, 10, 90).failedAt).toBeNull();
      expect(drive(judge, traffic, 50, 90).failedAt).toBeNull();
      const compared = createJudge(comparing, { salt });
      expect(drive(compared, nineBad(callers(perSecond), ids, how), 10, 90).failedAt).toBeNull();
    },
  );

  it('did so where they counted as failures and nobody compared users', () => {
    const traffic = asFailures(nineBad(callers(1, 0), nine, 'one a tick'));
    expect(drive(createJudge(ungated), traffic, 10, 90).failedAt).not.toBeNull();
    // One id weighs no more by being counted as failed.
    const gated = asFailures(nineBad(callers(1, 0), one, 'one a tick'));
    expect(drive(createJudge(policy, { salt }), gated, 10, 90).failedAt).toBeNull();
  });

  it('go on for as long as the one caller likes, and still decide nothing', () => {
    const [bot = 0] = nine;
    const always: StickyTraffic = { ...callers(10), refused: (bucket) => (bucket === bot ? 9 : 0) };
    const recorded: StickyTraffic = { ...always, with4xx: true };
    for (const traffic of [always, recorded])
      expect(drive(createJudge(policy, { salt }), stickyTraffic(traffic), 10, 90).failedAt).toBeNull();
    expect(drive(createJudge(ungated), stickyTraffic(recorded), 10, 90).failedAt).not.toBeNull();
  });
});

describe('three ids of the challenger’s users that send 15 malformed requests a second each', () => {
  const three = [3, 40, 77].map(bucketOfRank);
  const attacked: StickyTraffic = { ...callers(20), refused: (bucket) => (three.includes(bucket) ? 150 : 0) };
  it('roll no healthy version back, and let it pass', () => {
    const one = createJudge(comparing, { salt });
    const traffic = stickyTraffic(attacked);
    for (const percent of [10, 50]) expect(drive(one, traffic, percent, 90).failedAt).toBeNull();
    expect(one.judgement().kind).toBe('pass');
  });

  it('hide no version that fails 30 % of the requests of all others', () => {
    const bad: StickyTraffic = { ...attacked, errors: (_, isChallenger) => (isChallenger ? 0.3 : 0.003) };
    expect(drive(createJudge(comparing, { salt }), stickyTraffic(bad), 10, 90).failedAt).not.toBeNull();
  });

  it('make no failures of one caller those of all, where the log can’t be read', () => {
    const crashing: StickyTraffic = {
      ...attacked,
      requests: (bucket) => (bucket === three[0] ? 60 : callers(20).requests(bucket)),
      errors: (bucket) => (bucket === three[0] ? 1 : 0.003),
      refused: (bucket) => (bucket === three[1] ? 90 : 0),
    };
    const unread = () => ({ bucketsUnread: 'access is denied' });
    const judge = createJudge(policy, { salt });
    expect(drive(judge, stickyTraffic(crashing), 10, 90, unread).failedAt).toBeNull();
  });
});

describe('four bad requests a second with ids of the champion’s users', () => {
  const bot = bucketOfRank(950);
  const shielded = (rate: number): StickyTraffic => ({
    ...fails(callers(20), rate),
    refused: (bucket) => (bucket === bot ? 40 : 0),
  });

  it('shield no challenger that fails 14 %, at 10 % or at 50 %', () => {
    for (const percent of [10, 50])
      expect(
        drive(createJudge(policy, { salt }), stickyTraffic(shielded(0.14)), percent, 90).failedAt,
      ).not.toBeNull();
  });

  it('cost no more than a few ticks', () => {
    const alone = drive(createJudge(policy, { salt }), stickyTraffic(fails(callers(20), 0.14)), 10, 90);
    const beside = drive(createJudge(policy, { salt }), stickyTraffic(shielded(0.14)), 10, 90);
    expect(beside.failedAt! - alone.failedAt!).toBeLessThanOrEqual(12);
  });

  /** The model answers a malformed request with a failure instead of 400. */
  const failing = (rate: number): StickyTraffic => ({
    requests: (bucket) => (bucket === bot ? 40 : bucket % 5 < 2 ? 0.5 : 0),
    errors: (bucket, isChallenger) => (bucket === bot ? 1 : isChallenger ? rate : 0.003),
  });

  it.each([
    { rate: 0.3, percent: 10 },
    { rate: 0.6, percent: 10 },
    { rate: 0.6, percent: 50 },
  ])(
    'also where the model fails at them, for one caller weighs no more than a few: $rate at $percent %',
    (at) => {
      const one = createJudge(policy, { salt });
      expect(drive(one, stickyTraffic(failing(at.rate)), at.percent, 90).failedAt).not.toBeNull();
      const judgement = one.judgement();
      // Both arms are over the limit by then, and the difference between them is judged all the same.
      expect(judgement.kind).toBe('fail');
      expect(judgement.incident).toBeDefined();
    },
  );

  it('and let no challenger pass that fails fewer than they do, but its users', () => {
    for (const [rate, percent] of [
      [0.14, 10],
      [0.14, 50],
      [0.3, 50],
    ] as const) {
      const one = createJudge(policy, { salt });
      drive(one, stickyTraffic(failing(rate)), percent, 180);
      expect(one.judgement().kind).not.toBe('pass');
    }
    const one = createJudge(policy, { salt });
    drive(one, stickyTraffic(failing(0.14)), 50, 90);
    expect(one.judgement()).toMatchObject({
      kind: 'insufficient',
      why: expect.stringMatching(
        /champion's failures are in one of 16 groups of users; without it [\d,]+ of [\d,]+ challenger requests failed \(1[45] %\)/,
      ),
    });
  });

  it('hold no healthy one, wherever the caller is', () => {
    for (const rank of [5, 950]) {
      const heavy = bucketOfRank(rank);
      const one = createJudge(usersPolicy({}, { guardrails, detectableRatio: 30 }), { salt });
      const traffic = stickyTraffic({
        ...failing(0.003),
        requests: (bucket) => (bucket === heavy ? 4 : bucket % 5 < 2 ? 0.5 : 0),
        errors: (bucket) => (bucket === heavy ? 1 : 0.003),
      });
      drive(one, traffic, 10, 90);
      drive(one, traffic, 50, 90);
      expect(one.failed()).toBeNull();
      expect(one.judgement().kind).toBe('pass');
    }
  });
});

describe('a challenger that calls the requests of its users bad', () => {
  const refusing = (share: number): StickyTraffic => ({
    requests: (bucket) => (bucket % 5 < 2 ? 0.5 : 0),
    errors: () => 0.003,
    // Beside as many as are answered: half of all.
    refused: (bucket, isChallenger) => (isChallenger && bucket % 5 < 2 && bucket % 10 < 10 * share ? 1 : 0),
  });
  it.each([1, 0.4])('is rolled back by the comparison of refusals: of %s of them', (share) => {
    const one = createJudge(comparing, { salt });
    expect(drive(one, stickyTraffic(refusing(share)), 10, 90).failedAt).not.toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toMatch(
      /refused by the model.*not explained by which users it got/,
    );
  });

  it('is rolled back where the log can’t be read and it refuses most of all, and says that nobody compared users', () => {
    const unread = () => ({ bucketsUnread: 'access is denied' });
    const one = createJudge(comparing, { salt });
    expect(drive(one, stickyTraffic(refusing(1)), 10, 90, unread).failedAt).not.toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toContain(
      'which users it got is not known: access is denied',
    );
  });
});

describe('a challenger whose endpoint counts refusals as errors, as older recordings do', () => {
  const refusing = (share: number): StickyTraffic => ({
    requests: (bucket) => (bucket % 5 < 2 ? 0.5 : 0),
    errors: () => 0.003,
    refused: (bucket, isChallenger) => (isChallenger && bucket % 5 < 2 && bucket % 10 < 10 * share ? 1 : 0),
    with4xx: true,
  });
  it.each([1, 0.4])('is rolled back, for users do not explain it: of %s of them', (share) => {
    const one = createJudge(policy, { salt });
    expect(drive(one, stickyTraffic(refusing(share)), 10, 90).failedAt).not.toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toMatch(
      /endpoint errors.*not explained by which users it got/,
    );
  });

  it('is rolled back where the log can’t be read, and says that nobody compared users', () => {
    const one = createJudge(policy, { salt });
    const unread = () => ({ bucketsUnread: 'access is denied' });
    expect(drive(one, stickyTraffic(refusing(1)), 10, 90, unread).failedAt).not.toBeNull();
    const judgement = one.judgement();
    expect(judgement.kind === 'fail' && judgement.reason.sentence).toContain(
      'which users it got is not known: access is denied',
    );
  });

  it('is not where the same users were refused before', () => {
    const bot = bucketOfRank(5);
    const always: StickyTraffic = {
      ...callers(10),
      refused: (bucket) => (bucket === bot ? 20 : 0),
      with4xx: true,
    };
    const before = stickyTraffic(always);
    for (let i = 0; i < 60; i++) before.next(0);
    const known = usersPolicy({ earlier: before.counts() }, { guardrails });
    expect(drive(createJudge(known, { salt }), stickyTraffic(always), 10, 90).failedAt).toBeNull();
  });
});
