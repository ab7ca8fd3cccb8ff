import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import { createRatePart, type RatePart } from './champion-rate.ts';
import { createDirection } from './direction.ts';
import { createDispersion } from '../evidence/dispersion.ts';
import { average, type Evidence, noEvidence } from '../evidence/evidence.ts';
import { beyondMargin, createFigureWindows, type Figures } from '../figures.ts';
import type { Rule } from '../rule.ts';
import { countsSentence } from '../sentences.ts';
import { createShareTest, type ShareTest } from '../evidence/share-test.ts';
import { evidenceOf } from '../words.ts';

/** Of the test of shares, and of that of the rate: a champion that refuses nothing has no share to compare with. */
const partWeights = [0.5, 0.5] as const;

/** The router counts a refusal when there is one, so none counted is none. */
const refusedOf = ({ refused = 0, requests }: ArmTick): number => Math.min(refused, requests);

/**
 * Does the challenger call more requests bad than the champion (the model's own 4xx), beyond `rollbackMargin.ratio` and by more
 * than `more` of all requests? What callers get wrong both versions see alike. With the tests of errors; `weight` is its share of
 * the sequential lane, and it has no planned look.
 * Source: section 5.7 of the method.
 */
export function createRefusalComparison(
  policy: JudgePolicy,
  { more, capAlpha, weight }: { readonly more: number; readonly capAlpha: number; readonly weight: number },
): Rule {
  const name = 'refusals against champion';
  const dispersion = createDispersion();
  const margin = { ratio: policy.rollbackMargin.ratio, difference: more };
  const direction = createDirection({ ...margin, tickMs: policy.tickMs });
  const figures = createFigureWindows();
  let bad = 0;
  let requests = 0;
  let share: ShareTest | null = null;
  let rate: RatePart | null = null;
  let evidence: Evidence = noEvidence;
  for (const tick of policy.history) learn(refusedOf(tick), tick.requests);

  function learn(x0: number, n0: number): void {
    if (!share) dispersion.push({ requests: n0, bad: x0 });
    bad += x0;
    requests += n0;
  }

  function begin(): void {
    const options = { ...margin, alpha: capAlpha, phi: dispersion.phi(), bad, requests };
    share = createShareTest(options);
    rate = createRatePart(options);
    evidence = average(partWeights, [share, rate]);
  }

  const shown = (): Figures | null => figures.showing((window) => beyondMargin(window, margin));

  function logE(): number {
    const own = evidence.logE();
    return own > 0 && !(direction.worse() && shown()) ? 0 : own;
  }

  return {
    metric: 'refusals',
    name,
    weight: () => weight,
    step({ champion, challenger, comparable, comparedShareChanged, tickMs }) {
      if (!champion) return;
      const [n0, x0] = [champion.requests, refusedOf(champion)];
      if (!comparable || !challenger) {
        share?.learn(x0, n0);
        rate?.learn(x0, n0);
        learn(x0, n0);
        return;
      }
      if (!share) begin();
      const counts = { n0, x0, n1: challenger.requests, x1: refusedOf(challenger) };
      share?.update(counts, comparedShareChanged);
      rate?.update(counts, comparedShareChanged);
      direction.push(counts);
      figures.push(counts, tickMs, comparedShareChanged);
    },
    atMost: () => (direction.worse() ? evidence.atMost() : 1),
    logE,
    finding(threshold) {
      const shows = shown();
      const window = shows ?? figures.whole();
      const { n0, x0, n1, x1, ticks } = window;
      // Where nothing was refused there is nothing to compare.
      if (x0 + x1 === 0) return null;
      return {
        metric: 'refusals',
        rule: name,
        unit: 'share',
        champion: n0 > 0 ? x0 / n0 : null,
        challenger: n1 > 0 ? x1 / n1 : null,
        limit: null,
        evidence: evidenceOf(logE()),
        threshold,
        championRequests: n0,
        challengerRequests: n1,
        ticks,
        sentence:
          n0 === 0 || n1 === 0
            ? 'no requests of both arms to compare refusals by'
            : countsSentence(window, {
                verb: 'were refused by the model',
                limit: null,
                worse: shows !== null,
                logE: logE(),
              }),
      };
    },
  };
}
