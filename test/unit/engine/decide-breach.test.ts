import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { onFailure } from '../../../src/engine/decide-breach.ts';
import { heldFor } from '../../../src/engine/fold-journal.ts';
import { type Chapter, fail, plan, tell, watchPlan } from './story.ts';

type Failed = Extract<Verdict, { kind: 'fail' }>;

const failed = fail as Failed;
const bySwitch: Failed = { ...failed, reason: { ...failed.reason, blames: 'switch' } };
const { sentence } = failed.reason;
const holds: Plan = { ...plan, onBreach: 'hold' };
const told: readonly Chapter[] = [
  { kind: 'verdict', verdict: failed, action: heldFor },
  { kind: 'held', why: sentence },
];
const dismissed: Chapter = {
  kind: 'request',
  request: { kind: 'promote', full: false, id: 'q-1', at: 0, by: 'bob', reason: 'known' } as never,
  accepted: true,
  answer: '',
};

/** What the journal is told: the action of the verdict, and what follows. */
const rows: readonly (readonly [
  name: string,
  plan: Plan,
  chapters: readonly Chapter[],
  verdict: Failed,
  expected: readonly [string, string] | null,
])[] = [
  ['a canary', plan, [], failed, ['roll back', 'rolling-back by verdict']],
  ['a canary whose switch harms everybody', plan, [], bySwitch, ['roll back', 'rolling-back by step-failed']],
  ['a plan that holds', holds, [], failed, [heldFor, 'held']],
  [
    'a plan that holds, whose switch harms everybody',
    holds,
    [],
    bySwitch,
    ['roll back', 'rolling-back by step-failed'],
  ],
  ['a hold that is under way', holds, told, failed, null],
  [
    'a hold that is under way, and then a switch harms everybody',
    holds,
    told,
    bySwitch,
    ['roll back', 'rolling-back by step-failed'],
  ],
  ['a hold that a person dismissed', holds, [...told, dismissed], failed, null],
  ['a watch with a version to return to', watchPlan(), [], failed, ['roll back', 'rolling-back by verdict']],
  ['a watch without one', watchPlan(null), [], failed, ['tell', 'ended']],
  ['a watch without one, told that the switch did it', watchPlan(null), [], bySwitch, ['tell', 'ended']],
];

describe('a failed verdict', () => {
  it.each(rows)('on %s', (_name, of, chapters, verdict, expected) => {
    const entries = onFailure(tell(of, ...chapters).state, verdict);
    const [first, second] = entries ?? [];
    if (expected === null) return expect(entries).toBeNull();
    expect(entries).toHaveLength(2);
    expect(first).toMatchObject({ kind: 'verdict', verdict, action: expected[0] });
    const kind = second?.kind === 'rolling-back' ? `rolling-back by ${second.cause.kind}` : second?.kind;
    expect(kind).toBe(expected[1]);
    expect(JSON.stringify(second)).toContain(sentence);
  });
});
