import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import { instant, later } from '../../../src/domain/units.ts';
import type { Finding, Verdict } from '../../../src/domain/verdict.ts';
import { createViewer, viewOf } from '../../../src/view/view.ts';
import { eachState } from '../../../src/view/each-state.ts';
import { foldEvents, timesText } from '../../../src/view/fold-events.ts';
import { eventOf } from '../../../src/view/progress.ts';
import { wordOf } from '../../../src/view/metric-word.ts';
import {
  asked,
  approvedPlan,
  atStep,
  began,
  fail,
  fenced,
  finding,
  insufficient,
  observation,
  on,
  pass,
  plan,
  rollingBack,
  setAlias,
  split,
  stepOf,
  type Story,
  tell,
  tried,
  wait,
} from '../engine/story.ts';

const seen = (...ticks: readonly Observation[]) => ({ kind: 'observed', observations: ticks }) as const;
const look = ({ state, entries, now }: Story) => viewOf(state, entries, now);

const failedVerdict = { kind: 'verdict', verdict: fail, action: 'roll back' } as const;
const stuckOutcome = {
  kind: 'ended',
  outcome: {
    kind: 'stuck',
    sentence: 'the alias live could not be pointed at v2.2.0',
    mend: ['mlreg rollback'],
  },
} as const;
const stuck = atStep(
  stepOf.bake50,
  seen(observation(6)),
  failedVerdict,
  rollingBack,
  wait(5_000),
  stuckOutcome,
);

describe('state, since when, until when, and what happens then', () => {
  it.each<[string, Story, string]>([
    [
      'preparing',
      tell(plan, fenced(), wait(2_000)),
      'v2.3.0 is being prepared since 15:06:40Z (2s): provision v2.3.0; 58s left (15:07:40Z), then it rolls back',
    ],
    [
      'baking',
      atStep(stepOf.bake10, wait(4_000)),
      'v2.3.0 is baking at 10 % since 15:06:40Z (4s); 7s left (15:06:51Z), then v2.3.0 gets 50 %',
    ],
    [
      'baking',
      atStep(stepOf.bake50, wait(4_000)),
      'v2.3.0 is baking at 50 % since 15:06:40Z (4s); 7s left (15:06:51Z), then v2.3.0 is promoted',
    ],
    [
      'paused',
      atStep(stepOf.bake10, asked({ kind: 'pause' }, 'bob', true, { reason: 'lunch' }), wait(3_000)),
      'v2.3.0 is paused at 10 % since 15:06:40Z (3s) by bob: lunch; 57s left (15:07:40Z), then it rolls back',
    ],
    [
      'held',
      atStep(stepOf.bake10, { kind: 'held', why: 'too few requests' }, wait(3_000)),
      'v2.3.0 is held at 10 % since 15:06:40Z (3s): too few requests; 57s left (15:07:40Z), then it rolls back',
    ],
    [
      'waiting-for-approval',
      tell(approvedPlan, fenced(), wait(1_000)),
      'v2.3.0 waits for approval since 15:06:40Z (1s); 59s left (15:07:40Z), then it rolls back',
    ],
    [
      'metrics-unreadable',
      atStep(stepOf.bake10, { kind: 'unreadable', why: 'no answer', denied: false }, wait(2_000)),
      "the metrics of v2.3.0 at 10 % can't be read since 15:06:40Z (2s): no answer; 18s left (15:07:00Z), then it rolls back",
    ],
    [
      'rolling-back',
      atStep(stepOf.bake10, rollingBack, wait(1_000)),
      'v2.3.0 is being rolled back since 15:06:40Z (1s): aborted by bob; it still gets 10 % as last read back',
    ],
    [
      'stuck',
      stuck,
      'STUCK since 15:06:45Z, a person must act: the alias live could not be pointed at v2.2.0',
    ],
  ])('%s', (kind, story, headline) => {
    const view = look(story);
    expect([view.condition.kind, view.headline]).toEqual([kind, headline]);
  });

  it('says which limit comes first where a paused rollout is blind', () => {
    const story = atStep(
      stepOf.bake10,
      asked({ kind: 'pause' }),
      { kind: 'unreadable', why: 'no answer', denied: false },
      wait(1_000),
    );
    expect(look(story).condition.kind).toBe('metrics-unreadable');
  });
});

