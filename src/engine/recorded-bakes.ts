import type { Entry } from '../domain/journal.ts';
import type { BakeStep, OnInconclusive } from '../domain/plan.ts';
import type { Instant, RolloutId } from '../domain/units.ts';
import { apply, replay } from './fold-journal.ts';
import { lateMs } from './decide-bake.ts';
import { currentStep, type RolloutState } from './state.ts';

/** One bake of a rollout, as its journal has it. */
export interface RecordedBake {
  readonly percent: number;
  /** Ticks that end after it are the bake's. */
  readonly from: Instant;
  /** The last tick that was known when the bake was found to have lasted as long as planned; null: it never was. */
  readonly over: Instant | null;
  readonly extendMs: number;
  readonly final: boolean;
  readonly onInconclusive: OnInconclusive;
}

/** Those that were begun. A share set by hand begins its bake anew. */
export function recordedBakes(id: RolloutId, entries: readonly Entry[]): readonly RecordedBake[] {
  const [first, ...rest] = entries;
  if (first === undefined) return [];
  let state = replay(id, [first]);
  const bakes = new Map<number, RecordedBake>();
  begun(bakes, state);
  for (const entry of rest) {
    const before = state;
    state = apply(state, entry);
    over(bakes, before, state, entry);
    begun(bakes, state);
    // The tick table isn't needed here, and copying it at each entry would make a long rollout quadratic.
    if (entry.kind === 'observed') state = { ...state, observations: [] };
  }
  return [...bakes.values()];
}

function begun(bakes: Map<number, RecordedBake>, state: RolloutState): void {
  const step = currentStep(state);
  if (step?.kind !== 'bake' || state.phase !== 'forward') return;
  const known = bakes.get(state.step);
  if (known !== undefined && known.from >= state.stepSince) return;
  bakes.set(state.step, {
    percent: step.percent,
    from: state.stepSince,
    over: null,
    extendMs: step.extendMs,
    final: step.final,
    onInconclusive: step.onInconclusive,
  });
}

/** Whoever drove the rollout found the bake over when it looked after its end: at the last tick it knew then. */
function over(
  bakes: Map<number, RecordedBake>,
  before: RolloutState,
  after: RolloutState,
  entry: Entry,
): void {
  const bake = bakes.get(before.step);
  const step = currentStep(before);
  if (bake === undefined || bake.over !== null || step?.kind !== 'bake') return;
  if (before.pausedAt !== null || !follows(entry.kind)) return;
  if (entry.at < endOf(before, step) + lateMs(after, step)) return;
  const last = after.lastObservedAt;
  if (last !== null && last > bake.from) bakes.set(before.step, { ...bake, over: last });
}

/** Entries that are written when the tick's metrics have been read. */
const follows = (kind: Entry['kind']): boolean =>
  kind === 'observed' || kind === 'verdict' || kind === 'step-done' || kind === 'held';

function endOf(state: RolloutState, { durationMs }: BakeStep): number {
  if (durationMs === null) return Infinity;
  return state.stepSince + state.pausedMs + durationMs + state.plan.settleMs;
}
