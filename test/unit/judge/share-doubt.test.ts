import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { UserPolicy } from '../../../src/domain/policy.ts';
import { instant } from '../../../src/domain/units.ts';
import { bucketRanks } from '../../../src/domain/user-bucket.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { createShareDoubt } from '../../../src/monitor/judge/compare/share-doubt.ts';
import { policy, start } from '../monitor/late-metrics.ts';

const arm = (requests: number, errors = 0, more: Partial<ArmTick> = {}): ArmTick => ({
  requests,
  errors,
  throttles: 0,
  ...more,
});
/** So many equal ticks. */
const ticks = (
  n: number,
  champion: ArmTick | null,
  challenger: ArmTick,
  more: Partial<Observation> = {},
): Observation[] =>
  Array.from({ length: n }, (_, i) => ({
    at: instant(start + (i + 1) * 10_000),
    tickMs: 10_000,
    plannedPercent: 10,
    champion,
    challenger,
    ...more,
  }));
function doubtOf(observations: readonly Observation[]): string | null {
  const shares = createShareDoubt();
  for (const each of observations) shares.step(each);
  return shares.doubt();
}

describe('a healthy challenger whose requests are seen', () => {
  it.each([
    ['all', 100, true],
    ['half of them', 50, false],
    ['a tenth of them', 10, false],
    ['none of them', 0, false],
  ] as const)('%s', (_what, seen, passes) => {
    const verdict = judge(policy, ticks(400, arm(900, 3), arm(seen)));
    expect(verdict.kind === 'pass').toBe(passes);
    if (!passes && seen > 0)
      expect(verdict).toMatchObject({
        kind: 'insufficient',
        why: expect.stringContaining('planned 10 %') as string,
      });
  });
});

describe('requests that the model calls bad', () => {
  it.each([
    [
      'of the challenger’s arm are not too many of its requests',
      ticks(20, arm(90), arm(100, 0, { refused: 90 })),
      null,
    ],
    [
      'of the champion’s arm make the challenger miss none',
      ticks(20, arm(900, 0, { refused: 810 }), arm(10)),
      null,
    ],
    [
      'by the challenger alone are missing answers',
      ticks(20, arm(90), arm(10, 0, { refused: 9 })),
      'challenger got 1.1 % of the requests, planned 10 %: it called 180 others bad',
    ],
  ] as const)('%s', (_what, seen, doubt) => {
    expect(doubtOf(seen)).toBe(doubt);
  });
});

describe('users who make unequal numbers of requests', () => {
  const salt = 'a-salt';
  const ranks = bucketRanks(salt);
  const bucketOfRank = (rank: number): number => ranks.indexOf(rank);
  /** One bucket at this rank makes 900 requests an hour, all others one each. */
  const usersWith = (heavyRank: number, aside: readonly number[] = []): UserPolicy => {
    const heavy = bucketOfRank(heavyRank);
    const id = Array.from({ length: 1_000 }, (_, bucket) => bucket);
    const zeros = id.map(() => 0);
    const requests = id.map((bucket) => (bucket === heavy ? 1_000 : 1));
    const counts = { errors: zeros, slow50: zeros, slow95: zeros, slow99: zeros };
    return { aside, earlier: { id, requests, ...counts }, slowerThanMs: null };
  };
  const doubt = (users: UserPolicy | undefined, champion: number, challenger: number): string | null => {
    const shares = createShareDoubt(users, salt);
    for (const each of ticks(40, arm(champion), arm(challenger))) shares.step(each);
    return shares.doubt();
  };

  it.each([
    ['the heaviest is on the champion: 5 % are all that its users make', usersWith(500), 95, 5, null],
    ['half of those 5 % is half of its requests', usersWith(500), 97.5, 2.5, 'planned 10 %'],
    ['none is none', usersWith(500), 95, 0, 'late or lost'],
    ['nothing is known of users: 5 % is half of what was planned', undefined, 95, 5, 'planned 10 %'],
    ['the heaviest is on the challenger and rests: 10 % are as planned', usersWith(5), 90, 10, null],
    ['the heaviest is set aside: 5 % are half', usersWith(500, [bucketOfRank(500)]), 95, 5, 'planned 10 %'],
  ] as const)('%s', (_what, users, champion, challenger, expected) => {
    const found = doubt(users, champion, challenger);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toContain(expected);
  });
});

describe('what is missing is named', () => {
  const strata = (heavy: number) => ({
    strata: {
      requests: Array.from({ length: 16 }, (_, i) => (i === 0 ? heavy : 1)),
      errors: new Array(16).fill(0) as number[],
    },
  });
  it.each([
    ['nothing', ticks(20, arm(90), arm(10)), null],
    ['too few to tell', ticks(4, arm(90), arm(0)), null],
    ['all of its requests', ticks(20, arm(90), arm(0)), 'late or lost'],
    ['those that went badly, perhaps', ticks(20, arm(90), arm(5)), 'may be the ones that went well'],
    ['user ids', ticks(20, arm(90), arm(1), { anonymous: arm(400) }), '81 % of requests carry no user id'],
    [
      'planned users: one id has most of the traffic',
      ticks(20, arm(60), arm(40, 0, strata(40))),
      'one user id, or a few',
    ],
    [
      'planned users: heavier ids',
      ticks(20, arm(60), arm(40, 0, strata(1))),
      'some user ids make more requests',
    ],
    ['half at an even split', ticks(20, arm(50), arm(25), { plannedPercent: 50 }), 'planned 50 %'],
    ['nobody beside it', ticks(20, null, arm(25), { plannedPercent: 100 }), null],
    [
      'a later step above a fifth',
      [...ticks(20, arm(90), arm(10)), ...ticks(20, arm(40), arm(60), { plannedPercent: 50 })],
      null,
    ],
  ] as const)('%s', (_what, observations, words) => {
    const doubt = doubtOf(observations);
    if (words === null) expect(doubt).toBeNull();
    else expect(doubt).toContain(words);
  });

  it('also where nothing reached the challenger', () => {
    const verdict = judge(policy, ticks(60, arm(0), arm(0), { anonymous: arm(100) }));
    expect(verdict).toMatchObject({
      kind: 'insufficient',
      why: 'no requests reached the challenger: 100 % of requests carry no user id',
    });
  });
});

it('a first step that gets up to a fifth by chance is not held', () => {
  expect(doubtOf(ticks(20, arm(78), arm(22), { plannedPercent: 20 }))).toBeNull();
});
