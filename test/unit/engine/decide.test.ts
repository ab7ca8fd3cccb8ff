import { describe, expect, it } from 'vitest';
import type { Effect, EntryBody, RollbackCause } from '../../../src/domain/journal.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Service } from '../../../src/domain/registry.ts';
import { later, percent, type VersionTag } from '../../../src/domain/units.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { decide } from '../../../src/engine/decide.ts';
import type { Decision } from '../../../src/engine/decision.ts';
import { finishRetiring } from '../../../src/engine/decide-shadow.ts';
import { blueGreen } from '../../../src/strategies/blue-green.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { rollback } from '../../../src/strategies/rollback.ts';
import { shadow } from '../../../src/strategies/shadow.ts';
import {
  actor,
  blueGreenSettings,
  canarySettings,
  shadowSettings,
  v22,
  v23,
} from '../../support/model-world.ts';
import {
  aliasIs,
  approve,
  approvedPlan,
  asked,
  atStep,
  began,
  type Chapter,
  did,
  ensure,
  fail,
  fenced,
  home,
  insufficient,
  moved,
  on,
  pass,
  plan,
  publish,
  ready,
  setAlias,
  single,
  smoke,
  split,
  stepDone,
  stepOf,
  stepsTo,
  type Story,
  tell,
  tried,
  wait,
  warmed,
  watchPlan,
  weightedPlan,
} from './story.ts';

const next = ({ state, now }: Story, verdict: Verdict | null = null): Decision => decide(state, verdict, now);
const effect = (wanted: Effect): Decision => ({ kind: 'effect', effect: wanted });
const record = (...entries: readonly EntryBody[]): Decision => ({ kind: 'record', entries });
const goes = (kind: 'step-failed' | 'verdict' | 'held-too-long', sentence: string): EntryBody => ({
  kind: 'rolling-back',
  cause: { kind, sentence },
});
const waits = (ms: number, why: string): Decision => ({ kind: 'wait', until: later(began, ms), why });
const doneWith = (step: number, note: string): Decision => record({ kind: 'step-done', step, note });

describe('before anything else', () => {
  it('the fence is written, wherever the rollout stands', () => {
    const fence = effect(setAlias('fence', home, null));
    expect(next(tell(plan))).toEqual(fence);
    expect(next(atStep(stepOf.bake10, { kind: 'owned', by: actor('cat'), adopt: false }), fail)).toEqual(
      fence,
    );
  });

  it('a rollout that has ended stays so', () => {
    const outcome = { kind: 'succeeded', sentence: 'x' } as const;
    expect(next(tell(plan, { kind: 'ended', outcome }))).toEqual({ kind: 'ended', outcome });
  });

  it('a fence that fails is tried again, later and later, and then the rollout goes back', () => {
    const fence = setAlias('fence', home, null);
    expect(next(tell(plan, tried(fence)))).toEqual(waits(200, 'tries again: no answer'));
    expect(next(tell(plan, tried(fence), tried(fence), tried(fence)))).toEqual(
      waits(800, 'tries again: no answer'),
    );
    expect(next(tell(plan, tried(fence), wait(200)))).toEqual(effect(fence));
    expect(next(tell(plan, ...Array.from({ length: 6 }, () => tried(fence))))).toEqual(
      record(goes('step-failed', 'no answer')),
    );
    expect(next(tell(plan, tried(fence, 'refused', true)))).toEqual(record(goes('step-failed', 'refused')));
  });

  it('a watch that cannot fence takes nothing away: it says that nobody watches', () => {
    const fence = tried(setAlias('fence', home, null), 'denied', true);
    expect(next(tell(watchPlan(), fence))).toMatchObject({
      entries: [
        {
          kind: 'ended',
          outcome: {
            kind: 'stuck',
            sentence: 'v2.3.0 is not watched: denied. It serves on, and nothing was changed',
          },
        },
      ],
    });
  });

  it('an alias that serves what the rollout never wrote stops it, unless that is adopted', () => {
    const foreign = { functionVersion: '7', weights: { 3: 0.5 } };
    const decision = next(
      atStep(stepOf.bake10, { kind: 'owned', by: actor('cat'), adopt: false }, fenced(foreign)),
      fail,
    );
    expect(decision).toMatchObject({ entries: [{ kind: 'ended', outcome: { kind: 'stuck' } }] });
    expect(decision).toMatchObject({
      entries: [
        {
          outcome: {
            mend: ['mlreg rollback --environment local', 'mlreg resume --adopt --environment local'],
          },
        },
      ],
    });
    const adopted = atStep(stepOf.bake10, { kind: 'owned', by: actor('cat'), adopt: true }, fenced(foreign));
    expect(next(adopted)).toMatchObject({ kind: 'wait', why: 'baking' });
  });

  it('a watch has written nothing, so that nothing is foreign to it', () => {
    expect(next(tell(watchPlan(), fenced(on('99'))))).toMatchObject({ kind: 'wait', why: 'baking' });
  });
});

