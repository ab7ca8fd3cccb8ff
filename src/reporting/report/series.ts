import type { Entry } from '../../domain/journal.ts';
import type { ArmTick, Observation } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import { createHistogramSum, quantile } from '../../monitor/judge/evidence/histogram.ts';
import { createJudge } from '../../monitor/judge/judge.ts';
import { apply, replay } from '../../engine/fold-journal.ts';
import { evidenceTogether, thresholdTogether } from '../../engine/replay-judge.ts';
import { challengerShare, type RolloutState } from '../../engine/state.ts';
import type { Point } from './chart.ts';

/** More than a chart has room for helps nobody: neighbouring ticks are added up. */
const mostPoints = 120;

/** A rollout's journal as lines over time. */
export interface Series {
  /** What users got, as verified on the alias, in percent. */
  readonly share: readonly Point[];
  /** Share of failed answers, 0 to 1. */
  readonly errors: Arms;
  /** 95th percentile in ms; the mean where no histogram is known. */
  readonly latency: Arms;
  /** All metrics' evidence against the challenger, and where it rolls back. */
  readonly evidence: { readonly points: readonly Point[]; readonly threshold: number };
}

export interface Arms {
  readonly champion: readonly Point[];
  readonly challenger: readonly Point[];
}

export function seriesOf(state: RolloutState, entries: readonly Entry[], until: number): Series {
  const ticks = groups(state.observations);
  const arm = (of: 'champion' | 'challenger', value: (ticks: readonly ArmTick[]) => number | null) =>
    ticks.map((group): Point => {
      const seen = group.flatMap((tick) => tick[of] ?? []);
      return { at: group.at(-1)?.at ?? 0, value: seen.length === 0 ? null : value(seen) };
    });
  const arms = (value: (ticks: readonly ArmTick[]) => number | null): Arms => ({
    champion: arm('champion', value),
    challenger: arm('challenger', value),
  });
  return {
    share: shares(state, entries, until),
    errors: arms(failedShare),
    latency: arms(percentile95),
    evidence: evidence(state.plan.policy, ticks),
  };
}

function shares({ id }: RolloutState, entries: readonly Entry[], until: number): readonly Point[] {
  const [first, ...rest] = entries;
  if (first === undefined) return [];
  let state = replay(id, [first]);
  const points: Point[] = [{ at: first.at, value: challengerShare(state) }];
  for (const entry of rest) {
    state = apply(state, entry);
    const value = challengerShare(state);
    if (value !== points.at(-1)?.value) points.push({ at: entry.at, value });
  }
  return [...points, { at: until, value: challengerShare(state) }];
}

function groups(observations: readonly Observation[]): readonly (readonly Observation[])[] {
  const size = Math.ceil(observations.length / mostPoints);
  return Array.from({ length: size === 0 ? 0 : Math.ceil(observations.length / size) }, (_, i) =>
    observations.slice(i * size, (i + 1) * size),
  );
}

function failedShare(ticks: readonly ArmTick[]): number | null {
  const requests = sum(ticks, (tick) => tick.requests);
  return requests === 0 ? null : Math.min(1, sum(ticks, (tick) => tick.errors) / requests);
}

function percentile95(ticks: readonly ArmTick[]): number | null {
  const histograms = createHistogramSum();
  for (const { latency } of ticks) if (latency !== undefined) histograms.add(latency);
  const all = histograms.sum();
  const found = all === null ? null : quantile(all, 0.95);
  // Slower than every edge: at least the last one.
  if (found !== null) return Number.isFinite(found) ? found : (all?.le.at(-1) ?? null);
  const timed = ticks.filter((tick) => tick.meanLatencyMs !== undefined && tick.requests > 0);
  const requests = sum(timed, (tick) => tick.requests);
  return requests === 0 ? null : sum(timed, (tick) => (tick.meanLatencyMs ?? 0) * tick.requests) / requests;
}

/** Judged again: the evidence is a function of the ticks, and the journal keeps the ticks. */
function evidence(policy: JudgePolicy, ticks: readonly (readonly Observation[])[]): Series['evidence'] {
  const judge = createJudge(policy);
  const threshold = thresholdTogether(policy);
  const points = ticks.map((group): Point => {
    for (const tick of group) judge.step(tick);
    const { findings } = judge.judgement();
    return { at: group.at(-1)?.at ?? 0, value: Math.max(1, evidenceTogether(findings, threshold)) };
  });
  return { points, threshold };
}

const sum = (ticks: readonly ArmTick[], value: (tick: ArmTick) => number): number =>
  ticks.reduce((total, tick) => total + value(tick), 0);
