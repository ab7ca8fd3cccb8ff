import type { JudgePolicy } from '../domain/policy.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import { proportionInterval } from '../monitor/judge/evidence/proportion-interval.ts';

/** All that is said of a rule: nothing but proof decides, and nothing is called good that was not seen enough. */
export type MetricWord = 'decided' | 'over the limit, not yet proven' | 'within' | 'too early';

/** Evidence below this is no more than chance brings about every third time. */
const telling = 3;

/** The same rule; a planned look is the rule's own. */
export const isReason = ({ metric, rule }: Finding, reason: Finding): boolean =>
  reason.metric === metric &&
  reason.rule.replace(/, planned look$/, '') === rule.replace(/, planned look$/, '');

/** At which the interval of a share must lie below its limit. */
const sure = 0.05;

/**
 * One word for a rule. `decided`: it rolls back, or did. `over the limit, not yet proven`: its figure is beyond the limit, or
 * beyond what the rollback margin allows over the champion. `within`: it is not, and enough was seen to say so. `too early`:
 * neither.
 */
export function wordOf(finding: Finding, verdict: Verdict | null, policy: JudgePolicy): MetricWord {
  if (verdict?.kind === 'fail') {
    if (isReason(finding, verdict.reason) || finding.evidence >= finding.threshold) return 'decided';
  }
  const { challenger, challengerRequests, evidence } = finding;
  // Slower than the slowest bucket has no figure.
  if (challenger === null && evidence > telling) return 'over the limit, not yet proven';
  if (challenger === null || challengerRequests === 0) return 'too early';
  const allowed = allowedBy(finding, policy);
  // Of two rates the one is always higher by chance: only a limit is exceeded by the figure alone.
  // Its limit is what was planned, and half of all rollouts get a little more.
  const least = finding.metric === 'sample-ratio' ? telling : 1;
  const counts = (finding.limit !== null && finding.metric !== 'sample-ratio') || evidence > least;
  if (allowed !== null && challenger > allowed && counts) return 'over the limit, not yet proven';
  if (verdict?.kind === 'pass') return 'within';
  return allowed !== null && surelyBelow(finding, challenger, allowed) ? 'within' : 'too early';
}

/** The figure beyond which a rule speaks against the challenger, in the finding's unit; null where there is none. */
export function allowedBy(
  { metric, limit, champion, unit }: Finding,
  { rollbackMargin: { ratio, difference, slower }, refusedMore }: JudgePolicy,
): number | null {
  if (limit !== null) return limit;
  if (champion === null) return null;
  switch (metric) {
    case 'errors':
    case 'throttles':
    case 'endpoint-errors':
      return unit === 'share' ? ratio * champion + difference : null;
    case 'refusals':
      return ratio * champion + (refusedMore ?? 0);
    case 'latency':
      // Slow requests are compared beyond a time of the champion's; a time by itself may be so much longer.
      return unit === 'share' ? ratio * champion + difference : champion * (1 + slower);
    default:
      return null;
  }
}

/** For shares of independent requests; of a time or a rate a minute only the judge's pass says so. */
function surelyBelow({ unit, challengerRequests }: Finding, challenger: number, allowed: number): boolean {
  if (unit !== 'share') return false;
  const requests = Math.round(challengerRequests);
  const bad = Math.min(requests, Math.round(challenger * requests));
  return proportionInterval(requests, bad, sure).high <= allowed;
}

/**
 * Evidence on a scale from 0 (none) to 1 (it rolls back), by its logarithm, so that every rule is drawn against its own
 * threshold; above 1 where it is beyond that. Null where no evidence would decide.
 */
export function shareOfThreshold({
  evidence,
  threshold,
}: Pick<Finding, 'evidence' | 'threshold'>): number | null {
  if (!Number.isFinite(threshold) || threshold <= 1) return null;
  return Math.max(0, Math.log(Math.max(evidence, 1)) / Math.log(threshold));
}