describe('each step', () => {
  const cases: readonly (readonly [string, Story, Decision])[] = [
    ['provision: asks for the endpoint first', tell(plan, fenced()), effect(ensure)],
    [
      'provision: publishes while the endpoint is created',
      tell(plan, fenced(), did(ensure, { kind: 'endpoint', state: 'creating' })),
      effect({ kind: 'publish', route: split(10) }),
    ],
    [
      'provision: publishes each route',
      tell(plan, ...ready.slice(0, 4)),
      effect({ kind: 'publish', route: single(v23) }),
    ],
    [
      'provision, weighted: publishes each version once',
      tell(weightedPlan, ...ready.slice(0, 2), publish(single(v22), '8')),
      effect({ kind: 'publish', route: single(v23) }),
    ],
    [
      'provision: waits for the endpoint',
      tell(plan, ...ready.slice(2), ready[0]!, did(ensure, { kind: 'endpoint', state: 'creating' })),
      waits(1_000, 'new-endpoint is being created'),
    ],
    [
      'provision: asks again',
      tell(
        plan,
        ...ready.slice(2),
        ready[0]!,
        did(ensure, { kind: 'endpoint', state: 'creating' }),
        wait(1_000),
      ),
      effect(ensure),
    ],
    ['provision: done', tell(plan, ...ready), doneWith(0, 'new-endpoint in service')],
    ['provision: looks once more when its time is up', tell(plan, fenced(), wait(60_000)), effect(ensure)],
    [
      'provision: done, also where somebody looked only then',
      tell(plan, ...ready, wait(60_000)),
      doneWith(0, 'new-endpoint in service'),
    ],
    [
      'provision: not for ever',
      tell(plan, fenced(), wait(60_000), did(ensure, { kind: 'endpoint', state: 'creating' })),
      record(
        goes(
          'step-failed',
          'new-endpoint was not in service after 1m; it reaches nobody, and mlreg gc takes it down as soon as AWS lets it',
        ),
      ),
    ],
    ['smoke: asks', atStep(stepOf.smoke), effect(smoke)],
    [
      'smoke: done',
      atStep(stepOf.smoke, did(smoke, { kind: 'smoked', passed: true, requests: 3 })),
      doneWith(1, 'smoke requests passed'),
    ],
    ['warm-up: warms', atStep(stepOf.warm10), effect({ kind: 'warm-up', route: split(10) })],
    [
      'warm-up: what was warm before this step is cold again',
      tell(plan, ...ready, warmed(split(10)), wait(10), ...stepsTo(stepOf.warm10)),
      effect({ kind: 'warm-up', route: split(10) }),
    ],
    ['warm-up: done', atStep(stepOf.warm10, warmed(split(10))), doneWith(2, 'warm')],
    [
      'warm-up of a route that is not published: publishes',
      tell(plan, ...ready.slice(0, 2), ...stepsTo(stepOf.warm10)),
      effect({ kind: 'publish', route: split(10) }),
    ],
    ['route: writes the alias', atStep(stepOf.route10), effect(setAlias('route', on('8'), split(10)))],
    [
      'route, weighted: weights',
      tell(weightedPlan, ...ready, publish(single(v22), '11'), ...stepsTo(stepOf.route10)),
      effect(setAlias('route', { functionVersion: '11', weights: { 10: 0.1 } }, split(10))),
    ],
    [
      'route of a route that is not published: publishes',
      tell(plan, ...ready.slice(0, 2), ...stepsTo(stepOf.route10)),
      effect({ kind: 'publish', route: split(10) }),
    ],
    ['route: done', atStep(stepOf.route10, moved(split(10), on('8'))), doneWith(3, 'v2.3.0 gets 10 %')],
    [
      'route: the right target under another route is not enough',
      atStep(stepOf.route10, moved(split(50), on('8'))),
      effect(setAlias('route', on('8'), split(10))),
    ],
    [
      'route: the right route at another target is not enough',
      atStep(stepOf.route10, moved(split(10), home)),
      effect(setAlias('route', on('8'), split(10))),
    ],
    ['promote: writes the alias', atStep(stepOf.promote), effect(setAlias('promote', on('10'), single(v23)))],
    [
      'promote: done',
      atStep(stepOf.promote, moved(single(v23), on('10'), 'promote')),
      doneWith(9, 'v2.3.0 serves everybody'),
    ],
    [
      'notify: tells',
      atStep(stepOf.notify),
      effect({ kind: 'notify', subject: 'v2.3.0 was promoted in local', body: '' }),
    ],
    [
      'notify: done',
      atStep(stepOf.notify, did({ kind: 'notify', subject: 's', body: '' }, { kind: 'done' })),
      doneWith(11, 'told'),
    ],
    [
      'notify: gives up quietly',
      atStep(
        stepOf.notify,
        ...Array.from({ length: 3 }, () => tried({ kind: 'notify', subject: 's', body: '' })),
      ),
      doneWith(11, 'told'),
    ],
    [
      'notify: a refusal sends nobody back',
      atStep(stepOf.notify, tried({ kind: 'notify', subject: 's', body: '' }, 'denied', true)),
      waits(200, 'tries again: denied'),
    ],
    [
      'after the last: succeeded',
      atStep(stepOf.notify, stepDone(stepOf.notify)),
      record({ kind: 'ended', outcome: { kind: 'succeeded', sentence: 'v2.3.0 serves 100 %' } }),
    ],
  ];
  it.each(cases)('%s', (_name, story, expected) => {
    expect(next(story)).toEqual(expected);
  });

  it('commit: the registry says in the same write what the alias was seen to do', () => {
    const story = atStep(stepOf.commit);
    expect(next(story)).toEqual({
      kind: 'record',
      entries: [
        { kind: 'labelled', as: 'promoted' },
        { kind: 'step-done', step: 10, note: 'v2.3.0 is champion' },
      ],
      changes: [
        {
          version: v23,
          set: {
            status: 'champion',
            statusAt: story.now,
            statusReason: 'promoted by canary',
            rollout: 'r-1',
            functionVersion: '10',
            services: [
              {
                functionVersion: '10',
                endpoint: 'new-endpoint',
                routing: 'sticky',
                codeSha256: 'code',
                since: story.now,
                rollout: 'r-1',
              },
            ],
          },
        },
        {
          version: v22,
          set: {
            status: 'archived',
            statusAt: story.now,
            statusReason: 'followed by v2.3.0',
            rollout: 'r-1',
            retireAfter: later(story.now, 3_600_000),
          },
        },
      ],
    });
  });

  it('approve: waits for as many as are needed, and not for ever', () => {
    const asks = (missing: string): string =>
      `waits for ${missing}: mlreg approve r-1 --environment local --plan-hash c0ffee00c0ff`;
    const held: EntryBody = { kind: 'held', why: asks('2 approvals') };
    const once = [fenced(), held, asked(approve)];
    expect(next(tell(approvedPlan, fenced()))).toEqual(record(held));
    expect(next(tell(approvedPlan, fenced(), held))).toEqual(waits(1_000, asks('2 approvals')));
    expect(next(tell(approvedPlan, ...once))).toEqual(waits(1_000, asks('1 approval')));
    expect(next(tell(approvedPlan, ...once, asked(approve, 'cat')))).toEqual(
      doneWith(0, 'approved by bob, cat'),
    );
    expect(next(tell(approvedPlan, ...once, wait(60_000)))).toEqual(
      record(goes('held-too-long', 'not approved within 1m')),
    );
    // The first has expired by the time the second comes.
    expect(next(tell(approvedPlan, ...once, wait(60_000), asked(approve, 'cat')))).toEqual(
      record(goes('held-too-long', 'not approved within 1m')),
    );
  });

  it('credentials that AWS accepts no more are no failed gate, and no failed step', () => {
    const signedOut = { kind: 'unreadable', why: 'expired', denied: true, credentials: true } as const;
    const blind = atStep(stepOf.bake10, signedOut, wait(20_000));
    const cause = (decision: Decision): unknown =>
      decision.kind === 'record'
        ? decision.entries.map((entry) => 'cause' in entry && entry.cause)
        : decision;
    expect(cause(next(blind))).toEqual([
      { kind: 'credentials', sentence: 'metrics could not be read for 20s (denied: expired)' },
    ]);
    const failed = { kind: 'failed', intent: 1, error: 'expired', final: false, credentials: true } as const;
    const tries = Array.from(
      { length: 6 },
      () => [{ kind: 'intent', effect: ensure }, failed] as const,
    ).flat();
    expect(cause(next(tell(plan, fenced(), ...tries)))).toEqual([
      { kind: 'credentials', sentence: 'expired' },
    ]);
  });

  it('approve: while it waits a failed verdict still leads back, and a rejection', () => {
    const midway: Plan = {
      ...plan,
      steps: plan.steps.map((step, index) =>
        index === stepOf.warm50 ? { kind: 'approve', needed: 1, timeoutMs: 60_000 } : step,
      ),
    };
    const waiting = [...ready, ...stepsTo(stepOf.warm50), moved(split(10), on('8'))];
    const story = tell(midway, ...waiting);
    expect(decide(story.state, fail, story.now)).toMatchObject({
      entries: [{ kind: 'verdict' }, { kind: 'rolling-back', cause: { kind: 'verdict' } }],
    });
    const rejected: RollbackCause = { kind: 'abort', by: 'cat', sentence: 'rejected by cat' };
    expect(next(tell(midway, ...waiting, asked({ kind: 'reject' }, 'cat')))).toEqual(
      record({ kind: 'rolling-back', cause: rejected }),
    );
  });

  it('a shadow routes copies, and ends without a promotion', () => {
    const copied = shadow(shadowSettings({ bakeMs: 1, extendMs: 0 }));
    const back = copied.steps.findIndex((step) => step.kind === 'route' && step.route.kind === 'single');
    const story = tell(copied, fenced(), ...stepsTo(back), moved(single(v22), home));
    expect(next(story)).toEqual(doneWith(back, 'single v2.2.0'));
    const all = copied.steps.length;
    expect(next(tell(copied, fenced(), ...stepsTo(all)))).toMatchObject({
      entries: [{ outcome: { sentence: 'v2.3.0 passed in shadow: no answers were compared' } }],
    });
  });

  it('a shadow takes down the endpoint of what never served, and leaves what has served to gc', () => {
    const copied = shadow(shadowSettings());
    const step = copied.steps.findIndex(({ kind }) => kind === 'retire');
    const story = tell(copied, fenced(), ...stepsTo(step));
    const endpoint = story.state.endpoints[v23]?.name;
    const retires = {
      entries: [{ kind: 'labelled', as: 'retired' }],
      changes: [{ version: v23, set: { tombstone: { endpoint } } }],
    };
    const since = (version: VersionTag, ...served: readonly Service[]): Story => ({
      ...story,
      state: { ...story.state, services: { [version]: served } },
    });
    const service: Service = { functionVersion: '5', endpoint: endpoint ?? '', since: began };
    expect(next(story)).toMatchObject(retires);
    expect(next(since(v23))).toMatchObject(retires);
    expect(next(since(v22, service))).toMatchObject(retires);
    expect(next(since(v23, service))).toEqual(
      doneWith(step, `${endpoint} is left to mlreg gc: v2.3.0 has served everybody before`),
    );
    // Two names of the same letters, one artifact: what would be taken down is what serves everybody.
    const one = { name: endpoint ?? '', generation: 1 };
    const shared = { ...story, state: { ...story.state, endpoints: { [v22]: one, [v23]: one } } };
    const left = doneWith(step, `${endpoint} is left to mlreg gc: it is the endpoint of v2.2.0, too`);
    expect(next(shared)).toEqual(left);
    expect(next({ ...shared, state: { ...shared.state, retiring: 'buried' } })).toEqual(left);
    expect(finishRetiring({ ...story.state, retiring: 'buried' }, story.now)).not.toBeNull();
    expect(finishRetiring({ ...shared.state, retiring: 'buried' }, story.now)).toBeNull();
  });

  it('a stage is swapped once the challenger was seen on green, and back once it was seen on blue', () => {
    const green = blueGreen(blueGreenSettings());
    const [there = 0, back = 0] = green.steps.flatMap((step, index) =>
      step.kind === 'swap-stage' ? [index] : [],
    );
    const swap = (to: string, deployment: 'new' | 'keep') =>
      ({ kind: 'swap-stage', to, deployment }) as const;
    const alone = on('9');
    const before = [fenced(), publish(single(v23), '9'), ...stepsTo(there - 1)];
    expect(next(tell(green, ...before))).toMatchObject({
      effect: { kind: 'set-alias', purpose: 'route', alias: 'green', target: alone },
    });
    const onGreen = did({ ...setAlias('route', alone, single(v23)), alias: 'green' }, aliasIs(alone));
    const ready = [...before, onGreen, ...stepsTo(there).slice(there - 1)];
    expect(next(tell(green, ...ready))).toMatchObject({ effect: swap('green', 'new') });
    const swapped = {
      kind: 'did',
      effect: swap('green', 'new'),
      outcome: { kind: 'stage', alias: 'green' },
    } as const;
    expect(next(tell(green, ...ready, swapped))).toEqual(doneWith(there, 'the stage names green'));
    expect(tell(green, ...ready, swapped).state).toMatchObject({ serving: 'green', route: single(v23) });
    const late = [...ready, swapped, ...stepsTo(back).slice(there)];
    expect(next(tell(green, ...late))).toMatchObject({ effect: swap('live', 'keep') });
  });

  it('a new owner fences every alias that was ever meant to be written, before anything else', () => {
    const green = blueGreen(blueGreenSettings());
    const meant = {
      kind: 'intent',
      effect: { ...setAlias('route', on('9'), single(v23)), alias: 'green' },
    } as const;
    const taken = { kind: 'owned', by: actor('bob'), adopt: false } as const;
    const story = tell(green, fenced(), publish(single(v23), '9'), meant, taken);
    expect(next(story)).toMatchObject({ effect: { purpose: 'fence', alias: 'live' } });
    const one = tell(green, fenced(), publish(single(v23), '9'), meant, taken, fenced());
    expect(next(one)).toMatchObject({ effect: { purpose: 'fence', alias: 'green' } });
  });

  it('what is left to tidy after the commit is given up, and takes no champion away', () => {
    const plan = canary(canarySettings({ green: 'green' }));
    const tail = plan.steps.findIndex((step) => step.kind === 'route' && step.alias === 'green');
    const before = [
      fenced(),
      publish(single(v23), '9'),
      ...stepsTo(tail),
      { kind: 'labelled', as: 'promoted' } as const,
    ];
    const effect = { ...setAlias('route', on('9'), single(v23)), alias: 'green' };
    const failed = { kind: 'tried', effect, error: 'no alias green', final: false } as const;
    expect(next(tell(plan, ...before))).toEqual({ kind: 'effect', effect });
    const given = Array.from({ length: plan.maxTries }, () => [failed, wait(20_000)]).flat();
    expect(next(tell(plan, ...before, ...given))).toEqual(doneWith(tail, 'left undone: no alias green'));
  });

  describe('a rollback', () => {
    const settings = canarySettings({ champion: v23, challenger: v22 });
    const returnsTo = { functionVersion: '5', routing: 'weighted', codeSha256: 'older' } as const;
    const inService = { kind: 'endpoint', state: 'in-service' } as const;
    const kinds = (plan: Plan) => plan.steps.map(({ kind }) => kind);

    it('returns to a recorded Lambda version by one write, and publishes nothing', () => {
      const back = rollback({ ...settings, returnsTo });
      expect(kinds(back)).toEqual(['promote', 'commit', 'notify']);
      expect(next(tell(back, fenced()))).toEqual({
        kind: 'effect',
        effect: setAlias('promote', on('5'), single(v22)),
      });
    });

    it('records that version as it was published, and not as this rollout would publish it', () => {
      const back = rollback({ ...settings, returnsTo });
      const story = tell(back, fenced(), moved(single(v22), on('5'), 'promote'), stepDone(0));
      expect(next(story)).toMatchObject({
        changes: [{ version: v22, set: { functionVersion: '5', services: [returnsTo] } }, { version: v23 }],
      });
    });

    it('sends its smoke requests through that version where users were taken away from it', () => {
      const back = rollback({ ...settings, returnsTo, smokeFirst: true });
      expect(kinds(back)).toEqual(['smoke', 'promote', 'commit', 'notify']);
      const effect = { kind: 'smoke', version: v22, through: '5' };
      expect(next(tell(back, fenced()))).toEqual({ kind: 'effect', effect });
    });

    it('creates a lost endpoint again, and keeps the Lambda version that invokes it', () => {
      const back = rollback({ ...settings, returnsTo, builds: 'its endpoint is gone' });
      expect(kinds(back)).toEqual(['provision', 'smoke', 'warm-up', 'promote', 'commit', 'notify']);
      expect(next(tell(back, fenced()))).toMatchObject({ effect: { kind: 'ensure-endpoint', version: v22 } });
      const found = tell(back, fenced(), did(ensure, inService));
      expect(next(found)).toMatchObject({ kind: 'record', entries: [{ kind: 'step-done', step: 0 }] });
    });

    it('publishes, tests and warms where no Lambda version is recorded', () => {
      const back = rollback(settings);
      expect(kinds(back)).toEqual(['provision', 'smoke', 'warm-up', 'promote', 'commit', 'notify']);
      expect(next(tell(back, fenced(), did(ensure, inService)))).toMatchObject({
        effect: { kind: 'publish' },
      });
      const built = tell(back, fenced(), did(ensure, inService), publish(single(v22), '9'), stepDone(0));
      expect(next(built)).toEqual({ kind: 'effect', effect: { kind: 'smoke', version: v22, through: '9' } });
    });
  });

  it('is refused where the plan holds what nobody knows', () => {
    const odd = canary(canarySettings());
    const story = tell({ ...odd, steps: [{ kind: 'sing' } as never] }, fenced());
    expect(() => next(story)).toThrow('unreachable');
    const nowhere = tell(
      { ...odd, steps: [{ ...(odd.steps[0] as object), version: 'v9' } as never] },
      fenced(),
    );
    expect(() => next(nowhere)).toThrow('no endpoint name for v9');
  });
});

