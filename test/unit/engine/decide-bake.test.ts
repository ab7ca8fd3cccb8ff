import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/domain/journal.ts';
import type { OnInconclusive } from '../../../src/domain/plan.ts';
import { later, percent } from '../../../src/domain/units.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { decide } from '../../../src/engine/decide.ts';
import type { Decision } from '../../../src/engine/decision.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { canarySettings } from '../../support/model-world.ts';
import {
  asked,
  atStep,
  began,
  type Chapter,
  fail,
  fenced,
  incident,
  insufficient,
  moved,
  observation,
  on,
  pass,
  proven,
  publish,
  ready,
  setAlias,
  split,
  stepDone,
  stepOf,
  stepsTo,
  type Story,
  tell,
  unreadable,
  wait,
  warmed,
  watchPlan,
} from './story.ts';

const after = (ms: number) => later(began, ms);
const next = ({ state, now }: Story, verdict: Verdict | null): Decision => decide(state, verdict, now);

/** What it comes to, in a word or two. */
function gist(decision: Decision): string {
  switch (decision.kind) {
    case 'wait':
      return `waits: ${decision.why}`;
    case 'effect':
      return decision.effect.kind;
    case 'ended':
      return decision.outcome.kind;
    case 'record':
      return decision.entries.map(wordOf).join(', ');
  }
}

function wordOf(entry: EntryBody): string {
  if (entry.kind === 'held') return `holds: ${entry.why}`;
  if (entry.kind === 'rolling-back') return `goes back: ${entry.cause.sentence}`;
  return entry.kind === 'step-done' ? `done: ${entry.note}` : entry.kind;
}

/** The bakes last 10 s, metrics settle for 1 s, and they may last 10 s more. */
const during = [0, 10_999] as const;
const atEnd = [11_000, 20_999] as const;
const afterExtension = [21_000, 30_000] as const;

describe('a bake before the last', () => {
  const cases: readonly (readonly [string, Verdict | null, string, string, string])[] = [
    ['pass', pass, 'waits: baking', 'verdict, done: nothing breached', 'verdict, done: nothing breached'],
    [
      'pass with a finding that users explain',
      {
        ...pass,
        deferred: 'challenger 2 % errors against 1 %; explained by which users it got (p = 0.31)',
      } as Verdict,
      'waits: baking',
      'verdict, done: challenger 2 % errors against 1 %; explained by which users it got (p = 0.31)',
      'verdict, done: challenger 2 % errors against 1 %; explained by which users it got (p = 0.31)',
    ],
    [
      'pass, proven',
      proven,
      'waits: baking',
      'verdict, done: nothing breached',
      'verdict, done: nothing breached',
    ],
    [
      'pass with an incident of both',
      incident,
      'waits: baking',
      'waits: extended: both versions breach: challenger 30 % errors, limit 5 %',
      'holds: both versions breach: challenger 30 % errors, limit 5 %; goes on by itself when there is evidence, or at once with: mlreg promote',
    ],
    [
      'insufficient',
      insufficient,
      'waits: baking',
      'waits: extended: too few requests, about 400 more requests needed',
      'holds: too few requests, about 400 more requests needed; goes on by itself when there is evidence, or at once with: mlreg promote',
    ],
    [
      'insufficient, and nobody can say how many',
      { ...insufficient, needRequests: null } as Verdict,
      'waits: baking',
      'waits: extended: too few requests',
      'holds: too few requests; goes on by itself when there is evidence, or at once with: mlreg promote',
    ],
    [
      'unreadable',
      unreadable,
      'waits: baking',
      'waits: metrics unreadable: no answer',
      'waits: metrics unreadable: no answer',
    ],
    [
      'nothing seen',
      null,
      'waits: baking',
      'waits: extended: no metrics were seen',
      'holds: no metrics were seen; goes on by itself when there is evidence, or at once with: mlreg promote',
    ],
  ];
  it.each(cases)('%s', (_name, verdict, early, end, extended) => {
    for (const ms of during) expect(gist(next(atStep(stepOf.bake10, wait(ms)), verdict))).toBe(early);
    for (const ms of atEnd) expect(gist(next(atStep(stepOf.bake10, wait(ms)), verdict))).toBe(end);
    for (const ms of afterExtension)
      expect(gist(next(atStep(stepOf.bake10, wait(ms)), verdict))).toBe(extended);
  });
});

