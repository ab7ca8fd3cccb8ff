import type { JudgePolicy } from '../../domain/policy.ts';
import { createDirection } from './direction.ts';
import { createDispersion } from './dispersion.ts';
import { callsOf } from './limited.ts';
import type { Rule } from './rule.ts';
import { createShareTest, type ShareTest } from './share-test.ts';
import { chanceText, evidenceOf, percentText, thousands } from './words.ts';

/**
 * Is the challenger throttled more often than the champion, beyond the rollback margin? Of throttled calls of all that
 * were made, with the same test as errors; `weight` is its share of the sequential lane, and it has no planned look.
 */
export function createThrottleComparison(policy: JudgePolicy, capAlpha: number, weight: number): Rule {
  const name = 'throttles against champion';
  const dispersion = createDispersion();
  const { ratio, difference } = policy.rollbackMargin;
  const direction = createDirection({ ratio, difference, tickMs: policy.tickMs });
  const seen = { n0: 0, x0: 0, n1: 0, x1: 0, ticks: 0 };
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

  const logE = (): number => {
    const own = test?.logE() ?? 0;
    return direction.worse() ? own : Math.min(0, own);
  };

  return {
    metric: 'throttles',
    name,
    weight: () => weight,
    step({ champion, challenger, comparable, comparedShareChanged }) {
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
      seen.n0 += n0;
      seen.x0 += x0;
      seen.n1 += n1;
      seen.x1 += x1;
      seen.ticks++;
    },
    logE,
    atMost: () => (test && direction.worse() ? test.atMost() : 1),
    finding(threshold) {
      // Where nobody was throttled there is nothing to compare.
      if (seen.x0 + seen.x1 === 0) return null;
      const champion = seen.n0 > 0 ? seen.x0 / seen.n0 : null;
      const challenger = seen.n1 > 0 ? seen.x1 / seen.n1 : null;
      return {
        metric: 'throttles',
        rule: name,
        unit: 'share',
        champion,
        challenger,
        limit: null,
        evidence: evidenceOf(logE()),
        threshold,
        championRequests: seen.n0,
        challengerRequests: seen.n1,
        ticks: seen.ticks,
        sentence:
          champion === null || challenger === null
            ? 'no calls of both arms to compare throttling by'
            : `challenger ${percentText(challenger)} throttled against ${percentText(champion)}: ${chanceText(logE())} (${thousands(seen.x1)} of ${thousands(seen.n1)} requests were throttled)`,
      };
    },
  };
}
