import type { JudgePolicy } from '../../../domain/policy.ts';
import { createDirection } from './direction.ts';
import { createDispersion } from '../evidence/dispersion.ts';
import { beyondMargin, createFigureWindows, type Figures } from '../figures.ts';
import { callsOf } from '../evidence/limited.ts';
import type { Rule } from '../rule.ts';
import { countsSentence } from '../sentences.ts';
import { createShareTest, type ShareTest } from '../evidence/share-test.ts';
import { evidenceOf } from '../words.ts';

/**
 * Is the challenger throttled more often than the champion, beyond the rollback margin? Of throttled calls of all that
 * were made, with the same test as errors; `weight` is its share of the sequential lane, and it has no planned look.
 * Source: section 5.7 of the method.
 */
export function createThrottleComparison(policy: JudgePolicy, capAlpha: number, weight: number): Rule {
  const name = 'throttles against champion';
  const dispersion = createDispersion();
  const { ratio, difference } = policy.rollbackMargin;
  const direction = createDirection({ ratio, difference, tickMs: policy.tickMs });
  const figures = createFigureWindows();
  let bad = 0;
  let requests = 0;
  let test: ShareTest | null = null;
  for (const tick of policy.history) learn(tick.throttles, callsOf(tick));

  function learn(x0: number, n0: number): void {
    if (!test) dispersion.push({ requests: n0, bad: x0 });
    else test.learn(x0, n0);
    bad += x0;
    requests += n0;
  }

  const shown = (): Figures | null =>
    figures.showing((window) => beyondMargin(window, { ratio, difference }));

  const logE = (): number => {
    const own = test?.logE() ?? 0;
    return own > 0 && !(direction.worse() && shown()) ? 0 : own;
  };

  return {
    metric: 'throttles',
    name,
    weight: () => weight,
    step({ champion, challenger, comparable, comparedShareChanged, tickMs }) {
      if (!champion) return;
      const n0 = callsOf(champion);
      const x0 = champion.throttles;
      if (!comparable || !challenger) {
        learn(x0, n0);
        return;
      }
      test ??= createShareTest({ alpha: capAlpha, ratio, difference, phi: dispersion.phi(), bad, requests });
      const n1 = callsOf(challenger);
      const x1 = challenger.throttles;
      test.update({ n0, x0, n1, x1 }, comparedShareChanged);
      direction.push({ n0, x0, n1, x1 });
      figures.push({ n0, x0, n1, x1 }, tickMs, comparedShareChanged);
    },
    logE,
    atMost: () => (test && direction.worse() ? test.atMost() : 1),
    finding(threshold) {
      const shows = shown();
      const window = shows ?? figures.whole();
      const { n0, x0, n1, x1, ticks } = window;
      // Where nobody was throttled there is nothing to compare.
      if (x0 + x1 === 0) return null;
      return {
        metric: 'throttles',
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
            ? 'no calls of both arms to compare throttling by'
            : countsSentence(window, {
                verb: 'were throttled',
                limit: null,
                worse: shows !== null,
                logE: logE(),
              }),
      };
    },
  };
}