describe('the last bake, passed without proof that the challenger is no worse', () => {
  const last = (onInconclusive: OnInconclusive, ms: number): Story => {
    const plan = canary(canarySettings({ onInconclusive }));
    return tell(plan, ...ready, ...stepsTo(stepOf.bake50), moved(split(50), on('9')), wait(ms));
  };
  const power = 'verdict, done: nothing breached, and the bake had the power it was planned with';
  const back = 'verdict, goes back: the bake ended without proof that the challenger is no worse';
  const not = 'not shown to be no worse than the champion';
  it.each([
    ['promote', power, power],
    ['rollback', back, back],
    [
      'extend',
      `waits: extended: ${not}`,
      `holds: ${not}; goes on by itself when there is evidence, or at once with: mlreg promote`,
    ],
    [
      'hold',
      `waits: extended: ${not}`,
      `holds: ${not}; goes on by itself when there is evidence, or at once with: mlreg promote`,
    ],
  ] as const)('%s', (onInconclusive, end, extended) => {
    for (const ms of during) expect(gist(next(last(onInconclusive, ms), pass))).toBe('waits: baking');
    for (const ms of atEnd) expect(gist(next(last(onInconclusive, ms), pass))).toBe(end);
    for (const ms of afterExtension) expect(gist(next(last(onInconclusive, ms), pass))).toBe(extended);
  });

  it.each(['promote', 'rollback', 'extend', 'hold'] as const)(
    '%s: proof ends it at once',
    (onInconclusive) => {
      expect(gist(next(last(onInconclusive, 0), proven))).toBe(
        'verdict, done: shown to be no worse than the champion',
      );
    },
  );

  it.each([
    ['insufficient', insufficient, 'too few requests, about 400 more requests needed'],
    ['an incident', incident, 'both versions breach: challenger 30 % errors, limit 5 %'],
  ] as const)('never passes on %s: holds, or goes back where that is wished', (_name, verdict, why) => {
    // An incident carries a proof: by then it is worth nothing.
    const plain: Verdict = verdict.kind === 'pass' ? { ...verdict, nonInferior: false } : verdict;
    expect(gist(next(last('promote', 21_000), plain))).toBe(
      `holds: ${why}; goes on by itself when there is evidence, or at once with: mlreg promote`,
    );
    expect(gist(next(last('rollback', 21_000), plain))).toBe(`verdict, goes back: ${why}`);
  });

  it('never passes on proof while both breach', () => {
    expect(gist(next(last('promote', 0), incident))).toBe('waits: baking');
  });

  it('refuses a policy that nobody knows', () => {
    expect(() => next(last('sing' as OnInconclusive, 11_000), pass)).toThrow('unreachable');
  });
});

describe('a bake whose last metrics are late', () => {
  const slow = canary({ ...canarySettings(), horizonMs: 15_000 });
  const baking = (...seen: readonly Chapter[]): Story =>
    tell(
      slow,
      ...ready,
      ...stepsTo(stepOf.route10),
      moved(split(10), on('8')),
      stepDone(stepOf.route10),
      ...seen,
    );
  it.each([
    ['waits for them', [wait(12_000)], 'waits: waiting for the last metrics of the bake'],
    ['until their horizon', [wait(26_000)], 'verdict, done: nothing breached'],
    [
      'and not at all where they are there',
      [wait(12_000), { kind: 'observed', observations: [observation(0, after(10_000))] }],
      'verdict, done: nothing breached',
    ],
  ] as const)('%s', (_when, chapters, expected) => {
    expect(gist(next(baking(...(chapters as readonly Chapter[])), pass))).toBe(expected);
  });
});

describe('a hold', () => {
  it('is said once; judging goes on, and it ends when there is evidence', () => {
    const held = [wait(21_000), { kind: 'held', why: 'x' } as const, wait(500)];
    const story = atStep(stepOf.bake10, ...held);
    expect(next(story, insufficient)).toEqual({
      kind: 'wait',
      until: later(story.now, 1_000),
      why: 'too few requests, about 400 more requests needed; goes on by itself when there is evidence, or at once with: mlreg promote',
    });
    expect(gist(next(story, pass))).toBe('verdict, done: nothing breached');
    expect(gist(next(story, fail))).toBe('verdict, goes back: challenger 30 % errors, limit 5 %');
  });
});

