import { randomisationTest } from '../users/randomisation.ts';
import { type ArmTotals, armTotals, labelsExchange, type LabelsInput } from './labels-exchange.ts';

export interface QualityPolicy {
  /** Of rolling back a challenger that is not worse than the margin, over all looks. */
  readonly alpha: number;
  /** Of calling a challenger not worse that is worse by the margin, over all looks. */
  readonly alphaPromote: number;
  /** How much worse, in loss, is still allowed. */
  readonly margin: number;
  /** Labels of both arms before the first look. */
  readonly minLabels: number;
  /** How far the labelled shares of the arms may differ, relative to the champion's. */
  readonly missing: number;
}

export type QualityVerdict =
  /** Roll back. */
  | ({ readonly kind: 'worse'; readonly p: number } & Totals)
  | ({ readonly kind: 'not-worse'; readonly p: number } & Totals)
  | ({ readonly kind: 'undecided' } & Totals)
  /** Labels come for another share of one arm's answers: a comparison of those that came says little. */
  | ({ readonly kind: 'unequal-labels'; readonly p: number } & Totals);

interface Totals {
  readonly champion: ArmTotals;
  readonly challenger: ArmTotals;
}

/** The labels double from one look to the next: with the last, 128 times as many as with the first. */
export const plannedLooks = 8;
/** A difference of labelled shares so unlikely holds: holding wrongly costs time only. */
const unequalAt = 0.01;

/**
 * How many looks are due with so many labels of both arms; each look is taken once. The number of labels knows nothing of
 * what they say.
 */
export const looksDue = (labels: number, minLabels: number): number =>
  labels < minLabels ? 0 : Math.min(plannedLooks, 1 + Math.floor(Math.log2(labels / minLabels) + 1e-9));

/**
 * One look of a canary or blue-green rollout under sticky routing, at labels that are final. Each look has an equal part of
 * alpha (Bonferroni), and each is a randomisation test with user buckets as units: exact for any users. So it needs no
 * assumption on how labels of one user depend on each other, and none on when labels come.
 * Source: sections 16.1 and 16.2 of the method.
 * @param uniform numbers in [0, 1)
 */
export function judgeLabels(
  policy: QualityPolicy,
  input: LabelsInput,
  uniform: () => number,
): QualityVerdict {
  const totals = armTotals(input);
  const unequal = unequalLabels(policy, input, totals, uniform);
  if (unequal !== null) return { kind: 'unequal-labels', p: unequal, ...totals };
  const test = (shift: number, sign: 1 | -1): number =>
    randomisationTest(
      labelsExchange(input, ({ losses, labels }) => ({ sums: losses, counts: labels }), { shift, sign }),
      uniform,
    ).p;
  const worse = test(policy.margin, 1);
  if (worse <= policy.alpha / plannedLooks) return { kind: 'worse', p: worse, ...totals };
  const notWorse = test(policy.margin, -1);
  if (notWorse <= policy.alphaPromote / plannedLooks) return { kind: 'not-worse', p: notWorse, ...totals };
  return { kind: 'undecided', ...totals };
}

/** Null where the labelled shares differ by no more than allowed, or by what chance explains. */
function unequalLabels(
  { missing }: QualityPolicy,
  input: LabelsInput,
  { champion, challenger }: Totals,
  uniform: () => number,
): number | null {
  const [share0, share1] = [champion, challenger].map(({ answers, labels }) => labels / answers);
  if (share0 === undefined || share1 === undefined || !(Math.abs(share1 - share0) > missing * share0))
    return null;
  const sign = share1 > share0 ? 1 : -1;
  const counts = labelsExchange(input, ({ labels, answers }) => ({ sums: labels, counts: answers }), {
    shift: 0,
    sign,
  });
  const p = Math.min(1, 2 * randomisationTest(counts, uniform).p);
  return p <= unequalAt ? p : null;
}
