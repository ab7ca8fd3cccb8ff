import { describe, expect, it } from 'vitest';
import type { Effect, EntryBody } from '../../../src/domain/journal.ts';
import { later } from '../../../src/domain/units.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { decide } from '../../../src/engine/decide.ts';
import { type Harm, harmOf } from '../../../src/engine/harm.ts';
import type { Decision } from '../../../src/engine/decision.ts';
import { rollBack } from '../../../src/engine/decide-rollback.ts';
import { blueGreen } from '../../../src/strategies/blue-green.ts';
import { actor, blueGreenSettings, v22, v23 } from '../../support/model-world.ts';
import {
  abort,
  aliasIs,
  asked,
  atStep,
  began,
  type Chapter,
  did,
  fail,
  fenced,
  firstPlan,
  home,
  moved,
  observation,
  on,
  pass,
  plan,
  publish,
  rollingBack,
  setAlias,
  single,
  stepDone,
  stepOf,
  type Story,
  tell,
  tried,
  unreadable,
  wait,
  watchPlan,
} from './story.ts';

const next = ({ state, now }: Story, verdict: Verdict | null = null): Decision => decide(state, verdict, now);
const write = setAlias('roll-back', home, single(v22));
const wrote = moved(single(v22), home, 'roll-back');
const labelled: EntryBody = { kind: 'labelled', as: 'rolled-back' };
const notice = { kind: 'notify', subject: 'v2.3.0 rolled back: aborted by bob', body: '' } as const;

