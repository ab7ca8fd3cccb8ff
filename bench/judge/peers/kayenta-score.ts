import type { Label } from './kayenta.ts';

export interface ScoredMetric {
  readonly label: Label;
  readonly groups: readonly string[];
  readonly critical: boolean;
  readonly muted?: boolean;
}

interface GroupScore {
  readonly group: string;
  readonly score: number;
  readonly noData: boolean;
}

/** WeightedSumScorer: labels and group weights to a summary of 0 to 100, rounded to two decimals. */
export function score(
  metrics: readonly ScoredMetric[],
  weights: Readonly<Record<string, number>>,
): { readonly summary: number; readonly groups: readonly GroupScore[] } {
  const counted = metrics.filter(({ muted }) => !muted);
  const groups = [...new Set(counted.flatMap((metric) => metric.groups))].map((group) =>
    scoreOf(
      group,
      counted.filter((metric) => metric.groups.includes(group)),
    ),
  );
  const noData = counted.filter(({ label }) => label === 'Nodata').length;
  const criticalFailed = counted.some(({ critical, label }) => critical && label !== 'Pass');
  if (criticalFailed || noData / counted.length >= 0.5) return { summary: 0, groups };
  return { summary: Math.round(weighted(groups, weights) * 100) / 100, groups };
}

function scoreOf(group: string, metrics: readonly ScoredMetric[]): GroupScore {
  const labels = metrics.map(({ label }) => label);
  const passed = labels.filter((label) => label === 'Pass').length;
  const scored = labels.filter((label) => label !== 'Nodata' && label !== 'Error').length;
  return scored === 0
    ? { group, score: 0, noData: true }
    : { group, score: (passed / scored) * 100, noData: false };
}

/** Groups without a weight share what is left of 100; one without data counts in full. */
function weighted(groups: readonly GroupScore[], weights: Readonly<Record<string, number>>): number {
  const given = groups.filter(({ group }) => weights[group] !== undefined);
  const left = 100 - given.reduce((sum, { group }) => sum + weights[group]!, 0);
  const share = left / Math.max(1, groups.length - given.length);
  return groups.reduce(
    (sum, { group, score, noData }) => sum + ((noData ? 100 : score) * (weights[group] ?? share)) / 100,
    0,
  );
}

/** Several judgements to one verdict: a score equal to `marginal` fails here. */
export function didPass(finalScore: number, marginal: number | null, pass: number | null): boolean {
  if (marginal !== null && finalScore <= marginal) return false;
  return pass === null || finalScore >= pass;
}

/** Windows of the judgements in minutes: look-back 0 grows, else it slides; an explicit start ignores the warm-up. */
export function judgementWindows(options: {
  readonly beginAfter: number;
  readonly lookback: number;
  readonly interval: number;
  readonly judgements: number;
  readonly start?: number;
}): readonly (readonly [number, number])[] {
  const from = options.start ?? options.beginAfter;
  return Array.from({ length: options.judgements }, (_, i) => {
    const to = from + (i + 1) * options.interval;
    return [options.lookback === 0 ? from : to - options.lookback, to] as const;
  });
}
