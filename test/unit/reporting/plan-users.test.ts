import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { UserPolicy } from '../../../src/domain/policy.ts';
import { userWarnings } from '../../../src/monitor/judge/users/user-warnings.ts';
import { planText } from '../../../src/reporting/plan-view.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { canarySettings, policy } from '../../support/model-world.ts';
import { countsOf } from '../judge/users/counts.ts';

const paint = new Chalk({ level: 0 });
const rows = (users: UserPolicy | undefined): readonly string[] =>
  planText(
    canary(canarySettings({ policy: { ...policy, ...(users === undefined ? {} : { users }) } })),
    paint,
  )
    .split('\n')
    .filter(
      (line, i, all) =>
        /^ {2}users/.test(line) || (i > 0 && /^ {2}users/.test(all[i - 1]!) && /^ {9}/.test(line)),
    );

const crowd = (size: number) => Array.from({ length: size }, (_, i) => [i, 100, 1] as const);
const users = (changes: Partial<UserPolicy>): UserPolicy => ({
  aside: [],
  earlier: countsOf(crowd(300)),
  slowerThanMs: null,
  ...changes,
});

describe('what a plan says of users', () => {
  it('is nothing where requests are compared', () => {
    expect(rows(undefined)).toEqual([]);
  });

  it('is that they are compared', () => {
    expect(rows(users({}))).toEqual([
      '  users  a worse challenger rolls back where the users it got do not explain it',
    ]);
  });

  it('is how many buckets are not compared, and that they make much of the traffic', () => {
    expect(rows(users({ aside: [900], earlier: countsOf([...crowd(300), [900, 20_000, 20_000]]) }))).toEqual([
      '  users  a worse challenger rolls back where the users it got do not explain it; 1 user bucket that failed much before is not compared',
      '         users who fail often (1 of 1000 user buckets) make 40 % of the traffic: the comparison is over the other 60 % of the requests',
    ]);
  });

  it('is that few callers prove nothing, or that nothing is known of them', () => {
    expect(userWarnings({ ...policy, users: users({ earlier: countsOf(crowd(5)) }) })).toEqual([
      expect.stringMatching(/^5 active callers are too few for sticky routing/),
    ]);
    expect(userWarnings({ ...policy, users: users({ earlier: null }) })).toEqual([
      expect.stringMatching(/^the champion’s requests by user can’t be read/),
    ]);
    expect(userWarnings(policy)).toEqual([]);
  });
});