describe('the way back', () => {
  it('begins with the write, wherever the rollout stands and whatever it was told', () => {
    const places: readonly (readonly Chapter[])[] = [
      [],
      [asked({ kind: 'pause' })],
      [asked({ kind: 'promote', full: true })],
      [{ kind: 'held', why: 'x' }],
      [{ kind: 'unreadable', why: 'x', denied: true }],
      // Home already, as far as anybody knows: only a write ends an older owner's right to write.
      [moved(single(v22), home)],
      // Nothing is known of the alias.
      [{ kind: 'owned', by: actor('cat'), adopt: false }],
    ];
    for (const step of Object.values(stepOf)) {
      for (const before of places) {
        for (const verdict of [null, pass, fail, unreadable]) {
          expect(next(atStep(step, ...before, rollingBack), verdict)).toEqual({
            kind: 'effect',
            effect: write,
          });
        }
      }
    }
  });

  it('outlasts minutes of trouble, trying at least every 2 s; a refusal, or 200 tries, is stuck', () => {
    const back = (...chapters: readonly Chapter[]): Decision =>
      next(atStep(stepOf.bake10, rollingBack, ...chapters));
    const times = (count: number): readonly Chapter[] => Array.from({ length: count }, () => tried(write));
    expect(back(...times(1))).toMatchObject({ kind: 'wait', until: later(began, 200) });
    expect(back(...times(199))).toMatchObject({ kind: 'wait', until: later(began, 2_000) });
    expect(back(...times(199), wait(2_000))).toEqual({ kind: 'effect', effect: write });
    for (const chapters of [times(200), [tried(write, 'no answer', true)]]) {
      expect(back(...chapters)).toMatchObject({
        entries: [
          {
            kind: 'ended',
            outcome: {
              kind: 'stuck',
              sentence:
                'the alias live could not be pointed at v2.2.0: no answer. v2.3.0 may still get 10 % of traffic',
              mend: ['mlreg rollback --environment local', 'mlreg doctor --environment local'],
            },
          },
        ],
      });
    }
  });

  it('is over sooner where nobody can have been moved yet: what serves is the champion', () => {
    const early = (count: number): Decision =>
      next(
        atStep(stepOf.smoke, rollingBack, ...Array.from({ length: count }, () => tried(write)), wait(2_000)),
      );
    expect(early(5)).toEqual({ kind: 'effect', effect: write });
    expect(early(6)).toMatchObject({ entries: [labelled] });
    // Users may still be where an earlier owner took them.
    const late = atStep(
      stepOf.smoke,
      moved({ kind: 'split', champion: v22, challenger: v23, percent: 10 as never }, on('8')),
      rollingBack,
      tried(write, 'x', true),
    );
    expect(next(late)).toMatchObject({ entries: [{ outcome: { kind: 'stuck' } }] });
    const watched = tell(watchPlan(), rollingBack, tried(write, 'x', true));
    expect(next(watched)).toMatchObject({ entries: [{ outcome: { kind: 'stuck' } }] });
  });

  it('of two aliases writes first the one that users are on, and then the other, whatever the stage names', () => {
    const alone = on('9');
    const swap: Effect = { kind: 'swap-stage', to: 'green', deployment: 'new' };
    const onGreen = did({ ...setAlias('route', alone, single(v23)), alias: 'green' }, aliasIs(alone));
    const before = [fenced(), publish(single(v23), '9'), onGreen] as const;
    const swapped = did(swap, { kind: 'stage', alias: 'green' });
    const home2 = (alias: string): Chapter => did({ ...write, alias }, aliasIs(home));
    const back = (...chapters: readonly Chapter[]): Decision =>
      next(tell(blueGreen(blueGreenSettings()), ...before, ...chapters));
    const writes = (alias: string) => ({ kind: 'effect', effect: { ...write, alias } });
    // After the swap green serves users; before it, live does.
    expect(back(swapped, rollingBack)).toEqual(writes('green'));
    expect(back(swapped, rollingBack, home2('green'))).toEqual(writes('live'));
    expect(back(rollingBack)).toEqual(writes('live'));
    expect(back(rollingBack, home2('live'))).toEqual(writes('green'));
    expect(back(rollingBack, home2('live'), home2('green'))).not.toMatchObject({ kind: 'effect' });
  });

  it('then writes the registry, tells people, and ends', () => {
    const story = atStep(stepOf.bake10, rollingBack, wrote);
    expect(next(story)).toEqual({
      kind: 'record',
      entries: [labelled],
      changes: [
        {
          version: v23,
          set: { status: 'rolled_back', statusAt: story.now, statusReason: 'aborted by bob', rollout: 'r-1' },
        },
      ],
    });
    expect(next(atStep(stepOf.bake10, rollingBack, wrote, labelled))).toEqual({
      kind: 'effect',
      effect: notice,
    });
    const outcome = { kind: 'rolled-back', cause: abort, harmedRequests: 0, harm: 'not known' };
    const ended = { kind: 'record', entries: [{ kind: 'ended', outcome }] };
    const told: Chapter = { kind: 'did', effect: notice, outcome: { kind: 'done' } };
    expect(next(atStep(stepOf.bake10, rollingBack, wrote, labelled, told))).toEqual(ended);
    const deaf = Array.from({ length: 3 }, () => tried(notice, 'denied', true));
    expect(next(atStep(stepOf.bake10, rollingBack, wrote, labelled, ...deaf))).toEqual(ended);
  });

  it('gives the title back to a champion whose follower was in the registry already', () => {
    const committed: readonly Chapter[] = [{ kind: 'labelled', as: 'promoted' }, stepDone(stepOf.commit)];
    const decision = next(atStep(stepOf.commit, ...committed, rollingBack, wrote));
    expect(decision).toMatchObject({
      changes: [
        { version: v23, set: { status: 'rolled_back' } },
        { version: v22, set: { status: 'champion', statusReason: 'aborted by bob' } },
      ],
    });
  });

  it('leads a first deploy to what the alias served before', () => {
    expect(next(tell(firstPlan, rollingBack))).toEqual({
      kind: 'effect',
      effect: setAlias('roll-back', home, null),
    });
    const promoting = firstPlan.steps.findIndex(({ kind }) => kind === 'promote');
    const before = Array.from({ length: promoting }, (_, step) => stepDone(step));
    const spent = Array.from({ length: 200 }, () => tried(write));
    expect(next(tell(firstPlan, ...before, rollingBack, ...spent))).toMatchObject({
      entries: [{ outcome: { sentence: expect.stringContaining('pointed at its old version') } }],
    });
  });

  it('of a watch makes the version before it champion', () => {
    const decision = next(tell(watchPlan(), rollingBack, moved(single(v22), home, 'roll-back')));
    expect(decision).toMatchObject({
      changes: [
        { version: v23, set: { status: 'rolled_back' } },
        { version: v22, set: { status: 'champion' } },
      ],
    });
  });

  it('has a cause', () => {
    expect(() => rollBack(tell(plan).state, began)).toThrow('r-1 rolls back without a cause');
  });
});

