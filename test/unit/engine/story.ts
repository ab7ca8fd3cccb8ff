import type {
  Actor,
  Effect,
  EffectOutcome,
  Entry,
  EntryBody,
  Request,
  WritePurpose,
} from '../../../src/domain/journal.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { AliasTarget, Route } from '../../../src/domain/route.ts';
import {
  type Instant,
  instant,
  later,
  percent,
  rolloutId,
  type VersionTag,
} from '../../../src/domain/units.ts';
import type { Finding, Verdict } from '../../../src/domain/verdict.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { watch } from '../../../src/strategies/watch.ts';
import { actor, canarySettings, v22, v23 } from '../../support/model-world.ts';

export const id = rolloutId('r-1');
export const began: Instant = instant(1_750_000_000_000);
export const home: AliasTarget = { functionVersion: '7', weights: {} };
export const single = (version: VersionTag): Route => ({ kind: 'single', version });
export const split = (share: number): Route => ({
  kind: 'split',
  champion: v22,
  challenger: v23,
  percent: percent(share),
});

/** What happens in a rollout, one after another. */
export type Chapter =
  | EntryBody
  /** Nothing, for so long. */
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'did'; readonly effect: Effect; readonly outcome: EffectOutcome }
  | { readonly kind: 'tried'; readonly effect: Effect; readonly error: string; readonly final: boolean };

export interface Story {
  readonly entries: readonly Entry[];
  readonly state: RolloutState;
  readonly now: Instant;
}

/** Journal and state of a rollout in which this has happened. */
export function tell(plan: Plan, ...chapters: readonly Chapter[]): Story {
  const entries: Entry[] = [];
  let now = began;
  let token = 1;
  const write = (body: EntryBody): void => {
    if (body.kind === 'owned') token++;
    entries.push({ ...body, seq: entries.length, at: now, token });
  };
  write(started(plan));
  for (const chapter of chapters) {
    switch (chapter.kind) {
      case 'later':
        now = later(now, chapter.ms);
        break;
      case 'did':
        write({ kind: 'intent', effect: chapter.effect });
        write({ kind: 'result', intent: entries.length - 1, outcome: chapter.outcome });
        break;
      case 'tried':
        write({ kind: 'intent', effect: chapter.effect });
        write({ kind: 'failed', intent: entries.length - 1, error: chapter.error, final: chapter.final });
        break;
      default:
        write(chapter);
    }
  }
  return { entries, state: replay(id, entries), now };
}

export const started = (plan: Plan, by: Actor = actor()): EntryBody => ({
  kind: 'started',
  format: 1,
  plan,
  by,
  reason: 'because',
  salt: 'salt',
  home,
  endpoints: {
    [v22]: { name: 'old-endpoint', generation: 1 },
    [v23]: { name: 'new-endpoint', generation: 1 },
  },
  codeSha256: 'code',
  artifactDigest: 'd1',
  planHash,
});

/** 0 provision, 1 smoke, 2-4 warm-up, route and bake at 10 %, 5-7 at 50 %, 8 warm-up, 9 promote, 10 commit, 11 notify. */
export const plan: Plan = canary(canarySettings());
export const stepOf = {
  provision: 0,
  smoke: 1,
  warm10: 2,
  route10: 3,
  bake10: 4,
  warm50: 5,
  route50: 6,
  bake50: 7,
  warm100: 8,
  promote: 9,
  commit: 10,
  notify: 11,
} as const;
export const weightedPlan: Plan = canary(canarySettings({ routing: 'weighted' }));
export const firstPlan: Plan = canary(canarySettings({ champion: null }));
export const approvedPlan: Plan = canary(canarySettings({ approvals: 2 }));
export const watchPlan = (back: VersionTag | null = v22, durationMs: number | null = 60_000): Plan =>
  watch({ ...canarySettings(), durationMs, champion: back });

export const wait = (ms: number): Chapter => ({ kind: 'later', ms });
export const did = (effect: Effect, outcome: EffectOutcome): Chapter => ({ kind: 'did', effect, outcome });
export const tried = (effect: Effect, error = 'no answer', final = false): Chapter => ({
  kind: 'tried',
  effect,
  error,
  final,
});

export const setAlias = (
  purpose: WritePurpose,
  target: AliasTarget,
  route: Route | null,
): Extract<Effect, { kind: 'set-alias' }> => ({
  kind: 'set-alias',
  purpose,
  alias: 'live',
  target,
  route,
});
let revisions = 0;
export const aliasIs = (target: AliasTarget): EffectOutcome => ({
  kind: 'alias',
  revisionId: `rev-${++revisions}`,
  target,
  stamp: { environment: 'local', token: 1, seq: 1, rollout: id, back: '7' },
});
export const fenced = (target: AliasTarget = home): Chapter =>
  did(setAlias('fence', home, null), aliasIs(target));
