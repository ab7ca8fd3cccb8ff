import { normalUpperQuantile } from '../math/normal.ts';
import { plannedLooks } from './judge-labels.ts';

export interface QualityDesign {
  /** The champion's loss, 0 to 1. */
  readonly loss: number;
  /** How much more loss is to be found, above 0. */
  readonly difference: number;
  /** Of a shadow: on which share of requests the two versions differ in being right. */
  readonly discordance: number;
  readonly alpha: number;
  /** Probability of finding the difference. */
  readonly power: number;
  /** Labels a second for all traffic. */
  readonly labelsPerSecond: number;
}

export interface QualityNeed {
  /** Labels of both arms that one test of a fixed sample needs. */
  readonly fixed: number;
  /** Labels of both arms at which the planned looks have found it. */
  readonly labels: number;
  readonly hours: number;
}

/** Above what a sequential paired test takes beside one with a fixed sample: 1.5 to 1.8, bench/judge/labels/RESULTS.md. */
const pairedCost = 2;

/**
 * What a split needs, `percent` of traffic on the challenger. For labels of independent users: by a normal test of two means,
 * each look at its part of alpha.
 * @returns labels of both arms
 */
export function splitNeeds(design: QualityDesign, percent: number): QualityNeed {
  const { loss, difference, alpha, labelsPerSecond } = design;
  const share = percent / 100;
  const worse = Math.min(1, loss + difference);
  const variance = (loss * (1 - loss)) / (1 - share) + (worse * (1 - worse)) / share;
  const labelsAt = (level: number): number => needed(design, level) * (variance / difference ** 2);
  return needOf(labelsAt(alpha), labelsAt(alpha / plannedLooks), labelsPerSecond);
}

/** What a shadow needs in which every request is copied, and so labelled for both. */
export function pairedNeeds(design: QualityDesign): QualityNeed {
  const { discordance, difference, alpha, labelsPerSecond } = design;
  const fixed = needed(design, alpha) * (Math.max(discordance, difference) / difference ** 2);
  return needOf(fixed, pairedCost * fixed, labelsPerSecond);
}

/** (z_alpha + z_power)^2 */
const needed = ({ power }: QualityDesign, alpha: number): number =>
  (normalUpperQuantile(alpha) + normalUpperQuantile(1 - power)) ** 2;

const needOf = (fixed: number, labels: number, labelsPerSecond: number): QualityNeed => ({
  fixed: Math.ceil(fixed),
  labels: Math.ceil(labels),
  hours: labels / labelsPerSecond / 3_600,
});
