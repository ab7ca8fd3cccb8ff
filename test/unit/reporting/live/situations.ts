import type { Observation } from '../../../../src/domain/observation.ts';
import { instant } from '../../../../src/domain/units.ts';
import { type RolloutView, viewOf } from '../../../../src/view/view.ts';
import {
  approvedPlan,
  asked,
  atStep,
  began,
  fail,
  fenced,
  moved,
  on,
  pass,
  plan,
  rollingBack,
  setAlias,
  single,
  stepOf,
  type Story,
  tell,
  tried,
  wait,
} from '../../engine/story.ts';

const le = [20, 40, 80, 160, 320];
const times = (requests: number, of: readonly number[]) => ({
  le,
  count: of.map((share) => share * requests).concat(0),
});

/** A second of 200 requests, `errors` of the challenger's 20 failed. */
const tick = (n: number, errors: number): Observation => ({
  at: instant(began + n * 1_000),
  tickMs: 1_000,
  plannedPercent: 10,
  champion: {
    requests: 180,
    errors: 0,
    throttles: 0,
    latency: times(180, [0.1, 0.5, 0.3, 0.1, 0]),
    meanLatencyMs: 42,
  },
  challenger: {
    requests: 20,
    errors,
    throttles: 0,
    latency: times(20, [0.1, 0.5, 0.3, 0.1, 0]),
    meanLatencyMs: 47,
  },
});
const ticks = (errors: number, count = 6) =>
  ({ kind: 'observed', observations: Array.from({ length: count }, (_, i) => tick(i + 1, errors)) }) as const;
const bake = (...more: Parameters<typeof atStep> extends [number, ...infer Rest] ? Rest : never): Story =>
  atStep(stepOf.bake10, wait(6_000), ticks(0), ...more);
const promoted = [moved(single(plan.challenger), on('10'), 'promote')] as const;

const stories: readonly (readonly [string, Story])[] = [
  ['preparing', tell(plan, fenced(), wait(2_000))],
  ['baking', bake()],
  ['over a limit', atStep(stepOf.bake10, wait(2_000), ticks(3, 2))],
  ['paused', bake(asked({ kind: 'pause' }, 'bob', true, { reason: 'lunch' }), wait(4_000))],
  ['held', bake({ kind: 'held', why: 'both versions breach: error rate > 5 %' }, wait(4_000))],
  ['waiting for approval', tell(approvedPlan, fenced(), wait(4_000))],
  [
    'metrics unreadable',
    bake({ kind: 'unreadable', why: 'GetMetricData did not answer', denied: false }, wait(3_000)),
  ],
  [
    'rolling back',
    atStep(
      stepOf.bake10,
      wait(6_000),
      ticks(6),
      { kind: 'verdict', verdict: fail, action: 'roll back' },
      { kind: 'rolling-back', cause: { kind: 'verdict', sentence: '36 of 120 challenger requests failed' } },
      ...Array.from({ length: 5 }, () => [
        tried(setAlias('roll-back', on('7'), null), 'throttled'),
        wait(1_000),
      ]).flat(),
    ),
  ],
  [
    'rolled back',
    atStep(
      stepOf.bake10,
      wait(6_000),
      ticks(6),
      { kind: 'verdict', verdict: fail, action: 'roll back' },
      { kind: 'rolling-back', cause: { kind: 'verdict', sentence: '36 of 120 challenger requests failed' } },
      moved(single(plan.champion!), on('7'), 'roll-back'),
      wait(1_000),
      {
        kind: 'ended',
        outcome: {
          kind: 'rolled-back',
          cause: { kind: 'verdict', sentence: '36 of 120 challenger requests failed' },
          harmedRequests: 36,
        },
      },
    ),
  ],
  [
    'promoted',
    atStep(
      stepOf.promote,
      wait(6_000),
      ticks(0),
      { kind: 'verdict', verdict: pass, action: 'advance' },
      ...promoted,
      { kind: 'step-done', step: stepOf.promote, note: 'done' },
      { kind: 'labelled', as: 'promoted' },
      { kind: 'ended', outcome: { kind: 'succeeded', sentence: 'v2.3.0 serves 100 %' } },
    ),
  ],
  [
    'stuck',
    atStep(stepOf.bake50, wait(6_000), ticks(6), rollingBack, wait(3_000), {
      kind: 'ended',
      outcome: {
        kind: 'stuck',
        sentence:
          'the alias live could not be pointed at v2.2.0: AccessDenied. v2.3.0 may still get 50 % of traffic',
        mend: ['mlreg rollback --environment local', 'mlreg doctor --environment local'],
      },
    }),
  ],
];

/** Each condition that a rollout can be in. */
export const situations: readonly (readonly [string, () => RolloutView])[] = stories.map(
  ([name, { state, entries, now }]) => [name, () => viewOf(state, entries, now)],
);
