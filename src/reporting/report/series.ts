import type { Entry } from '../../domain/journal.ts';
import type { ArmTick, Observation } from '../../domain/observation.ts';
import type { Finding, Judgement } from '../../domain/verdict.ts';
import { createHistogramSum, quantile } from '../../monitor/judge/evidence/histogram.ts';
import { createJudge } from '../../monitor/judge/judge.ts';
import { apply, replay } from '../../engine/fold-journal.ts';
import { evidenceTogether, thresholdTogether } from '../../engine/replay-judge.ts';
import { challengerShare, type RolloutState } from '../../engine/state.ts';
import { shareOfThreshold } from '../../view/metric-word.ts';
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
  /** Each rule's evidence as a share of its own threshold, 0 to 1 by its logarithm; the one that decided first. */
  readonly evidence: readonly EvidenceLine[];
}

export interface EvidenceLine {
  readonly name: string;
  readonly decided: boolean;
  readonly points: readonly Point[];
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
    evidence: evidence(state, ticks),
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

export const allTogether = 'all metrics together';

/**
 * Judged again: the evidence is a function of the ticks, and the journal keeps the ticks. A group of ticks shows its last
 * one, and the one at which the challenger failed: evidence may fall again. What decided beside the rules (an alarm, a
 * planned look, the users) has a line of its own, which ends where it decided.
 */
function evidence(
  { plan: { policy }, salt, lastVerdict }: RolloutState,
  ticks: readonly (readonly Observation[])[],
): readonly EvidenceLine[] {
  const judge = createJudge(policy, { salt });
  const threshold = thresholdTogether(policy);
  const lines = new Map<string, Point[]>();
  const draw = (at: number, judgement: Judgement): void => {
    const parts = judgement.findings.map((finding) => [finding.rule, shareOfThreshold(finding)] as const);
    const value = Math.max(1, evidenceTogether(judgement.findings, threshold));
    for (const [name, share] of [
      [allTogether, shareOfThreshold({ evidence: value, threshold })] as const,
      ...parts,
    ]) {
      if (share === null) continue;
      const points = lines.get(name) ?? [];
      points.push({ at, value: Math.min(most, share) });
      lines.set(name, points);
    }
  };
  let isFailed = false;
  for (const group of ticks) {
    for (const tick of group) {
      judge.step(tick);
      if (isFailed || judge.failed() === null || tick === group.at(-1)) continue;
      isFailed = true;
      draw(tick.at, judge.judgement());
    }
    draw(group.at(-1)?.at ?? 0, judge.judgement());
  }
  const reason = lastVerdict?.kind === 'fail' ? lastVerdict.reason : null;
  return named(lines, reason, ticks.at(-1)?.at(-1)?.at ?? 0);
}

/** Beyond its threshold a line says no more. */
const most = 1.2;

function named(
  lines: ReadonlyMap<string, readonly Point[]>,
  reason: Finding | null,
  end: number,
): readonly EvidenceLine[] {
  const reaches = (points: readonly Point[]): boolean => points.some(({ value }) => (value ?? 0) >= 1);
  const all = [...lines].map(([name, points]): EvidenceLine => {
    const isReason = reason !== null && (name === allTogether || reason.rule.startsWith(name));
    return { name, points, decided: isReason && reaches(points) };
  });
  const isDrawn = reason === null || all.some(({ decided }) => decided);
  const own = reason === null ? null : shareOfThreshold(reason);
  const extra: readonly EvidenceLine[] =
    isDrawn || reason === null || own === null
      ? []
      : [{ name: reason.rule, decided: own >= 1, points: [{ at: end, value: Math.min(most, own) }] }];
  const strongest = ({ points }: EvidenceLine): number => Math.max(...points.map(({ value }) => value ?? 0));
  return [...extra, ...all].toSorted(
    (a, b) => Number(b.decided) - Number(a.decided) || strongest(b) - strongest(a),
  );
}

const sum = (ticks: readonly ArmTick[], value: (tick: ArmTick) => number): number =>
  ticks.reduce((total, tick) => total + value(tick), 0);
