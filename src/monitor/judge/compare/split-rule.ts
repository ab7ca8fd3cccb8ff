import { sampleRatio, sampleRatioAlert } from '../evidence/sample-ratio.ts';
import type { Rule } from '../rule.ts';
import { chanceText, evidenceOf, percentText, thousands } from '../words.ts';

/**
 * Do the requests arrive in the planned split? An alert that never rolls back. Each share is judged by itself, from
 * its first full tick on. Source: section 7.4 of the method.
 */
export function createSplitRule(): Rule {
  const seen = { n0: 0, n1: 0, ticks: 0, percent: 0 };
  const planned = (): boolean => seen.percent > 0 && seen.percent < 100;
  const logE = (): number => (planned() ? sampleRatio(seen.n0, seen.n1, seen.percent / 100) : 0);
  return {
    metric: 'sample-ratio',
    name: 'requests in the planned split',
    weight: () => 0,
    step({ champion, challenger, comparable, plannedPercent }) {
      if (!comparable || !champion || !challenger) return;
      if (plannedPercent !== seen.percent)
        Object.assign(seen, { n0: 0, n1: 0, ticks: 0, percent: plannedPercent });
      seen.n0 += champion.requests;
      seen.n1 += challenger.requests;
      seen.ticks++;
    },
    atMost: () => Infinity,
    logE,
    finding() {
      const n = seen.n0 + seen.n1;
      if (!planned() || n === 0) return null;
      const share = seen.n1 / n;
      const split = `challenger got ${percentText(share)} of the requests, planned ${percentText(seen.percent / 100)}`;
      return {
        metric: 'sample-ratio',
        rule: 'requests in the planned split',
        unit: 'share',
        champion: seen.n0 / n,
        challenger: share,
        limit: seen.percent / 100,
        evidence: evidenceOf(logE()),
        threshold: sampleRatioAlert,
        championRequests: seen.n0,
        challengerRequests: seen.n1,
        ticks: seen.ticks,
        sentence: `${split}: ${chanceText(logE())} (${thousands(seen.n1)} of ${thousands(n)})`,
      };
    },
  };
}
