import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../bench/judge/random.ts';
import { bucketRanks, bucketsAt } from '../../../../src/domain/user-bucket.ts';
import {
  judgeLabels,
  looksDue,
  plannedLooks,
  type QualityPolicy,
} from '../../../../src/monitor/judge/quality/judge-labels.ts';
import type { LabelSegment } from '../../../../src/monitor/judge/quality/labels-exchange.ts';
import { lossOf } from '../../../../src/monitor/judge/quality/loss.ts';
import { createPaired } from '../../../../src/monitor/judge/quality/paired.ts';
import { pairedNeeds, splitNeeds } from '../../../../src/monitor/judge/quality/needs.ts';

const policy: QualityPolicy = { alpha: 0.01, alphaPromote: 0.05, margin: 0.01, minLabels: 500, missing: 0.1 };

interface Arm {
  readonly loss: number;
  readonly labelled?: number;
}

/** Users of a loss of their own, around the arm's, with labels for a share of 40 answers. */
function labels(
  seed: number,
  arms: { champion: Arm; challenger: Arm },
  percents: readonly number[] = [50],
  spread = 0.2,
) {
  const random = createRandom(seed);
  const ranks = bucketRanks(`salt-${seed}`);
  const own = ranks.map(() => (random.uniform() - 0.5) * 2 * spread);
  const segments = percents.map((percent): LabelSegment => {
    const [answers, counts, losses] = [0, 0, 0].map(() => new Float64Array(1000)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    ranks.forEach((rank, bucket) => {
      const { loss, labelled = 0.5 } = rank < bucketsAt(percent) ? arms.challenger : arms.champion;
      answers[bucket] = 40;
      counts[bucket] = random.binomial(40, labelled);
      losses[bucket] = random.binomial(counts[bucket], Math.min(1, Math.max(0, loss + own[bucket]!)));
    });
    return { percent, answers, labels: counts, losses };
  });
  return judgeLabels(policy, { segments, ranks, aside: [3, 7] }, createRandom(seed, 1).uniform);
}

describe('one look at labels', () => {
  it.each([
    { what: 'five points worse', challenger: { loss: 0.35 }, kind: 'worse' },
    { what: 'equal', challenger: { loss: 0.3 }, kind: 'undecided' },
    { what: 'five points better', challenger: { loss: 0.25 }, kind: 'not-worse' },
    { what: 'labelled half as often', challenger: { loss: 0.3, labelled: 0.25 }, kind: 'unequal-labels' },
    {
      what: 'worse, and labelled more often',
      challenger: { loss: 0.4, labelled: 0.9 },
      kind: 'unequal-labels',
    },
  ])('says $kind of a challenger that is $what', ({ challenger, kind }) => {
    expect(labels(1, { champion: { loss: 0.3 }, challenger }).kind).toBe(kind);
  });

  it('adds up the labels of two shares, each compared within its own time', () => {
    const verdict = labels(2, { champion: { loss: 0.3 }, challenger: { loss: 0.36 } }, [10, 50]);
    expect(verdict.kind).toBe('worse');
    // 998 buckets, twice 40 answers.
    expect(verdict.champion.answers + verdict.challenger.answers).toBe(998 * 80);
  });

  it('is not misled by users of very different quality: at most 1 of 400 healthy challengers is called worse', () => {
    let worse = 0;
    for (let seed = 0; seed < 400; seed++)
      if (labels(seed, { champion: { loss: 0.5 }, challenger: { loss: 0.5 } }, [10], 0.5).kind === 'worse')
        worse++;
    expect(worse).toBeLessThanOrEqual(1);
  });

  it('without any label of one arm is undecided', () => {
    const nothing = new Float64Array(1000);
    const segment = { percent: 50, answers: nothing, labels: nothing, losses: nothing };
    const input = { segments: [segment], ranks: bucketRanks('x'), aside: [] };
    expect(judgeLabels(policy, input, () => 0.5).kind).toBe('undecided');
  });
});

it.each([
  [0, 0],
  [499, 0],
  [500, 1],
  [999, 1],
  [1000, 2],
  [500 * 2 ** 7, plannedLooks],
  [1e9, plannedLooks],
])('with %i labels %i looks are due', (count, looks) => {
  expect(looksDue(count, 500)).toBe(looks);
});

describe('a label as a loss', () => {
  it.each([
    { value: 1, metric: { kind: 'binary', better: 'higher' } as const, loss: 0 },
    { value: 1, metric: { kind: 'binary', better: 'lower' } as const, loss: 1 },
    { value: 0.5, metric: { kind: 'binary', better: 'lower' } as const, loss: undefined },
    { value: 4, metric: { kind: 'mean', better: 'higher', low: 1, high: 5 } as const, loss: 0.25 },
    { value: 9, metric: { kind: 'mean', better: 'lower', low: 1, high: 5 } as const, loss: 1 },
    {
      value: Number.NaN,
      metric: { kind: 'mean', better: 'lower', low: 1, high: 5 } as const,
      loss: undefined,
    },
  ])('$value is $loss', ({ value, metric, loss }) => {
    expect(lossOf(value, metric)).toBe(loss);
  });
});

describe('paired predictions', () => {
  /** The least p of 2,000 pairs, of which `wrong` and `right` are the shares on which one version alone is right. */
  function least(
    seed: number,
    wrong: number,
    right: number,
    direction: 'worse' | 'not-worse',
    margin: number,
  ): number {
    const random = createRandom(seed);
    const test = createPaired({ margin, direction });
    for (let tick = 0; tick < 40; tick++)
      test.update(
        Array.from({ length: 50 }, () => {
          const u = random.uniform();
          return { pairs: 1, difference: u < wrong ? 1 : u < wrong + right ? -1 : 0 };
        }),
      );
    return test.p();
  }

  it('find a challenger that is worse by 4 points at 6 % discordance, mostly within 2,000 pairs', () => {
    const found = Array.from({ length: 50 }, (_, seed) => least(seed, 0.05, 0.01, 'worse', 0)).filter(
      (p) => p <= 0.01,
    );
    expect(found.length).toBeGreaterThanOrEqual(45);
  });

  it('call an equal challenger worse in at most 1 % of rollouts', () => {
    const found = Array.from({ length: 500 }, (_, seed) => least(seed, 0.03, 0.03, 'worse', 0)).filter(
      (p) => p <= 0.01,
    );
    expect(found.length).toBeLessThanOrEqual(5);
  });

  it('show an equal challenger not to be worse than 2 points', () => {
    expect(least(1, 0.03, 0.03, 'not-worse', 0.02)).toBeLessThan(0.05);
    expect(least(1, 0.06, 0.03, 'not-worse', 0.02)).toBeGreaterThan(0.05);
  });

  it('weigh a bucket with a thousand pairs as one with a single pair', () => {
    const heavy = createPaired({ margin: 0, direction: 'worse' });
    heavy.update([{ pairs: 1000, difference: 1000 }]);
    expect(heavy.p()).toBeGreaterThan(0.5);
    heavy.update([{ pairs: 0, difference: 0 }]);
    expect(heavy.p()).toBeGreaterThan(0.5);
  });
});

describe('what each design needs to find 0.88 in place of 0.90', () => {
  const design = {
    loss: 0.1,
    difference: 0.02,
    discordance: 0.06,
    alpha: 0.01,
    power: 0.8,
    labelsPerSecond: 0.4,
  };
  it.each([
    { what: 'a canary of 10 %', need: splitNeeds(design, 10), fixed: 29_000 },
    { what: 'half of the traffic', need: splitNeeds(design, 50), fixed: 9_800 },
    { what: 'a shadow', need: pairedNeeds(design), fixed: 1_500 },
  ])('$what: about $fixed labels at a fixed sample', ({ need, fixed }) => {
    expect(need.fixed / fixed).toBeCloseTo(1, 1);
    expect(need.labels).toBeGreaterThan(need.fixed);
    expect(need.labels).toBeLessThan(2.1 * need.fixed);
    expect(need.hours).toBeCloseTo(need.labels / 1_440, 0);
  });
});
