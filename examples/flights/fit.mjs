/** The statistics that train.mjs needs: shrunk means, boosted trees, a delay curve, and the measures of quality. */
import { isLate } from './data.mjs';
import { minutesAt, probability, round } from './model.mjs';

export const logOdds = (p) => Math.log(p / (1 - p));

export const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Counts late and all flights under each of their keys. @returns {Record<string, [late: number, all: number]>} */
export function tallyBy(rows, keysOf) {
  const tally = {};
  for (const row of rows) {
    for (const key of keysOf(row)) {
      const entry = (tally[key] ??= [0, 0]);
      entry[0] += isLate(row);
      entry[1] += 1;
    }
  }
  return tally;
}

/** The late share under a key, pulled towards `usual` as if `weight` usual flights had been seen as well. */
export function shareOf(tally, key, usual, weight) {
  const [late, all] = tally[key] ?? [0, 0];
  return (late + weight * usual) / (all + weight);
}

/** How far the log odds of being late lie from usual, for each key. @returns {Record<string, number>} */
export function effects(rows, keyOf, weight) {
  const usual = meanOf(rows.map(isLate));
  const tally = tallyBy(rows, (row) => [keyOf(row)]);
  const effect = (key) => round(logOdds(shareOf(tally, key, usual, weight)) - logOdds(usual), 4);
  const keys = Object.keys(tally).sort();
  return Object.fromEntries(keys.map((key) => [key, effect(key)]));
}

const BINS = 24;
const ROUNDS = 60;
const DEPTH = 4;
const RATE = 0.12;
const SMALLEST_LEAF = 60;
const CALM = 5; // pulls the leaves towards zero

/**
 * Gradient-boosted trees for a yes-or-no label: each tree corrects what the ones before it got wrong.
 * @param {number[][]} rows features of each flight @param {number[]} labels 0 or 1
 * @returns {{ base: number, trees: import('./model.mjs').Tree[] }} their sum is the log odds
 */
export function boost(rows, labels) {
  const base = round(logOdds(meanOf(labels)), 4);
  const columns = rows[0].map((_, feature) => binned(rows.map((row) => row[feature])));
  const scores = new Float64Array(rows.length).fill(base);
  const gradient = new Float64Array(rows.length);
  const curvature = new Float64Array(rows.length);
  const everyone = Uint32Array.from(rows.keys());
  const trees = Array.from({ length: ROUNDS }, () => {
    for (const i of everyone) {
      const p = probability(scores[i]);
      gradient[i] = labels[i] - p;
      curvature[i] = p * (1 - p);
    }
    return grow(everyone, DEPTH);
  });
  return { base, trees };

  function grow(members, depth) {
    const split = depth > 0 ? bestSplit(columns, members, gradient, curvature) : undefined;
    if (!split) return leaf(members);
    const { feature, bin } = split;
    const { bins, edges } = columns[feature];
    const below = members.filter((i) => bins[i] <= bin);
    const above = members.filter((i) => bins[i] > bin);
    return [feature, edges[bin], grow(below, depth - 1), grow(above, depth - 1)];
  }

  function leaf(members) {
    let [g, h] = [0, 0];
    for (const i of members) {
      g += gradient[i];
      h += curvature[i];
    }
    const value = round((RATE * g) / (h + CALM), 4);
    for (const i of members) scores[i] += value;
    return value;
  }
}

function binned(values) {
  const sorted = Float64Array.from(values).sort();
  const quantile = (share) => sorted[Math.floor(sorted.length * share)];
  const edges = [...new Set(Array.from({ length: BINS - 1 }, (_, i) => quantile((i + 1) / BINS)))];
  const binOf = (value) => {
    const bin = edges.findIndex((edge) => value <= edge);
    return bin < 0 ? edges.length : bin;
  };
  return { edges, bins: Uint8Array.from(values, binOf) };
}

function bestSplit(columns, members, gradient, curvature) {
  const gainOf = (g, h) => (g * g) / (h + CALM);
  let [best, most] = [undefined, 1e-6];
  columns.forEach(({ bins, edges }, feature) => {
    const g = new Float64Array(BINS);
    const h = new Float64Array(BINS);
    const count = new Uint32Array(BINS);
    for (let k = 0; k < members.length; k++) {
      const i = members[k]; // by index, for speed: training spends most of its time here
      g[bins[i]] += gradient[i];
      h[bins[i]] += curvature[i];
      count[bins[i]] += 1;
    }
    const [allG, allH] = [g, h].map((sums) => sums.reduce((sum, value) => sum + value, 0));
    let [leftG, leftH, left] = [0, 0, 0];
    for (let bin = 0; bin < edges.length; bin++) {
      leftG += g[bin];
      leftH += h[bin];
      left += count[bin];
      if (left < SMALLEST_LEAF || members.length - left < SMALLEST_LEAF) continue;
      const gain = gainOf(leftG, leftH) + gainOf(allG - leftG, allH - leftH) - gainOf(allG, allH);
      if (gain > most) [best, most] = [{ feature, bin }, gain];
    }
  });
  return best;
}

const CURVE_POINTS = 20;
const LONGEST_MINUTES = 120; // one flight that is nine hours late says little about the next

/** Mean delay of twenty groups of flights of like score. @returns {[score: number, minutes: number][]} */
export function delayCurve(scores, flights) {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  const points = Array.from({ length: CURVE_POINTS }, (_, i) => {
    const [start, end] = [i, i + 1].map((edge) => Math.floor((order.length * edge) / CURVE_POINTS));
    const group = order.slice(start, end);
    return [
      round(meanOf(group.map((i) => scores[i])), 4),
      round(meanOf(group.map((i) => shortened(flights[i].delay))), 2),
    ];
  });
  return points.filter(([at], i) => i === 0 || at > points[i - 1][0]);
}

const shortened = (minutes) => Math.max(-LONGEST_MINUTES, Math.min(LONGEST_MINUTES, minutes));

/**
 * Quality on flights that training never saw. `auc`: how often a late flight scores above a punctual one (0.5 is a
 * coin). `mae`: mean minutes between expected and true delay. `logLoss`: surprise at what came, mean.
 */
export function measure(curve, scores, flights) {
  const labels = flights.map(isLate);
  const loss = scores.map((score, i) => -Math.log(probability(labels[i] ? score : -score)));
  const misses = scores.map((score, i) => Math.abs(minutesAt(curve, score) - flights[i].delay));
  return {
    auc: round(areaUnderCurve(scores, labels), 4),
    mae: round(meanOf(misses), 3),
    logLoss: round(meanOf(loss), 4),
    rows: flights.length,
  };
}

/** From the ranks of the late flights; flights of equal score share their rank. */
function areaUnderCurve(scores, labels) {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  for (let start = 0, end; start < order.length; start = end) {
    end = start;
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    for (const i of order.slice(start, end)) ranks += labels[i] * ((start + end + 1) / 2);
  }
  const late = labels.reduce((sum, label) => sum + label, 0);
  return (ranks - (late * (late + 1)) / 2) / (late * (labels.length - late));
}
