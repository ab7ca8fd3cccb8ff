import { describe, expect, it } from 'vitest';
import type { Entry, EntryBody } from '../../../src/domain/journal.ts';
import { later, percent } from '../../../src/domain/units.ts';
import { effectKey } from '../../../src/engine/after-effect.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { challengerShare, currentStep, type RolloutState } from '../../../src/engine/state.ts';
import { actor, v22, v23 } from '../../support/model-world.ts';
import {
  abort,
  aliasIs,
  approve,
  asked,
  atStep,
  began,
  type Chapter,
  did,
  ensure,
  fail,
  fenced,
  firstPlan,
  home,
  id,
  moved,
  observation,
  on,
  plan,
  publish,
  ready,
  rollingBack,
  setAlias,
  single,
  smoke,
  split,
  stepDone,
  stepOf,
  stepsTo,
  tell,
  tried,
  wait,
  warmed,
  watchPlan,
} from './story.ts';

/** What the last chapter changed: all fields that differ from the state before it, but length, token and time. */
function changedBy(before: readonly Chapter[], chapter: Chapter): Partial<RolloutState> {
  const old = tell(plan, ...before).state;
  const { state } = tell(plan, ...before, chapter);
  const changed = Object.entries(state).filter(
    ([name, value]) =>
      !['length', 'token', 'writtenAt'].includes(name) &&
      JSON.stringify(value) !== JSON.stringify(old[name as keyof RolloutState]),
  );
  return Object.fromEntries(changed);
}

const after = (ms: number) => later(began, ms);

describe('each entry', () => {
  const cases: readonly (readonly [string, readonly Chapter[], Chapter, object])[] = [
    [
      'owned: a new owner knows nothing of the alias, and tries anew',
      [fenced(), tried(ensure)],
      { kind: 'owned', by: actor('cat'), adopt: true },
      {
        owner: actor('cat'),
        ownedSeq: expect.any(Number),
        adopted: true,
        aliases: {},
        unfenced: ['live'],
        tries: {},
      },
    ],
    ['intent', [], { kind: 'intent', effect: smoke }, { openIntent: { seq: 1, effect: smoke } }],
    [
      'result of an endpoint under way',
      [wait(5)],
      did(ensure, { kind: 'endpoint', state: 'creating' }),
      { endpointAskedAt: after(5) },
    ],
    [
      'result of an endpoint in service',
      [wait(5)],
      did(ensure, { kind: 'endpoint', state: 'in-service' }),
      { endpointReady: true, endpointAskedAt: after(5) },
    ],
    ['result of an endpoint, not understood', [], did(ensure, { kind: 'done' }), {}],
    [
      'result of a publication',
      [],
      publish(split(10), '8'),
      { published: { 'split v2.2.0 v2.3.0 10': '8' } },
    ],
    [
      'result of a publication, not understood',
      [],
      did({ kind: 'publish', route: split(10) }, { kind: 'done' }),
      {},
    ],
    [
      'result of smoke requests',
      [],
      did(smoke, { kind: 'smoked', passed: true, requests: 3 }),
      { smokedStep: 0, smokeRequests: 3 },
    ],
    [
      'result of a warm-up',
      [wait(5)],
      warmed(split(10)),
      { warmedAt: { 'split v2.2.0 v2.3.0 10': after(5) } },
    ],
    [
      'result of a notice',
      [],
      did({ kind: 'notify', subject: 's', body: '' }, { kind: 'done' }),
      { notifiedStep: 0 },
    ],
    [
      'result of an alias write, not understood',
      [],
      did(setAlias('route', on('8'), split(10)), { kind: 'done' }),
      {},
    ],
    [
      'failed: counted by what is to be reached',
      [tried(ensure), wait(5)],
      tried(ensure, 'worse', true),
      {
        tries: {
          'ensure-endpoint new-endpoint': { count: 2, lastAt: after(5), error: 'worse', final: true },
        },
      },
    ],
    ['failed, of nothing that is known', [], { kind: 'failed', intent: 0, error: 'x', final: false }, {}],
    [
      'step-done: the next step begins',
      [tried(ensure), { kind: 'held', why: 'x' }, asked({ kind: 'promote', full: false }), wait(5)],
      stepDone(0),
      {
        step: 1,
        stepSince: after(5),
        stepsDone: [{ step: 0, at: after(5), tookMs: 5, note: 'done' }],
        tries: {},
        heldSince: null,
        heldWhy: '',
        promoteAsked: null,
      },
    ],
    [
      'observed',
      [{ kind: 'unreadable', why: 'x', denied: false }],
      { kind: 'observed', observations: [observation()] },
      { observations: [observation()], lastObservedAt: after(1_000), unreadable: null },
    ],
    ['observed, nothing', [], { kind: 'observed', observations: [] }, {}],
    [
      'unreadable: since the first time',
      [{ kind: 'unreadable', why: 'x', denied: false }, wait(5)],
      { kind: 'unreadable', why: 'y', denied: true },
      { unreadable: { since: began, lastAt: after(5), why: 'y', denied: true } },
    ],
    ['verdict', [], { kind: 'verdict', verdict: fail, action: 'roll back' }, { lastVerdict: fail }],
    ['request refused', [], asked({ kind: 'pause' }, 'bob', false), { requestsSeen: 1 }],
    [
      'request: pause, paused already',
      [asked({ kind: 'pause' }), wait(5)],
      asked({ kind: 'pause' }),
      { requestsSeen: 2 },
    ],
    [
      'request: pause, with its reason',
      [wait(5)],
      asked({ kind: 'pause' }, 'bob', true, { reason: 'lunch' }),
      { requestsSeen: 1, pausedAt: after(5), pausedBy: { name: 'bob', reason: 'lunch' } },
    ],
    [
      'request: resume',
      [wait(5), asked({ kind: 'pause' }), wait(20)],
      asked({ kind: 'resume' }),
      { requestsSeen: 2, pausedAt: null, pausedBy: null, pausedMs: 20 },
    ],
    ['request: resume, not paused', [], asked({ kind: 'resume' }), { requestsSeen: 1 }],
    ['request: approve', [], asked(approve), { requestsSeen: 1, approvals: [{ name: 'bob', at: began }] }],
    ['request: reject', [], asked({ kind: 'reject' }), { requestsSeen: 1, rejectedBy: 'bob' }],
    [
      'request: promote, also out of a pause',
      [asked({ kind: 'pause' })],
      asked({ kind: 'promote', full: false }),
      { requestsSeen: 2, promoteAsked: 'step', pausedAt: null, pausedBy: null },
    ],
    [
      'request: promote all',
      [],
      asked({ kind: 'promote', full: true }),
      { requestsSeen: 1, promoteAsked: 'full' },
    ],
    [
      'request: traffic',
      [wait(5)],
      asked({ kind: 'traffic', percent: percent(30) }),
      { requestsSeen: 1, override: { percent: 30, step: 0, at: after(5) } },
    ],
    ['held', [wait(5)], { kind: 'held', why: 'x' }, { heldSince: after(5), heldWhy: 'x' }],
    [
      'held again: since the first time',
      [{ kind: 'held', why: 'x' }, wait(5)],
      { kind: 'held', why: 'y' },
      { heldWhy: 'y' },
    ],
    [
      'rolling-back',
      [tried(ensure), asked({ kind: 'pause' }), wait(5)],
      rollingBack,
      {
        phase: 'rolling-back',
        tries: {},
        pausedAt: null,
        pausedBy: null,
        rollback: { cause: abort, at: after(5), home: [], stageTidied: false, labelled: false },
      },
    ],
    [
      'rolling-back again: the first cause stands',
      [rollingBack, wait(5)],
      { kind: 'rolling-back', cause: { kind: 'interrupt', sentence: 'x' } },
      {},
    ],
    ['labelled promoted', [], { kind: 'labelled', as: 'promoted' }, { committed: true }],
    [
      'labelled rolled-back',
      [rollingBack],
      { kind: 'labelled', as: 'rolled-back' },
      { rollback: { cause: abort, at: began, home: [], stageTidied: false, labelled: true } },
    ],
    ['repaired', [], { kind: 'repaired', what: 'x' }, {}],
    [
      'ended',
      [wait(5)],
      { kind: 'ended', outcome: { kind: 'succeeded', sentence: 'x' } },
      { phase: 'ended', outcome: { kind: 'succeeded', sentence: 'x' }, endedAt: after(5) },
    ],
  ];
  it.each(cases)('%s', (_name, before, chapter, expected) => {
    expect(changedBy(before, chapter)).toEqual(expected);
  });
});