describe('time', () => {
  it('is slept away until the next look, or the end', () => {
    const until = (ms: number): number => {
      const story = atStep(stepOf.bake10, wait(ms));
      const decision = next(story, pass);
      return decision.kind === 'wait' ? decision.until - story.state.stepSince : -1;
    };
    expect([until(0), until(3_500), until(10_400)]).toEqual([1_000, 4_500, 11_000]);
  });

  it('paused is no time under watch', () => {
    const paused = [asked({ kind: 'pause' }), wait(5_000), asked({ kind: 'resume' })];
    expect(gist(next(atStep(stepOf.bake10, ...paused, wait(10_999)), pass))).toBe('waits: baking');
    expect(gist(next(atStep(stepOf.bake10, ...paused, wait(11_000)), pass))).toBe(
      'verdict, done: nothing breached',
    );
  });
});

describe('steered by a person', () => {
  it('ended early: this bake, or each', () => {
    const promote = (full: boolean): Story => atStep(stepOf.bake10, asked({ kind: 'promote', full }));
    expect(gist(next(promote(false), insufficient))).toBe('done: ended early by a person');
    expect(gist(next(promote(true), null))).toBe('done: ended early by a person');
  });

  it('to another share: published, warmed, and written; the bake begins anew', () => {
    const wish = asked({ kind: 'traffic', percent: percent(30) });
    const story = (...chapters: readonly Chapter[]): Story =>
      atStep(stepOf.bake10, wait(9_000), wish, ...chapters);
    expect(next(story(), pass)).toMatchObject({ effect: { kind: 'publish', route: split(30) } });
    expect(next(story(publish(split(30), '11')), pass)).toMatchObject({
      effect: { kind: 'warm-up', route: split(30) },
    });
    const warm = [publish(split(30), '11'), wait(1), warmed(split(30))];
    expect(next(story(...warm), pass)).toMatchObject({ effect: setAlias('route', on('11'), split(30)) });
    const moves = [...warm, moved(split(30), on('11')), wait(9_000)];
    expect(gist(next(story(...moves), pass))).toBe('waits: baking');
  });

  it('what was warm before the wish is cold', () => {
    const warm = [publish(split(30), '11'), warmed(split(30)), wait(9_000)];
    const story = atStep(stepOf.bake10, ...warm, asked({ kind: 'traffic', percent: percent(30) }));
    expect(next(story, pass)).toMatchObject({ effect: { kind: 'warm-up' } });
  });

  it('to a share in an earlier step: over with that step', () => {
    const story = atStep(
      stepOf.bake10,
      asked({ kind: 'traffic', percent: percent(30) }),
      ...stepsTo(7).slice(4),
    );
    expect(gist(next(story, pass))).toBe('waits: baking');
  });
});

describe('a watch', () => {
  it('without end watches on', () => {
    const story = tell(watchPlan(undefined, null), fenced(), wait(1e9));
    expect(gist(next(story, pass))).toBe('waits: watching');
  });

  it.each([
    ['nothing breached', pass, 'done: nothing breached in 100 requests'],
    ['too little seen', insufficient, 'done: nothing breached in 100 requests'],
    ['nothing seen', null, 'done: no request was seen'],
    ['unreadable', unreadable, 'done: metrics unreadable: no answer'],
  ] as const)('ends when its time is over: %s', (_name, verdict, expected) => {
    expect(gist(next(tell(watchPlan(), fenced(), wait(60_999)), verdict))).toBe('waits: baking');
    expect(gist(next(tell(watchPlan(), fenced(), wait(61_000)), verdict))).toBe(expected);
  });

  it('has succeeded then', () => {
    expect(next(tell(watchPlan(), fenced(), stepDone(0)), pass)).toMatchObject({
      entries: [{ outcome: { sentence: 'v2.3.0 was watched to the end: done' } }],
    });
  });

  it('goes back to the version before at a breach; with none before it tells, and that is all', () => {
    expect(gist(next(tell(watchPlan(), fenced()), fail))).toBe(
      'verdict, goes back: challenger 30 % errors, limit 5 %',
    );
    const alone = next(tell(watchPlan(null), fenced()), fail);
    expect(gist(alone)).toBe('verdict, ended');
    expect(alone).toMatchObject({ entries: [{ action: 'tell' }, { outcome: { kind: 'stuck' } }] });
  });

  it('never takes away what was promoted for want of metrics, or of an answer', () => {
    const dark = [{ kind: 'unreadable', why: 'x', denied: true } as const, wait(59_000)];
    expect(gist(next(tell(watchPlan(), fenced(), ...dark), unreadable))).toBe('waits: baking');
  });
});