export const moved = (route: Route, target: AliasTarget, purpose: WritePurpose = 'route'): Chapter =>
  did(setAlias(purpose, target, route), aliasIs(target));
export const publish = (route: Route, functionVersion: string): Chapter =>
  did({ kind: 'publish', route }, { kind: 'published', functionVersion });
export const warmed = (route: Route): Chapter =>
  did({ kind: 'warm-up', route }, { kind: 'warmed', environments: 1 });
export const ensure: Effect = {
  kind: 'ensure-endpoint',
  version: v23,
  endpoint: 'new-endpoint',
  generation: 1,
};
export const smoke: Effect = { kind: 'smoke', version: v23 };
export const stepDone = (step: number): EntryBody => ({ kind: 'step-done', step, note: 'done' });
export const stepsTo = (step: number): readonly EntryBody[] =>
  Array.from({ length: step }, (_, index) => stepDone(index));

/** Fenced, all routes published: 8 is 10 %, 9 is 50 %, 10 is everybody. */
export const ready: readonly Chapter[] = [
  fenced(),
  did(ensure, { kind: 'endpoint', state: 'in-service' }),
  publish(split(10), '8'),
  publish(split(50), '9'),
  publish(single(v23), '10'),
];
export const on = (functionVersion: string): AliasTarget => ({ functionVersion, weights: {} });

/** In the middle of a canary: at this step, nothing of it done yet. */
export const atStep = (step: number, ...chapters: readonly Chapter[]): Story =>
  atStepOf(plan, step, ...chapters);

/** Of a plan with the steps of `plan`. */
export function atStepOf(of: Plan, step: number, ...chapters: readonly Chapter[]): Story {
  const route: readonly Chapter[] =
    step > stepOf.promote
      ? [moved(single(v23), on('10'), 'promote')]
      : step > stepOf.route50
        ? [moved(split(50), on('9'))]
        : step > stepOf.route10
          ? [moved(split(10), on('8'))]
          : [];
  return tell(of, ...ready, ...stepsTo(step), ...route, ...chapters);
}

let requests = 0;
type Wish =
  | { readonly kind: 'pause' | 'resume' | 'reject' }
  | { readonly kind: 'approve'; readonly planHash: string }
  | { readonly kind: 'promote'; readonly full: boolean }
  | { readonly kind: 'traffic'; readonly percent: ReturnType<typeof percent> };
/** What all plans of these stories have. */
export const planHash = 'c0ffee00'.repeat(8);
export const approve = { kind: 'approve', planHash } as const;
export const request = (wish: Wish, by = 'bob', over: Partial<Request> = {}): Request =>
  ({ ...wish, id: `q-${++requests}`, at: began, by, reason: '', ...over }) as Request;
export const asked = (wish: Wish, by = 'bob', accepted = true, over: Partial<Request> = {}): EntryBody => ({
  kind: 'request',
  request: request(wish, by, over),
  accepted,
  answer: 'yes',
});

export const finding: Finding = {
  metric: 'errors',
  rule: 'error rate > 5 %',
  unit: 'share',
  champion: 0.001,
  challenger: 0.3,
  limit: 0.05,
  evidence: 2_000,
  threshold: 1_000,
  championRequests: 900,
  challengerRequests: 100,
  ticks: 5,
  sentence: 'challenger 30 % errors, limit 5 %',
};
const judged = { findings: [finding], harmedRequests: 3, challengerRequests: 100 };
export const pass: Verdict = { ...judged, kind: 'pass', nonInferior: false };
export const proven: Verdict = { ...judged, kind: 'pass', nonInferior: true };
export const incident: Verdict = { ...judged, kind: 'pass', nonInferior: true, incident: finding };
export const fail: Verdict = { ...judged, kind: 'fail', reason: finding };
export const insufficient: Verdict = {
  ...judged,
  kind: 'insufficient',
  why: 'too few requests',
  needRequests: 400,
};
export const unreadable: Verdict = { kind: 'unreadable', why: 'no answer', denied: false };

export const observation = (errors = 0, at: Instant = later(began, 1_000)): Observation => ({
  at,
  tickMs: 1_000,
  plannedPercent: 10,
  champion: { requests: 180, errors: 0, throttles: 0 },
  challenger: { requests: 20, errors, throttles: 0 },
});
export const abort = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
export const rollingBack: EntryBody = { kind: 'rolling-back', cause: abort };