describe('what the trial has cost', () => {
  const seen: EntryBody = {
    kind: 'observed',
    observations: [4, 1, 0].map((errors, i) => observation(errors, later(began, (i + 1) * 1_000))),
  };
  const silent = {
    kind: 'observed',
    observations: [{ ...observation(), challenger: { requests: 0, errors: 0, throttles: 0 } }],
  } as const satisfies EntryBody;
  const blind: EntryBody = { kind: 'unreadable', why: 'late', denied: false };
  it.each([
    ['nobody had it', [], { requests: 0, known: 'all' }],
    ['failures seen', [seen], { requests: 5, known: 'all' }],
    [
      'more in the last verdict',
      [
        { ...seen, observations: [observation(1)] },
        { kind: 'verdict', verdict: pass, action: 'advance' },
      ],
      { requests: 3, known: 'all' },
    ],
    [
      'more seen since',
      [seen, { kind: 'verdict', verdict: pass, action: 'advance' }],
      { requests: 5, known: 'all' },
    ],
    [
      'ticks without the challenger alone',
      [{ kind: 'observed', observations: [{ ...observation(), challenger: null }] }],
      { requests: 0, known: 'not known' },
    ],
    ['ticks without a request alone', [silent], { requests: 0, known: 'not known' }],
    [
      'a quiet night',
      [{ ...silent, observations: [{ ...silent.observations[0]!, quiet: true }] }],
      { requests: 0, known: 'all' },
    ],
    ['nothing could be read', [blind], { requests: 0, known: 'not known' }],
    [
      'nothing could be read, and the endpoint showed a total failure',
      [blind, { kind: 'verdict', verdict: pass, action: 'roll back' }],
      { requests: 3, known: 'at least' },
    ],
    ['failures seen, and then nothing could be read', [seen, blind], { requests: 5, known: 'at least' }],
    [
      'failures seen after a time in which nothing could be read',
      [blind, seen],
      { requests: 5, known: 'all' },
    ],
    [
      'failures seen, and users still had it after the last tick',
      [seen, wait(4_000), rollingBack],
      { requests: 5, known: 'at least' },
    ],
    [
      'failures seen, and it was taken away as the last tick ended',
      [seen, wait(3_000), rollingBack],
      { requests: 5, known: 'all' },
    ],
    [
      'failures seen, and nobody had it any more in the last tick',
      [
        seen,
        {
          ...seen,
          observations: [{ ...observation(0, later(began, 4_000)), challenger: null, plannedPercent: 0 }],
        },
        wait(9_000),
        rollingBack,
      ],
      { requests: 5, known: 'all' },
    ],
  ] as const satisfies readonly (readonly [string, readonly Chapter[], Harm])[])(
    '%s',
    (_name, chapters, expected) => {
      expect(harmOf(tell(plan, ...chapters).state)).toEqual(expected);
    },
  );
});

it('knows where users are when it is stuck', () => {
  const story = atStep(stepOf.notify, rollingBack, tried(write, 'x', true));
  expect(next(story)).toMatchObject({
    entries: [{ outcome: { sentence: expect.stringContaining('v2.3.0 may still get 100 % of traffic') } }],
  });
  expect(
    next(
      tell(
        plan,
        moved({ kind: 'shadow', champion: v22, challenger: v23, sample: 10 as never }, on('8')),
        rollingBack,
        tried(write, 'x', true),
      ),
    ),
  ).toMatchObject({
    entries: [{ outcome: { sentence: expect.stringContaining('0 % of traffic') } }],
  });
});