describe('a stuck rollout', () => {
  it('is neither rolled back nor promoted, and leads to one set of commands', () => {
    const { condition, next, steps, shares } = look(stuck);
    expect([condition.kind, next]).toEqual(['stuck', ['mlreg rollback']]);
    expect(steps[stepOf.bake50]).toMatchObject({ mark: 'aborted' });
    expect(shares.versions.map(({ readBack }) => readBack)).toEqual([50, 50]);
  });
});

describe('steps', () => {
  it.each<[string, Story, string, string]>([
    [
      'failed',
      atStep(
        stepOf.bake10,
        wait(2_000),
        { kind: 'rolling-back', cause: { kind: 'verdict', sentence: '30 % errors' } },
        wait(9_000),
      ),
      'failed: 30 % errors',
      'not reached',
    ],
    [
      'aborted',
      atStep(stepOf.bake10, wait(2_000), rollingBack, wait(9_000)),
      'aborted: aborted by bob',
      'not reached',
    ],
    ['now', atStep(stepOf.bake10, wait(2_000)), 'baking', ''],
  ])('are marked %s', (mark, story, note, after) => {
    const { steps } = look(story);
    expect(steps[stepOf.bake10]).toMatchObject({ mark, note, tookMs: 2_000 });
    expect(steps[stepOf.promote]?.note).toBe(after);
  });
});

describe('one word of four', () => {
  const over: Finding = { ...finding, evidence: 40 };
  const under: Finding = { ...finding, challenger: 0.001, evidence: 0.2 };
  const against: Finding = { ...finding, rule: 'errors against champion', limit: null };
  const judged = { findings: [], harmedRequests: 0, challengerRequests: 100 };
  const failing: Verdict = { ...judged, kind: 'fail', reason: against };
  const early: Verdict = { ...judged, kind: 'insufficient', why: 'few', needRequests: 10 };
  it.each<[string, Finding, Verdict | null, string]>([
    ['the rule that rolls back', against, failing, 'decided'],
    [
      'its planned look',
      { ...against, rule: 'errors against champion', evidence: 1 },
      { ...judged, kind: 'fail', reason: { ...against, rule: 'errors against champion, planned look' } },
      'decided',
    ],
    ['30 % against a limit of 5 % beside it', over, failing, 'over the limit, not yet proven'],
    ['30 % against a limit of 5 % while it runs', over, early, 'over the limit, not yet proven'],
    [
      'a comparison that is higher by chance',
      { ...against, champion: 0.001, challenger: 0.002, evidence: 0.3 },
      pass,
      'within',
    ],
    ['few requests below a limit', { ...under, challenger: 0, challengerRequests: 12 }, early, 'too early'],
    ['many requests below a limit', { ...under, challengerRequests: 3_000 }, early, 'within'],
    ['no requests', { ...under, challengerRequests: 0 }, pass, 'too early'],
    [
      'slower than every bucket',
      { ...against, metric: 'latency', unit: 'ms', challenger: null, evidence: 50 },
      early,
      'over the limit, not yet proven',
    ],
  ])('%s', (_name, one, verdict, word) => {
    expect(wordOf(one, verdict, plan.policy)).toBe(word);
  });

  it('calls nothing good that failed', () => {
    const story = atStep(stepOf.bake10, seen(observation(6)), failedVerdict, rollingBack);
    const words = look(story).metrics.map(({ word }) => word);
    expect([words[0], words.includes('within')]).toEqual(['decided', false]);
  });
});

describe('what users got', () => {
  const le = [10, 20, 40, 80];
  const arm = (requests: number, errors: number, bucket: number): ArmTick => ({
    requests,
    errors,
    throttles: 0,
    latency: { le, count: le.map((_, i) => (i === bucket ? requests : 0)).concat(0) },
  });
  const tick = (champion: ArmTick, challenger: ArmTick): Observation => ({
    ...observation(0),
    champion,
    challenger,
  });
  it.each<[string, Observation, string]>([
    [
      'a healthy version under load',
      tick(arm(6_000, 600, 0), arm(6_000, 600, 0)),
      "600 of 6,000 requests failed (the champion's rate would give 600)",
    ],
    [
      'one that is ten times slower',
      tick(arm(100, 0, 0), arm(17, 0, 3)),
      "0 of 17 requests failed (the champion's rate would give 0); 17 of 17 slower than the champion's p95",
    ],
  ])('of %s', (_name, one, text) => {
    expect(look(atStep(stepOf.bake10, seen(one))).failed).toBe(text);
  });

  it('is not known where nothing was read', () => {
    expect(look(atStep(stepOf.bake10, rollingBack)).failed).toBe('not known: metrics of v2.3.0 were missing');
  });
});

