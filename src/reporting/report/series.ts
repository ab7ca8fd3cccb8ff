import type { Entry } from '../../domain/journal.ts';
import type { Observation } from '../../domain/observation.ts';
import type { Finding } from '../../domain/verdict.ts';
import { challengerShare, type RolloutState } from '../../engine/state.ts';
import { eachState } from '../../view/each-state.ts';
import { shareOfThreshold } from '../../view/metric-word.ts';
import { allTogether, createTrace, type Trace, type TracePoint } from '../../view/trace.ts';
import type { Point } from './plot.ts';

/** A rollout's journal as lines over time. */
export interface Series {
  /** What users got, as verified on the alias, in percent. */
  readonly share: readonly Point[];
  readonly points: readonly TracePoint[];
  /** Each rule's evidence as a share of its own threshold, 0 to 1 by its logarithm; the one that decided first. */
  readonly evidence: readonly EvidenceLine[];
}

export interface EvidenceLine {
  readonly name: string;
  readonly decided: boolean;
  readonly points: readonly Point[];
}

/** Lines that grow with the journal: what was drawn once is not worked out again. */
export interface SeriesKeeper {
  /** The next entry of the journal, and the state after it. */
  push(entry: Entry, state: RolloutState): void;
  series(state: RolloutState, until: number): Series;
}

export function createSeries(): SeriesKeeper {
  let trace: Trace | null = null;
  let before: readonly Observation[] = [];
  const share: Point[] = [];

  function upTo({ plan, salt, observations: table }: RolloutState): Trace {
    // Ticks are never changed, so the last one's identity stands for all before it.
    const last = before.length - 1;
    const grown = last < 0 || (before[0] === table[0] && before[last] === table[last]);
    if (trace === null || !grown) {
      trace = createTrace(plan.policy, salt);
      before = [];
    }
    for (let i = before.length; i < table.length; i++) trace.push(table[i]!);
    before = table;
    return trace;
  }

  return {
    push({ at }, state) {
      const value = challengerShare(state);
      if (value !== share.at(-1)?.value) share.push({ at, value });
    },
    series(state, until) {
      const ticks = upTo(state);
      const points = ticks.points();
      return {
        share: share.length === 0 ? [] : [...share, { at: until, value: challengerShare(state) }],
        points,
        evidence: evidence(state, points, ticks.failing()),
      };
    },
  };
}

export function seriesOf(state: RolloutState, entries: readonly Entry[], until: number): Series {
  const keeper = createSeries();
  for (const [entry, after] of eachState(state.id, entries)) keeper.push(entry, after);
  return keeper.series(state, until);
}

/** Beyond its threshold a line says no more. */
const most = 1.2;

/** What decided beside the rules (an alarm, a planned look, the users) has a line of its own, which ends where it decided. */
function evidence(
  { lastVerdict }: RolloutState,
  points: readonly TracePoint[],
  failing: ReturnType<Trace['failing']>,
): readonly EvidenceLine[] {
  const moments = [...points, ...(failing === null ? [] : [failing])].toSorted((a, b) => a.at - b.at);
  const lines = new Map<string, Point[]>();
  for (const { at, evidence: shares } of moments)
    for (const [name, value] of shares) {
      const line = lines.get(name) ?? [];
      line.push({ at, value: Math.min(most, value) });
      lines.set(name, line);
    }
  const reason = lastVerdict?.kind === 'fail' ? lastVerdict.reason : null;
  return named(lines, reason, points.at(-1)?.at ?? 0);
}

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