describe('danger goes before the step', () => {
  const dangers: readonly (readonly [string, readonly Chapter[], Verdict | null, readonly EntryBody[]])[] = [
    [
      'a failed verdict',
      [],
      fail,
      [
        { kind: 'verdict', verdict: fail, action: 'roll back' },
        goes('verdict', 'challenger 30 % errors, limit 5 %'),
      ],
    ],
    [
      'a rejection',
      [asked({ kind: 'reject' })],
      null,
      [{ kind: 'rolling-back', cause: { kind: 'abort', by: 'bob', sentence: 'rejected by bob' } }],
    ],
    [
      'blindness for as long as is allowed',
      [{ kind: 'unreadable', why: 'no answer', denied: false }, wait(20_000)],
      null,
      [goes('verdict', 'metrics could not be read for 20s (no answer)')],
    ],
    [
      'denial for as long as is allowed, and it is called so',
      [{ kind: 'unreadable', why: 'not allowed', denied: true }, wait(20_000)],
      null,
      [goes('verdict', 'metrics could not be read for 20s (denied: not allowed)')],
    ],
    [
      'a hold for as long as is allowed',
      [{ kind: 'held', why: 'too few requests' }, wait(60_000)],
      insufficient,
      [goes('held-too-long', 'held for 1m without an answer: too few requests')],
    ],
    [
      'a pause for as long as is allowed',
      [asked({ kind: 'pause' }), wait(60_000)],
      null,
      [goes('held-too-long', 'paused for 1m, nobody resumed it')],
    ],
    [
      'a final failure',
      [tried(smoke, 'smoke request failed', true)],
      null,
      [goes('step-failed', 'smoke request failed')],
    ],
    [
      'as many failures as are allowed',
      Array.from({ length: 6 }, () => tried(ensure)),
      null,
      [goes('step-failed', 'no answer')],
    ],
  ];
  const places: readonly (readonly [string, readonly Chapter[]])[] = [
    ['at work', []],
    ['paused', [asked({ kind: 'pause' })]],
    ['held', [{ kind: 'held', why: 'too few requests' }]],
    ['told to promote', [asked({ kind: 'promote', full: true })]],
  ];
  for (const [where, before] of places) {
    // Held and paused at once, the hold is over first.
    const those = dangers.filter(([name]) => where !== 'held' || !name.startsWith('a pause'));
    it.each(those)(`${where}: %s`, (_name, chapters, verdict, expected) => {
      expect(next(atStep(stepOf.bake10, ...before, ...chapters), verdict)).toEqual(record(...expected));
    });
  }

  describe('a night in which nobody calls', () => {
    const held = atStep(stepOf.bake10, { kind: 'held', why: 'too few requests' }, wait(120_000));
    const { state, now } = held;
    const heldSince = later(now, -120_000);
    /** Ticks of 10 s that end at these seconds after the hold began; the last ones in silence. */
    const seen = (ends: number, quietFrom: number, quiet: { readonly quiet?: true } = { quiet: true }) => {
      const count = { requests: 0, errors: 0, throttles: 0 };
      const observations = Array.from({ length: ends / 10 }, (_, i): Observation => {
        const at = later(heldSince, (i + 1) * 10_000);
        const isQuiet = (i + 1) * 10 > quietFrom;
        const arm = isQuiet ? count : { ...count, requests: 100 };
        const tick = { at, tickMs: 10_000, plannedPercent: 10, champion: arm, challenger: arm };
        return isQuiet ? { ...tick, ...quiet } : tick;
      });
      const lastObservedAt = observations.at(-1)?.at ?? null;
      return { ...held, state: { ...state, observations, lastObservedAt } };
    };
    const tooLong = record(goes('held-too-long', 'held for 1m without an answer: too few requests'));

    it('is no time of a hold: the rollout holds on, and says why', () => {
      expect(next(seen(120, 0), insufficient)).toMatchObject({
        kind: 'wait',
        why: expect.stringContaining('nobody calls either version') as string,
      });
      // 50 s with requests, and a silence whose last ticks are not final yet.
      expect(next(seen(80, 50), insufficient)).toMatchObject({ kind: 'wait' });
    });

    it.each([
      ['60 s had requests', seen(120, 60)],
      ['no test request showed', seen(120, 0, {})],
      ['there are requests again, and no metrics of them', seen(60, 60)],
    ])('rolls back at maxHold where %s', (_when, story) => {
      expect(next(story, insufficient)).toEqual(tooLong);
    });
  });

  it('none of them once the registry has the new champion: only a person goes back then', () => {
    const committed = { kind: 'labelled', as: 'promoted' } as const;
    const told = effect({ kind: 'notify', subject: 'v2.3.0 was promoted in local', body: '' });
    for (const [, chapters, verdict] of dangers) {
      expect(next(atStep(stepOf.notify, committed, ...chapters), verdict)).toEqual(told);
    }
    expect(next(atStep(stepOf.notify, committed, asked({ kind: 'pause' })))).toEqual(told);
  });

  it('none of them a moment too early', () => {
    const early = [
      atStep(stepOf.bake10, { kind: 'unreadable', why: 'x', denied: false }, wait(19_999)),
      atStep(stepOf.bake10, { kind: 'held', why: 'x' }, wait(59_999)),
      atStep(stepOf.bake10, asked({ kind: 'pause' }), wait(59_999)),
      atStep(stepOf.bake10, ...Array.from({ length: 5 }, () => tried(ensure))),
    ];
    for (const story of early) expect(next(story, insufficient).kind).not.toBe('effect');
    for (const story of early)
      expect(next(story, insufficient)).not.toMatchObject({ entries: [{ kind: 'rolling-back' }] });
  });
});

