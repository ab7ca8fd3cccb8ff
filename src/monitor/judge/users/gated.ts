import type { Finding } from '../../../domain/verdict.ts';
import type { Counted } from './counted.ts';

/**
 * What a finding counts by user bucket; null where it passes no gate:
 * - relative errors and latencies pass it (the mean's latency by the p95's count), and absolute error limits beside a
 *   champion, unless their scope is `absolute`, which is the user's own decision;
 * - refusals pass it: one caller's malformed requests are on one arm alone;
 * - throttles do not: an endpoint's concurrency throttles calls, whoever makes them. Limits on mean latency do not either.
 */
export function countedOf(finding: Finding, scope: 'attributable' | 'absolute'): Counted | null {
  const { metric, limit, rule } = finding;
  switch (metric) {
    case 'errors':
      return limit === null || scope === 'attributable' ? 'errors' : null;
    case 'endpoint-errors':
      return scope === 'attributable' ? 'endpoint' : null;
    case 'refusals':
      return 'refused';
    case 'latency':
      if (limit !== null) return null;
      if (rule.startsWith('p50')) return 'slow50';
      return rule.startsWith('p99') ? 'slow99' : 'slow95';
    case 'throttles':
    case 'sample-ratio':
    case 'disagreement':
      return null;
  }
}
