import type { ArmTick, BucketCounts, Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import type { Tick } from '../rule.ts';
import { strataCount } from './strata-test.ts';

/** A time with an unchanged share and both arms. */
export interface Segment {
  readonly percent: number;
  /** The newest counts by bucket, whole since the segment began; null: none were read. */
  counts: BucketCounts | null;
  /** Requests of both arms in compared ticks, without those of set-aside buckets. */
  requests: number;
  /** Of the challenger's compared requests those that failed, and those that the model called bad. */
  readonly challenger: { requests: number; errors: number; refused: number; endpointErrors: number };
  /** Of all requests with a user id; null where the arms do not report them. */
  strata: Strata | null;
}

export interface Strata {
  readonly n0: number[];
  readonly x0: number[];
  readonly n1: number[];
  readonly x1: number[];
}

export interface Segments {
  step(observation: Observation, tick: Tick): void;
  /** Counts by bucket up to the last tick, whole since its share began. */
  count(counts: BucketCounts): void;
  /** Those that were begun, oldest first. */
  all(): readonly Segment[];
  /** The one that the last tick belongs to; null: to none. */
  current(): Segment | null;
  /** Milliseconds from the first segment's begin to the end of the last tick. */
  elapsedMs(): number;
  /** Whether the last tick was the last one of a bake: of the planned length at this share, or of its next multiple. */
  bakeEnded(): boolean;
  /** How many bakes of the planned length the share has lasted. */
  bakes(): number;
  /** Whether the share is larger than the one before, or smaller, in the last tick. */
  shareChanged(): boolean;
}

/** Milliseconds may be off by a rounding. */
const rounding = 1e-9;

export function createSegments(policy: JudgePolicy): Segments {
  const all: Segment[] = [];
  let share: number | null = null;
  let shareMs = 0;
  let tickMs = 0;
  let begun: number | null = null;
  let now = 0;
  let changed = false;
  let compared = false;

  const planned = (): number => {
    const finite = policy.steps.filter(({ ticks }) => ticks > 0 && Number.isFinite(ticks));
    const own = finite.find(({ percent }) => percent === share);
    const ticks = own?.ticks ?? finite.reduce((most, step) => Math.max(most, step.ticks), 0);
    return ticks > 0 ? ticks * policy.tickMs : Infinity;
  };

  function begin(at: number, percent: number): Segment {
    begun ??= at;
    const challenger = { requests: 0, errors: 0, refused: 0, endpointErrors: 0 };
    const segment = { percent, counts: null, requests: 0, challenger, strata: null };
    all.push(segment);
    return segment;
  }

  function step(observation: Observation, tick: Tick): void {
    const { champion, challenger, plannedPercent } = tick;
    tickMs = tick.tickMs;
    now = observation.at;
    // A share that was taken away and given back is the same, and its counts begin anew.
    changed = share !== plannedPercent || observation.straddlesChange === true;
    if (changed) {
      share = plannedPercent;
      shareMs = 0;
      compared = false;
    }
    shareMs += tickMs;
    if (!tick.comparable || !champion || !challenger || plannedPercent <= 0 || plannedPercent >= 100) return;
    const segment = compared ? all.at(-1)! : begin(now - tickMs, plannedPercent);
    compared = true;
    segment.requests += champion.requests + challenger.requests;
    segment.challenger.requests += challenger.requests;
    segment.challenger.errors += challenger.errors;
    segment.challenger.endpointErrors += challenger.endpointErrors ?? 0;
    segment.challenger.refused += challenger.refused ?? 0;
    if (!toldByStratum(champion) || !toldByStratum(challenger)) return;
    if (!champion.strata && !challenger.strata) return;
    segment.strata ??= emptyStrata();
    if (champion.strata) {
      add(segment.strata.n0, champion.strata.requests);
      add(segment.strata.x0, champion.strata.errors);
    }
    if (challenger.strata) {
      add(segment.strata.n1, challenger.strata.requests);
      add(segment.strata.x1, challenger.strata.errors);
    }
  }

  function count(counts: BucketCounts): void {
    const segment = all.at(-1);
    if (compared && segment) segment.counts = counts;
  }

  const bakesAt = (ms: number): number => Math.floor(ms / planned() + rounding);

  return {
    step,
    count,
    all: () => all,
    current: () => (compared ? (all.at(-1) ?? null) : null),
    elapsedMs: () => (begun === null ? 0 : now - begun),
    bakeEnded: () => bakesAt(shareMs) > bakesAt(shareMs - tickMs),
    bakes: () => bakesAt(shareMs),
    shareChanged: () => changed,
  };
}

/** An arm without requests has no strata to tell of. */
const toldByStratum = ({ strata, requests, aside }: ArmTick): boolean =>
  strata !== undefined || requests + (aside?.requests ?? 0) === 0;

const emptyStrata = (): Strata => {
  const zeros = (): number[] => new Array<number>(strataCount).fill(0);
  return { n0: zeros(), x0: zeros(), n1: zeros(), x1: zeros() };
};

function add(into: number[], more: readonly number[]): void {
  for (let k = 0; k < strataCount; k++) into[k]! += more[k]!;
}
