import type { JudgePolicy } from '../../../domain/policy.ts';
import { createRatePart, type RatePart } from './champion-rate.ts';
import { createDirection } from './direction.ts';
import { createDispersion } from '../evidence/dispersion.ts';
import { average, type Evidence, noEvidence } from '../evidence/evidence.ts';
import { beyondMargin, createFigureWindows, type Figures } from '../figures.ts';
import { laneWeights, lookShares } from '../evidence/lanes.ts';
import {
  createNotWorseTest,
  createTemperedTest,
  createWorseTest,
  type RatioTest,
} from '../evidence/multinomial.ts';
import { mostRequests, needMore } from '../power/need-more.ts';
import { promoteTempering } from './non-inferiority.ts';
import type { Rule } from '../rule.ts';
import { countsSentence } from '../sentences.ts';
import { createShareTest, type PairCounts, type ShareTest } from '../evidence/share-test.ts';
import { createSparseTicks } from '../evidence/sparse-ticks.ts';
import { evidenceOf } from '../words.ts';

export interface ErrorComparison extends Rule {
  /** Champion's history and all its ticks so far. */
  baseline(): { readonly bad: number; readonly requests: number };
  phi(): number | null;
  /** About so many more challenger requests would show it to be no worse; null where it is shown, or can't be said. */
  needRequests(): number | null;
}

/** Weights of the robust test, the tempered one, and that of the rate. */
const partWeights = [0.7, 0.15, 0.15] as const;

/**
 * Does the challenger fail more often than the champion, beyond the rollback margin?
 *
 * The champion's ticks before the first comparison are history: they fix the dispersion and sharpen the margin.
 * Afterwards the dispersion stays, for what the challenger's presence does to it must not change the test.
 */
export function createErrorComparison(policy: JudgePolicy, capAlpha: number): ErrorComparison {
  const dispersion = createDispersion();
  const { ratio, difference } = policy.rollbackMargin;
  let bad = 0;
  let requests = 0;
  let phi: number | null = null;
  let test: ShareTest | null = null;
  /** Beside `test`, or instead of it where failures are said to be independent of each other. */
  let ratioTest: RatioTest | null = null;
  let ratePart: RatePart | null = null;
  let evidence: Evidence = noEvidence;
  let notWorse: RatioTest | null = null;
  const sparse = createSparseTicks(policy);
  const direction = createDirection({ ratio, difference, tickMs: policy.tickMs });
  /** The challenger's share of the requests of the last tick that had both arms'. */
  const now = { share: 0 };
  const figures = createFigureWindows();
  for (const tick of policy.history) learn(tick.errors, tick.requests);

  function learn(errors: number, n: number): void {
    if (!test) dispersion.push({ requests: n, bad: errors });
    bad += errors;
    requests += n;
  }

  function begin(): void {
    phi = dispersion.phi();
    // Where failures are independent of each other the planned looks are still the robust test's.
    test = createShareTest({ alpha: capAlpha, ratio, difference, phi, bad, requests });
    if (policy.noise === 'independent') {
      evidence = ratioTest = createWorseTest({ ratio, difference, phi: phi ?? 1 });
    } else {
      ratioTest = createTemperedTest({ ratio, difference, phi, alpha: capAlpha });
      ratePart = createRatePart({ alpha: capAlpha, ratio, difference, phi, bad, requests });
      evidence = average(partWeights, [test, ratioTest, ratePart]);
    }
    proveAnew();
  }

  /** What is worse at 50 % may have been well at 10 %: each share proves its own. */
  function proveAnew(): void {
    const margin = policy.promoteMargin;
    notWorse = createNotWorseTest({
      ratio: margin.ratio,
      difference: margin.difference,
      phi: promoteTempering(phi),
    });
  }

  function compare(counts: PairCounts, shareChanged: boolean): void {
    test?.update(counts, shareChanged);
    ratioTest?.update(counts, shareChanged);
    ratePart?.update(counts, shareChanged);
    if (shareChanged) proveAnew();
    notWorse?.update(counts);
    direction.push(counts);
    if (counts.n0 > 0 && counts.n1 > 0) now.share = counts.n1 / (counts.n0 + counts.n1);
  }

  /** What the numbers show: without it, no evidence counts. */
  const shown = (): Figures | null =>
    figures.showing((window) => beyondMargin(window, { ratio, difference }));

  function logE(): number {
    const all = evidence.logE();
    return all > Math.log(3) && !(direction.worse() && shown()) ? 0 : all;
  }

  function needRequests(): number | null {
    if (!notWorse || requests === 0) return null;
    const rate = bad / requests;
    const more = needMore({
      ratio: policy.promoteMargin.ratio,
      difference: policy.promoteMargin.difference,
      phi: promoteTempering(phi),
      alpha: policy.alphaPromote,
      w: now.share,
      p0: rate,
      p1: rate,
      logWeights: notWorse.logWeights(),
    });
    return more > 0 && more <= mostRequests ? Math.ceil(more) : null;
  }

  return {
    metric: 'errors',
    name: 'errors against champion',
    weight: () => laneWeights.errors,
    step({ champion, challenger, comparable, comparedShareChanged, tickMs }) {
      if (!champion) return;
      if (comparable && challenger) {
        const counts = {
          n0: champion.requests,
          x0: champion.errors,
          n1: challenger.requests,
          x1: challenger.errors,
        };
        if (!test) begin();
        figures.push(counts, tickMs, comparedShareChanged);
        const enough = sparse.push(counts, comparedShareChanged);
        if (enough) compare(enough, sparse.shareChanged());
      } else {
        test?.learn(champion.errors, champion.requests);
        ratePart?.learn(champion.errors, champion.requests);
      }
      learn(champion.errors, champion.requests);
    },
    atMost: () => (direction.worse() ? evidence.atMost() : 1),
    logE,
    look: {
      share: () => lookShares.errors,
      p: () => (test && direction.worse() && shown() ? test.lookP() : 1),
    },
    notWorse: () => notWorse?.logE() ?? 0,
    needRequests,
    baseline: () => ({ bad, requests }),
    phi: () => phi ?? dispersion.phi(),
    finding(threshold, evidence = logE()) {
      const shows = shown();
      const window = shows ?? figures.whole();
      if (window.ticks === 0) return null;
      const { n0, x0, n1, x1, ticks } = window;
      return {
        metric: 'errors',
        rule: 'errors against champion',
        unit: 'share',
        champion: n0 > 0 ? x0 / n0 : null,
        challenger: n1 > 0 ? x1 / n1 : null,
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
        championRequests: n0,
        challengerRequests: n1,
        ticks,
        sentence: errorSentence(window, shows !== null, evidence),
      };
    },
  };
}

function errorSentence(window: Figures, worse: boolean, logE: number): string {
  if (window.n1 === 0) return 'no requests reached the challenger';
  if (window.n0 === 0) return 'no requests reached the champion: nothing to compare with';
  return countsSentence(window, { verb: 'failed', limit: null, worse, logE });
}
