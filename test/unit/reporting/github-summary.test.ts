import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/domain/journal.ts';
import { later } from '../../../src/domain/units.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { gitHubSummary, resultOf } from '../../../src/reporting/github-summary.ts';
import { viewOf } from '../../../src/view/view.ts';
import {
  approve,
  approvedPlan,
  asked,
  atStep,
  began,
  fail,
  fenced,
  finding,
  observation,
  pass,
  stepDone,
  stepOf,
  type Story,
  tell,
  wait,
} from '../engine/story.ts';

const ended = (outcome: Outcome) => ({ kind: 'ended', outcome }) as const;
const back = (cause: Extract<Outcome, { kind: 'rolled-back' }>['cause']): Outcome => ({
  kind: 'rolled-back',
  cause,
  harmedRequests: 3,
});
const seen = {
  kind: 'observed',
  observations: [observation(6), observation(6, later(began, 2_000))],
} as const;
const failed = { kind: 'verdict', verdict: fail, action: 'roll back' } as const;

const failing = fail as Extract<Verdict, { kind: 'fail' }>;

const rolledBack: Story = atStep(
  stepOf.bake10,
  wait(9_000),
  seen,
  failed,
  ended(back({ kind: 'verdict', sentence: finding.sentence })),
);

describe("the job's summary", () => {
  it.each<[string, string, Story]>([
    ['rolled-back', 'rolled back by a verdict', rolledBack],
    [
      'succeeded',
      'promoted, and approved by two',
      tell(
        approvedPlan,
        fenced(),
        asked(approve),
        asked(approve, 'cat'),
        wait(4_000),
        stepDone(0),
        seen,
        { kind: 'verdict', verdict: pass, action: 'advance' },
        wait(60_000),
        ended({ kind: 'succeeded', sentence: 'v2.3.0 serves 100 %' }),
      ),
    ],
    [
      'aborted',
      'aborted',
      atStep(stepOf.bake10, ended(back({ kind: 'abort', by: 'bob', sentence: 'aborted by bob' }))),
    ],
    [
      'stuck',
      'stuck',
      atStep(
        stepOf.bake50,
        ended({ kind: 'stuck', sentence: 'alias live is denied', mend: ['mlreg doctor'] }),
      ),
    ],
    ['not-finished', 'waiting for approval', tell(approvedPlan, fenced())],
  ])('%s: %s', (result, _name, { state, entries, now }) => {
    expect(resultOf(state)).toBe(result);
    expect(gitHubSummary(viewOf(state, entries, now))).toMatchSnapshot();
  });

  it('is text, whatever a reason, a name or a rule hold', () => {
    const evil = '<img src=x> | ![a](https://evil.test) `@team` **x** [y](z)\\';
    const { state, now } = rolledBack;
    const told = {
      ...state,
      reason: evil,
      by: { ...state.by, name: evil },
      outcome: back({ kind: 'abort', by: evil, sentence: evil }),
      lastVerdict: { ...failing, reason: { ...finding, rule: evil }, findings: [{ ...finding, rule: evil }] },
    };
    const summary = gitHubSummary(viewOf(told, [], now));
    for (const bad of ['<img', '![a]', 'https://', '@team', '**x**', '[y](z)', ' | \\!'])
      expect(summary).not.toContain(bad);
    const cells = summary.split('\n').filter((line) => line.startsWith('| ') && line.includes('img'));
    expect(cells.map((line) => line.split(/(?<!\\)\|/).length)).toEqual([8, 5]);
  });

  it('stays far below what GitHub drops', () => {
    const long = 'x'.repeat(500_000);
    const outcome = back({ kind: 'step-failed', sentence: long });
    expect(gitHubSummary(viewOf({ ...rolledBack.state, outcome }, [], rolledBack.now)).length).toBeLessThan(
      65_536,
    );
  });
});
