import type { ArmTick, Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Judgement } from '../domain/verdict.ts';
import { evidenceTogether, thresholdTogether } from '../engine/replay-judge.ts';
import { createHistogramSum, quantile } from '../monitor/judge/evidence/histogram.ts';
import { createJudge } from '../monitor/judge/judge.ts';
import { createDifferences, type Difference } from './differences.ts';
import { shareOfThreshold } from './metric-word.ts';

/** Some neighbouring ticks of a rollout together. */
export interface TracePoint {
  /** Begin of the first and end of the last tick, ms since the epoch. */
  readonly from: number;
  readonly at: number;
  readonly champion: ArmPoint;
  readonly challenger: ArmPoint;
  /** From the first tick to this point's end, and so the narrower the later. */
  readonly errors: Difference;
  readonly p95: Difference;
  /** Share of compared answers that differ; null where none were compared. */
  readonly disagreed: number | null;
  /** Each rule's evidence as a share of its own threshold, 0 to 1 by its logarithm. */
  readonly evidence: EvidenceShares;
}

export type EvidenceShares = ReadonlyMap<string, number>;

export interface ArmPoint {
  readonly requests: number;
  /** Share of failed requests, 0 to 1; null where there were none. */
  readonly errors: number | null;
  /** 95th percentile in ms; the mean where no histogram is known. */
  readonly p95: number | null;
}

export interface Trace {
  push(observation: Observation): void;
  /** In the order of time, at most `mostPoints`. */
  points(): readonly TracePoint[];
  /** The tick at which the challenger failed, whatever point it is in: evidence may fall again. Null before that. */
  failing(): { readonly at: number; readonly evidence: EvidenceShares } | null;
}

/** More than a chart has room for helps nobody: neighbouring ticks are added up. */
export const mostPoints = 96;
export const allTogether = 'all metrics together';

/**
 * A rollout's ticks as lines over time, judged again as they come: the evidence is a function of the ticks, and the journal
 * keeps the ticks. One more tick costs the same however many there were, in bounded memory.
 */
export function createTrace(policy: JudgePolicy, salt: string): Trace {
  const judge = createJudge(policy, { salt });
  const threshold = thresholdTogether(policy);
  const differences = createDifferences(policy);
  let bins: Bin[] = [];
  let perBin = 1;
  let failing: ReturnType<Trace['failing']> = null;

  const seal = (bin: Bin): void => {
    bin.end = {
      errors: differences.errors(),
      p95: differences.p95(),
      evidence: sharesOf(judge.judgement(), threshold),
    };
  };
  function binForNext(): Bin {
    const last = bins.at(-1);
    if (last !== undefined && last.ticks < perBin) return last;
    if (bins.length >= mostPoints) {
      bins = Array.from({ length: bins.length / 2 }, (_, i) => together(bins[2 * i]!, bins[2 * i + 1]!));
      perBin *= 2;
    }
    const next = createBin();
    bins.push(next);
    return next;
  }

  return {
    push(observation) {
      const bin = binForNext();
      judge.step(observation);
      differences.push(observation);
      bin.add(observation);
      if (failing === null && judge.failed() !== null)
        failing = { at: observation.at, evidence: sharesOf(judge.judgement(), threshold) };
      // Nothing is known of the bin's end while it may go on.
      if (bin.ticks >= perBin) seal(bin);
      else bin.end = null;
    },
    points() {
      const last = bins.at(-1);
      if (last !== undefined && last.end === null) seal(last);
      return bins.map((bin) => bin.point());
    },
    failing: () => failing,
  };
}

type End = Pick<TracePoint, 'errors' | 'p95' | 'evidence'>;

interface Bin {
  ticks: number;
  end: End | null;
  add(observation: Observation): void;
  merge(later: Bin): void;
  point(): TracePoint;
  readonly champion: Arm;
  readonly challenger: Arm;
  readonly copies: { compared: number; disagreed: number };
  from: number;
  at: number;
}

function createBin(): Bin {
  const bin: Bin = {
    ticks: 0,
    end: null,
    from: 0,
    at: 0,
    champion: createArm(),
    challenger: createArm(),
    copies: { compared: 0, disagreed: 0 },
    add({ at, tickMs, champion, challenger, copies }) {
      if (bin.ticks === 0) bin.from = at - tickMs;
      bin.ticks++;
      bin.at = at;
      bin.champion.add(champion);
      bin.challenger.add(challenger);
      bin.copies.compared += copies?.compared ?? 0;
      bin.copies.disagreed += copies?.disagreed ?? 0;
    },
    merge(later) {
      bin.ticks += later.ticks;
      bin.at = later.at;
      bin.champion.merge(later.champion);
      bin.challenger.merge(later.challenger);
      bin.copies.compared += later.copies.compared;
      bin.copies.disagreed += later.copies.disagreed;
      bin.end = later.end;
    },
    point() {
      const { from, at, champion, challenger, copies, end } = bin;
      return {
        from,
        at,
        champion: champion.point(),
        challenger: challenger.point(),
        disagreed: copies.compared === 0 ? null : copies.disagreed / copies.compared,
        ...(end ?? nothing),
      };
    },
  };
  return bin;
}

const unknown: Difference = { value: null, interval: null };
const nothing: End = { errors: unknown, p95: unknown, evidence: new Map() };

function together(earlier: Bin, later: Bin): Bin {
  earlier.merge(later);
  return earlier;
}

type Arm = ReturnType<typeof createArm>;

function createArm() {
  const times = createHistogramSum();
  const sums = { requests: 0, errors: 0, timed: 0, weighted: 0 };
  return {
    sums,
    times: () => times.sum(),
    add(tick: ArmTick | null) {
      if (tick === null) return;
      sums.requests += tick.requests;
      sums.errors += tick.errors;
      if (tick.latency !== undefined) times.add(tick.latency);
      if (tick.meanLatencyMs === undefined || tick.requests === 0) return;
      sums.timed += tick.requests;
      sums.weighted += tick.meanLatencyMs * tick.requests;
    },
    merge(other: { readonly sums: typeof sums; times(): ReturnType<typeof times.sum> }) {
      for (const key of ['requests', 'errors', 'timed', 'weighted'] as const) sums[key] += other.sums[key];
      const more = other.times();
      if (more !== null) times.add(more);
    },
    point(): ArmPoint {
      const { requests, errors } = sums;
      return { requests, errors: requests === 0 ? null : Math.min(1, errors / requests), p95: percentile() };
    },
  };
  function percentile(): number | null {
    const all = times.sum();
    const found = all === null ? null : quantile(all, 0.95);
    // Slower than every edge: at least the last one.
    if (found !== null) return Number.isFinite(found) ? found : (all?.le.at(-1) ?? null);
    return sums.timed === 0 ? null : sums.weighted / sums.timed;
  }
}

function sharesOf({ findings }: Judgement, threshold: number): EvidenceShares {
  const evidence = Math.max(1, evidenceTogether(findings, threshold));
  const shares = new Map<string, number>();
  const all = shareOfThreshold({ evidence, threshold });
  if (all !== null) shares.set(allTogether, all);
  for (const finding of findings) {
    const share = shareOfThreshold(finding);
    if (share !== null) shares.set(finding.rule, share);
  }
  return shares;
}
