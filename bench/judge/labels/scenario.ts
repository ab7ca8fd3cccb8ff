import { bucketCount, bucketsAt } from '../../../src/domain/user-bucket.ts';
import {
  judgeLabels,
  looksDue,
  type QualityPolicy,
} from '../../../src/monitor/judge/quality/judge-labels.ts';
import type { LabelSegment } from '../../../src/monitor/judge/quality/labels-exchange.ts';
import { normalTail } from '../../../src/monitor/judge/math/normal.ts';
import { createRandom, type Random } from '../random.ts';

export interface Scenario {
  readonly name: string;
  /** The champion's share of good labels. */
  readonly base: number;
  /** How much lower the challenger's is. */
  readonly drop: number;
  /** Part of the answers that ever get a label. */
  readonly labelled: number;
  readonly delay: 'exponential' | 'heavy-tailed';
  /** The challenger's labels take so many times as long, and its bad ones twice that. */
  readonly slower?: number;
  /** Part of the labels that are sent once more, with the opposite value. */
  readonly repeated?: number;
  readonly percent: number;
}

export interface Outcome {
  /** Hour of the first rollback by each rule; null: none. */
  readonly mlreg: number | null;
  readonly evidently: number | null;
  readonly sagemaker: number | null;
  /** Hour of the first look that held for unequal labels; null: none. */
  readonly held: number | null;
  /** Hour of a non-inferior verdict; null: none. */
  readonly passed: number | null;
}

export const hours = 72;
const maturity = 2;
const usersOfBucket = 3;
const answersOfHour = 4;
export const policy: QualityPolicy = {
  alpha: 0.01,
  alphaPromote: 0.05,
  margin: 0,
  minLabels: 1_000,
  missing: 0.1,
};

/**
 * Three days of a canary in ticks of an hour: sticky users, each with a share of good answers of their own (a beta
 * distribution that is worth 10 answers), about four answers an hour for each bucket. A tick is final two hours after its
 * end; labels that are later are not judged.
 */
export function simulateLabels(scenario: Scenario, words: readonly number[]): Outcome {
  const random = createRandom(...words);
  const ranks = shuffled(random);
  const users = ranks.map((rank) =>
    Array.from({ length: usersOfBucket }, () => ({
      isChallenger: rank < bucketsAt(scenario.percent),
      luck: random.normal(),
    })),
  );
  const sums = [0, 0, 0].map(() => new Float64Array(bucketCount)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [answers, labels, losses] = sums;
  const segment: LabelSegment = { percent: scenario.percent, answers, labels, losses };
  const baseline = random.binomial(5_000, scenario.base) / 5_000;
  let looks = 0;
  let open = true;
  const outcome: { -readonly [Rule in keyof Outcome]: Outcome[Rule] } = {
    mlreg: null,
    evidently: null,
    sagemaker: null,
    held: null,
    passed: null,
  };
  const arms = { champion: { n: 0, good: 0 }, challenger: { n: 0, good: 0 } };

  for (let hour = 1; hour <= hours; hour++) {
    const tick = { n: 0, good: 0 };
    users.forEach((members, bucket) => {
      for (const { isChallenger, luck } of members) {
        const mean = scenario.base - (isChallenger ? scenario.drop : 0);
        const spread = Math.sqrt((mean * (1 - mean)) / 11);
        const share = Math.min(1, Math.max(0, mean + spread * luck));
        const count = random.poisson(answersOfHour / usersOfBucket);
        answers[bucket]! += count;
        for (let i = 0; i < count; i++) {
          if (random.uniform() >= scenario.labelled) continue;
          const isGood = random.uniform() < share;
          if (delayOf(scenario, { isChallenger, isGood }, random) > maturity) continue;
          labels[bucket]!++;
          losses[bucket]! += isGood ? 0 : 1;
          const arm = isChallenger ? arms.challenger : arms.champion;
          // The rules of others have no receipts: a repeated label counts again.
          for (const value of random.uniform() < (scenario.repeated ?? 0) ? [isGood, !isGood] : [isGood]) {
            arm.n++;
            if (value) arm.good++;
            if (!isChallenger) continue;
            tick.n++;
            if (value) tick.good++;
          }
        }
      }
    });
    const at = hour + maturity;
    if (differs(arms)) outcome.evidently ??= at;
    if (tick.n >= 20 && tick.good / tick.n < baseline) outcome.sagemaker ??= at;
    const due = looksDue(
      labels.reduce((sum, each) => sum + each, 0),
      policy.minLabels,
    );
    if (!open || due <= looks) continue;
    looks = due;
    const verdict = judgeLabels(policy, { segments: [segment], ranks, aside: [] }, random.uniform);
    if (verdict.kind === 'worse') outcome.mlreg ??= at;
    if (verdict.kind === 'unequal-labels') outcome.held ??= at;
    if (verdict.kind === 'not-worse') outcome.passed ??= at;
    open = verdict.kind !== 'worse' && verdict.kind !== 'not-worse';
  }
  return outcome;
}

/** Hours. */
function delayOf(
  { delay, slower = 1 }: Scenario,
  { isChallenger, isGood }: { readonly isChallenger: boolean; readonly isGood: boolean },
  random: Random,
): number {
  const u = 1 - random.uniform();
  const hoursUsual = delay === 'exponential' ? -0.5 * Math.log(u) : 0.1 * (u ** (-1 / 0.9) - 1);
  return hoursUsual * (isChallenger ? slower * (isGood || slower === 1 ? 1 : 2) : 1);
}

/** A two-sided Z test of two shares at 0.05, of all labels so far, worse side. */
function differs({
  champion: a,
  challenger: b,
}: Record<'champion' | 'challenger', { n: number; good: number }>): boolean {
  if (a.n < 100 || b.n < 100) return false;
  const pooled = (a.good + b.good) / (a.n + b.n);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.n + 1 / b.n));
  return error > 0 && 2 * normalTail((a.good / a.n - b.good / b.n) / error) < 0.05;
}

/** Ranks of buckets under a new salt. */
function shuffled(random: Random): number[] {
  const ranks = Array.from({ length: bucketCount }, (_, i) => i);
  for (let i = bucketCount - 1; i > 0; i--) {
    const other = Math.floor(random.uniform() * (i + 1));
    [ranks[i], ranks[other]] = [ranks[other]!, ranks[i]!];
  }
  return ranks;
}