describe('writes of the alias', () => {
  it('a fence changes nothing but what is known of the alias', () => {
    const changed = changedBy([wait(5)], fenced(on('9')));
    expect(changed).toEqual({
      aliases: { live: { revisionId: expect.any(String), target: on('9'), stamp: expect.anything() } },
      unfenced: [],
    });
  });

  it('a fence finds where users are, though the result of that write was never journaled', () => {
    const { state } = tell(plan, ...ready, ...stepsTo(stepOf.route10), wait(5), fenced(on('8')));
    expect([state.route, state.routeSince, challengerShare(state)]).toEqual([split(10), after(5), 10]);
    expect(state.promotedAt).toBeNull();
  });

  it('a fence that finds what is known begins nothing anew', () => {
    const { state } = atStep(stepOf.bake10, wait(5), fenced(on('8')));
    expect([state.routeSince, state.stepSince]).toEqual([began, began]);
  });

  it('a fence that finds the share which a person asked for begins the bake anew', () => {
    const { state } = atStep(
      stepOf.bake10,
      publish(split(30), '11'),
      asked({ kind: 'traffic', percent: percent(30) }),
      wait(5),
      fenced(on('11')),
    );
    expect([state.route, state.stepSince]).toEqual([split(30), after(5)]);
  });

  it('a route is where users are from then on', () => {
    const { state } = tell(plan, fenced(), wait(5), moved(split(10), on('8')));
    expect([state.route, state.routeSince, challengerShare(state)]).toEqual([split(10), after(5), 10]);
  });

  it('inside a bake a new share begins the bake anew', () => {
    const { state } = atStep(
      stepOf.bake10,
      { kind: 'held', why: 'x' },
      wait(500),
      moved(split(30), on('11')),
    );
    expect([state.stepSince, state.heldSince, state.pausedMs]).toEqual([after(500), null, 0]);
  });

  it('a promotion is remembered', () => {
    const { state } = atStep(stepOf.promote, wait(7), moved(single(v23), on('10'), 'promote'));
    expect([state.promotedAt, challengerShare(state)]).toEqual([after(7), 100]);
  });

  it('a roll-back is written', () => {
    const { state } = atStep(
      stepOf.bake10,
      rollingBack,
      did(setAlias('roll-back', home, single(v22)), aliasIs(home)),
    );
    expect([state.rollback?.home, challengerShare(state)]).toEqual([['live'], 0]);
  });

  it('a roll-back that nobody began changes no rollback', () => {
    const { state } = tell(plan, did(setAlias('roll-back', home, null), aliasIs(home)));
    expect(state.rollback).toBeNull();
  });
});