it('folds the same retry, whatever its request id, and the words between two retries', () => {
  const retries = Array.from({ length: 184 }, (_, i) => [
    tried(
      setAlias('roll-back', on('7'), null),
      `throttled (request ${'0'.repeat(8)}-1234-1234-1234-${String(i).padStart(12, '0')})`,
    ),
    wait(1_000),
  ]).flat();
  const { events } = look(atStep(stepOf.bake10, rollingBack, ...retries));
  const last = events.at(-1)!;
  expect([events.filter(({ type }) => type === 'effect.failed').length, last.times]).toEqual([1, 184]);
  expect(timesText(last)).toBe(' (x184, last 15:09:43Z)');
});

it('does not fold what happened again after something else', () => {
  const { entries, state } = atStep(
    stepOf.bake10,
    { kind: 'held', why: 'x' },
    { kind: 'held', why: 'x', over: true },
    { kind: 'held', why: 'x' },
  );
  const events = entries
    .flatMap((entry) => eventOf(entry, state) ?? [])
    .filter(({ type }) => type.startsWith('hold'));
  expect(foldEvents(events).map(({ times }) => times)).toEqual([1, 1, 1]);
});

it('tells each step with the time that it took, not with the last one’s', () => {
  const { entries, state } = tell(
    plan,
    fenced(),
    wait(1_000),
    { kind: 'step-done', step: 0, note: 'done' },
    wait(7_000),
    { kind: 'step-done', step: 1, note: 'done' },
  );
  const texts = [...eachState(state.id, entries)].flatMap(([entry, after]) =>
    entry.kind === 'step-done' ? (eventOf(entry, after)?.text ?? []) : [],
  );
  expect(texts).toEqual(['provision v2.3.0: done (1s)', 'smoke test v2.3.0: done (7s)']);
});

it('says what the alias was read back to serve, and what the requests show', () => {
  const story = atStep(stepOf.bake10, wait(1_000), seen(observation(0)));
  expect(look(story).shares).toMatchObject({
    readAt: began,
    versions: [
      { version: 'v2.3.0', planned: 10, readBack: 10, seen: 10 },
      { version: 'v2.2.0', planned: 90, readBack: 90, seen: 90 },
    ],
  });
});

it('is the same whether looked at once or after each entry', () => {
  const ticks = Array.from({ length: 30 }, (_, i) => seen(observation(i % 3, later(began, 1_000 * (i + 1)))));
  const story = atStep(stepOf.bake10, wait(40_000), ...ticks);
  const viewer = createViewer();
  for (const [entry, after] of eachState(story.state.id, story.entries)) viewer.push(entry, after);
  let partial = story.state;
  for (const length of [1, 7, 8, 30]) {
    partial = { ...story.state, observations: story.state.observations.slice(0, length) };
    viewer.view(partial, story.now);
  }
  expect(viewer.view(story.state, story.now)).toEqual(look(story));
});

it('costs what is new: a view of 10,000 ticks after one more takes no longer than a frame may', () => {
  const ticks = Array.from({ length: 10_000 }, (_, i) => observation(0, instant(began + 1_000 * (i + 1))));
  const { state } = atStep(stepOf.bake10);
  const viewer = createViewer();
  const full = { ...state, observations: ticks };
  viewer.view(full, instant(began + 10_000_000));
  const more = { ...state, observations: [...ticks, observation(0, instant(began + 10_001_000))] };
  const from = process.cpuUsage();
  viewer.view(more, instant(began + 10_001_000));
  const { user } = process.cpuUsage(from);
  // 5 ms on an idle machine; judged anew it would be hundreds.
  expect(user / 1_000).toBeLessThan(50);
});

it('has a verdict and no proof in an early bake', () => {
  const story = atStep(stepOf.bake10, seen(observation(0)), {
    kind: 'verdict',
    verdict: insufficient,
    action: 'wait',
  });
  expect(look(story).verdict?.kind).toBe('insufficient');
  expect(split(10).kind).toBe('split');
});
