import type { ArmTick, Histogram } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { createDispersion } from '../evidence/dispersion.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { createFigureWindows, type FigureWindows } from '../figures.ts';
import { createHistogramSum, cutAt, edgeNear, total, type Cut } from '../evidence/histogram.ts';
import type { RatioTest } from '../evidence/multinomial.ts';
import { promoteTempering } from './non-inferiority.ts';
import { createRecentDirection } from './recent-direction.ts';
import { createShareTest, type ShareTest } from '../evidence/share-test.ts';
import { aboveCut, all, createTail, evenlyAbove, possiblyAbove, type Tail } from '../evidence/tail.ts';
import { createTwoBernoulli } from '../evidence/two-bernoulli.ts';

export interface SlowShare extends Evidence {
  /** The champion alone: its threshold is learnt from it while there is none. */
  learn(champion: Histogram): void;
  compare(champion: Tail, challenger: Tail, ms: number, shareChanged: boolean): void;
  /** Both arms' slow requests at the present share, the challenger's beyond the margin. */
  readonly figures: FigureWindows;
  readonly lookP: () => number;
  /** The share changed: what was shown at another one is no proof at this one. */
  proveAnew(): void;
  notWorse(): number;
  /** Milliseconds; null until it is learnt. */
  threshold(): number | null;
}

/**
 * Fewest of the champion's requests from which a quantile's threshold is taken. Where exactly the threshold lies
 * matters for power only, not for the guarantee, so it is better taken soon than exactly.
 */
const fewestFor = (q: number): number => Math.max(20, 1 / (1 - q));

/**
 * Is the challenger more than a factor (1 + m) slower around the champion's q-th quantile c? The champion's requests
 * above c are compared with the challenger's above (1 + m) c: no worse means just that, whatever the distribution.
 *
 * c is the champion's, from history or from its first requests in the rollout, and always an edge of the buckets; it
 * is fixed before the tick that is counted by it. Where (1 + m) c is inside a bucket, the bucket is cut as the
 * champion's tail suggests: then a challenger that is the champion's equal still never counts as slower, but the
 * tolerance m is approximate. Source: section 4.1 of the method.
 */
export function createSlowShare(
  { q, required }: { readonly q: number; readonly required: boolean },
  policy: JudgePolicy,
  capAlpha: number,
): SlowShare {
  const learnt = createHistogramSum();
  const figures = createFigureWindows();
  const direction = createRecentDirection({ ratio: 1, tickMs: policy.tickMs });
  const slower = 1 + policy.rollbackMargin.slower;
  const promoteSlower = 1 + policy.promoteMargin.slower;
  let c: number | null = null;
  let cut: Cut | null = null;
  let test: ShareTest | null = null;
  let independent: RatioTest | null = null;
  let notWorse: RatioTest | null = null;
  let tempering = 1;

  const history = policy.history.filter(hasLatency);
  for (const tick of history) learnt.add(tick.latency);
  begin(history);

  function begin(from: readonly { readonly latency: Histogram }[]): void {
    const sum = learnt.sum();
    if (c !== null || !sum || total(sum) < fewestFor(q)) return;
    const edge = edgeNear(sum, q, slower);
    cut = edge === null ? null : cutAt(sum, edge * slower);
    if (edge === null || cut === null) return;
    c = edge;
    const dispersion = createDispersion('slow');
    const tailOf = createTail();
    for (const { latency } of from) {
      const tail = tailOf(latency);
      dispersion.push({ requests: all(tail), bad: possiblyAbove(tail, edge) });
    }
    const phi = dispersion.phi();
    const common = { nominal: 1 - q, phi: phi ?? 1 };
    // As of errors: the planned looks are the robust test's whatever the noise.
    test = createShareTest({ alpha: capAlpha, ratio: 1, difference: 0, phi, bad: 0, requests: 0 });
    if (policy.noise === 'independent') independent = createTwoBernoulli({ ...common, direction: 'worse' });
    tempering = promoteTempering(phi);
    proveAnew();
  }

  function proveAnew(): void {
    if (!required || c === null) return;
    notWorse = createTwoBernoulli({ nominal: 1 - q, phi: tempering, direction: 'not-worse' });
  }

  function learn(champion: Histogram): void {
    if (c !== null) return;
    learnt.add(champion);
    begin([]);
  }

  return {
    learn,
    proveAnew,
    figures,
    compare(champion, challenger, ms, shareChanged) {
      if (c === null || cut === null) return learn(champion.histogram);
      const n0 = all(champion);
      const n1 = all(challenger);
      const x0 = possiblyAbove(champion, c);
      const counts = { n0, x0, n1, x1: aboveCut(challenger, cut, c * slower) };
      direction.push(counts);
      figures.push(counts, ms, shareChanged);
      test?.update(counts, shareChanged);
      independent?.update(counts, shareChanged);
      notWorse?.update({ n0, x0, n1, x1: evenlyAbove(challenger, c * promoteSlower) });
    },
    atMost: () => (direction.worse() ? ((independent ?? test)?.atMost() ?? 1) : 1),
    logE() {
      const logE = (independent ?? test)?.logE() ?? 0;
      return direction.worse() ? logE : Math.min(0, logE);
    },
    lookP: () => (direction.worse() ? (test?.lookP() ?? 1) : 1),
    notWorse: () => notWorse?.logE() ?? 0,
    threshold: () => c,
  };
}

export function hasLatency(tick: ArmTick): tick is ArmTick & { readonly latency: Histogram } {
  return tick.latency !== undefined;
}