describe('who serves', () => {
  it.each([
    ['nobody knows', firstPlan, 0],
    ['the champion', plan, 0],
    ['what is watched', watchPlan(), 100],
  ])('at first: %s', (_name, given, share) => {
    expect(challengerShare(tell(given).state)).toBe(share);
  });
});

describe('promote --full', () => {
  it('outlives the step in which it was asked', () => {
    const { state } = atStep(stepOf.bake10, asked({ kind: 'promote', full: true }), stepDone(stepOf.bake10));
    expect(state.promoteAsked).toBe('full');
  });
});

describe('a pause', () => {
  it('counts only within the present step', () => {
    const { state } = tell(
      plan,
      asked({ kind: 'pause' }),
      wait(100),
      stepDone(0),
      wait(30),
      asked({ kind: 'resume' }),
    );
    expect(state.pausedMs).toBe(30);
  });
});

describe('a rollout that was stuck lives again under a new owner', () => {
  const stuck: EntryBody = { kind: 'ended', outcome: { kind: 'stuck', sentence: 'x', mend: [] } };
  const owned: EntryBody = { kind: 'owned', by: actor('cat'), adopt: false };
  it.each([
    ['going forward', [stuck], 'forward'],
    ['rolling back', [rollingBack, stuck], 'rolling-back'],
    ['going forward all along', [], 'forward'],
  ] as const)('%s', (_name, before, phase) => {
    const { state } = tell(plan, ...before, owned);
    expect([state.phase, state.outcome, state.endedAt]).toEqual([phase, null, null]);
  });
});

describe('a journal that must not be acted on', () => {
  const { entries } = tell(plan, ...ready);
  const twice: Entry = { ...entries[0]!, seq: 1 };
  it.each([
    ['empty', [], "does not begin with 'started'"],
    ['beginning in the middle', entries.slice(1), "does not begin with 'started'"],
    ['with a gap', [...entries.slice(0, 2), ...entries.slice(3)], 'entry 2 is missing, found 3'],
    ['beginning twice', [entries[0]!, twice], 'begins twice'],
    [
      'with a result of nothing',
      [entries[0]!, { kind: 'result', intent: 7, outcome: { kind: 'done' }, seq: 1, at: began, token: 1 }],
      'result 1 has no intent',
    ],
  ])('%s', (_name, given, message) => {
    expect(() => replay(id, given as Entry[])).toThrow(message);
  });

  it('is refused where an entry, an effect or a request is of a kind that nobody knows', () => {
    const unknown = { kind: 'sung' } as unknown as EntryBody;
    expect(() => tell(plan, unknown)).toThrow('unreachable');
    const effect = { kind: 'sing' } as never;
    expect(() => tell(plan, did(effect, { kind: 'done' }))).toThrow('unreachable');
    const wish = { kind: 'sing' } as never;
    expect(() => tell(plan, asked(wish))).toThrow('unreachable');
  });
});

it('keeps length, token and the order of steps', () => {
  const { state, entries } = tell(
    plan,
    ...ready,
    { kind: 'owned', by: actor('cat'), adopt: false },
    stepDone(0),
  );
  expect([state.length, state.token, currentStep(state)?.kind]).toEqual([entries.length, 2, 'smoke']);
});

it('counts tries by what is to be reached, whoever asks', () => {
  expect(
    [
      ensure,
      { kind: 'publish', route: split(10) } as const,
      { kind: 'warm-up', route: single(v22) } as const,
      smoke,
      setAlias('promote', home, null),
      { kind: 'swap-stage', to: 'green', deployment: 'new' } as const,
      { kind: 'swap-stage', to: 'live', deployment: { id: 'd-0' } } as const,
      { kind: 'notify', subject: 's', body: 'b' } as const,
    ].map(effectKey),
  ).toEqual([
    'ensure-endpoint new-endpoint',
    'publish split v2.2.0 v2.3.0 10',
    'warm-up single v2.2.0',
    'smoke v2.3.0',
    'set-alias promote live',
    'swap-stage green "new"',
    'swap-stage live {"id":"d-0"}',
    'notify',
  ]);
});
