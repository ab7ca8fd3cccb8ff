import type { JudgePolicy } from '../../domain/policy.ts';
import { createRatePart, type RatePart } from './champion-rate.ts';
import { createDirection } from './direction.ts';
import { createDispersion } from './dispersion.ts';
import { average, type Evidence, noEvidence } from './evidence.ts';
import { laneWeights, lookShares } from './lanes.ts';
import { createNotWorseTest, createTemperedTest, createWorseTest, type RatioTest } from './multinomial.ts';
import { mostRequests, needMore } from './need-more.ts';
import { promoteTempering } from './non-inferiority.ts';
import type { Rule } from './rule.ts';
import { createShareTest, type PairCounts, type ShareTest } from './share-test.ts';
import { createSparseTicks } from './sparse-ticks.ts';
import { chanceText, evidenceOf, percentText, thousands } from './words.ts';

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
  const seen = { n0: 0, x0: 0, n1: 0, x1: 0, ticks: 0 };
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

  const logE = (): number => (direction.worse() ? evidence.logE() : Math.min(0, evidence.logE()));

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
    step({ champion, challenger, comparable, comparedShareChanged }) {
      if (!champion) return;
      if (comparable && challenger) {
        const counts = {
          n0: champion.requests,
          x0: champion.errors,
          n1: challenger.requests,
          x1: challenger.errors,
        };
        if (!test) begin();
        seen.n0 += counts.n0;
        seen.x0 += counts.x0;
        seen.n1 += counts.n1;
        seen.x1 += counts.x1;
        seen.ticks++;
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
    look: { share: () => lookShares.errors, p: () => (test && direction.worse() ? test.lookP() : 1) },
    notWorse: () => notWorse?.logE() ?? 0,
    needRequests,
    baseline: () => ({ bad, requests }),
    phi: () => phi ?? dispersion.phi(),
    finding(threshold, evidence = logE()) {
      if (seen.ticks === 0) return null;
      const champion = seen.n0 > 0 ? seen.x0 / seen.n0 : null;
      const challenger = seen.n1 > 0 ? seen.x1 / seen.n1 : null;
      return {
        metric: 'errors',
        rule: 'errors against champion',
        unit: 'share',
        champion,
        challenger,
        limit: null,
        evidence: evidenceOf(evidence),
        threshold,
        championRequests: seen.n0,
        challengerRequests: seen.n1,
        ticks: seen.ticks,
        sentence: errorSentence(champion, challenger, seen.x1, seen.n1, evidence),
      };
    },
  };
}

function errorSentence(
  champion: number | null,
  challenger: number | null,
  failed: number,
  requests: number,
  logE: number,
): string {
  if (challenger === null) return 'no requests reached the challenger';
  if (champion === null) return 'no requests reached the champion: nothing to compare with';
  const rates = `challenger ${percentText(challenger)} errors against ${percentText(champion)}`;
  return `${rates}: ${chanceText(logE)} (${thousands(failed)} of ${thousands(requests)} requests failed)`;
}