describe('a pause', () => {
  it('is said once, and nothing advances', () => {
    const paused = [asked({ kind: 'pause' }), wait(500)] as const;
    expect(next(atStep(stepOf.route10, ...paused))).toEqual(waits(1_500, 'paused; go on with: mlreg resume'));
    expect(next(atStep(stepOf.bake10, ...paused, wait(20_000)), pass)).toEqual(
      waits(21_500, 'paused; go on with: mlreg resume'),
    );
  });

  it('still lets a person move the share', () => {
    const traffic = asked({ kind: 'traffic', percent: percent(30) });
    const story = atStep(stepOf.bake10, asked({ kind: 'pause' }), traffic, publish(split(30), '11'), wait(1));
    expect(next(story)).toEqual(effect({ kind: 'warm-up', route: split(30) }));
  });
});

describe('a share that a person moved up', () => {
  const up = (share: number, ...chapters: readonly Chapter[]): Story =>
    tell(
      canary(canarySettings({ steps: [percent(10), percent(20), percent(50)] })),
      ...ready,
      ...stepsTo(stepOf.bake10),
      asked({ kind: 'traffic', percent: percent(share) }),
      ...chapters,
    );
  it('makes the steps that lead there needless', () => {
    const past = [stepDone(4)];
    expect(next(up(30, ...past))).toEqual(doneWith(5, 'already at 30 %'));
    expect(next(up(30, ...past, stepDone(5)))).toEqual(doneWith(6, 'already at 30 %'));
    expect(next(up(30, ...past, stepDone(5), stepDone(6)))).toEqual(doneWith(7, 'already at 30 %'));
    expect(next(up(30, ...past, stepDone(5), stepDone(6), stepDone(7)))).toEqual(
      effect({ kind: 'warm-up', route: split(50) }),
    );
  });
  it('never makes the last bake needless', () => {
    const story = up(50, ...stepsTo(10).slice(4), moved(split(50), on('9')));
    expect(next(story, pass)).toMatchObject({ kind: 'wait', why: 'baking' });
    expect(next(up(50, ...stepsTo(8).slice(4)))).toEqual(effect({ kind: 'warm-up', route: split(50) }));
  });
  it('changes nothing of what comes after the last share', () => {
    expect(next(up(50, ...stepsTo(11).slice(4)))).toEqual(effect({ kind: 'warm-up', route: single(v23) }));
  });
});
