import { type Finding, type MetricName, type Verdict } from '../domain/verdict.ts';
import { proportionInterval } from '../monitor/judge/evidence/proportion-interval.ts';
import type { RolloutState } from './state.ts';

/** At which two intervals must lie apart, so that a figure is worse by more than chance. */
const worseLevel = 0.01;
/** By so much is a latency worse that has no interval. */
const worseFactor = 1.5;

/** The same failures seen twice: where the answers come from, and by the endpoint that gave them. */
const failures: readonly MetricName[] = ['errors', 'endpoint-errors'];

/**
 * Why the challenger fails, where nobody has been asked about that yet: the first breach; and after a person went on in spite
 * of it, what is of another kind, or worse than what was accepted. Null: nothing, or what is held for already.
 */
export function breachAnew({ breach }: RolloutState, verdict: Verdict | null): Finding | null {
  if (verdict?.kind !== 'fail') return null;
  if (breach === null) return verdict.reason;
  if (breach.dismissedBy === null) return null;
  return verdict.findings.find((finding) => decides(finding) && !covers(breach.accepted, finding)) ?? null;
}

/** A person went on in spite of all that the verdict says against the challenger. */
export const isAccepted = (state: RolloutState, verdict: Verdict | null): boolean =>
  verdict?.kind === 'fail' &&
  (state.breach?.dismissedBy ?? null) !== null &&
  breachAnew(state, verdict) === null;

const decides = ({ evidence, threshold }: Finding): boolean => evidence >= threshold;

/** Findings of one kind are one matter, whichever rule shows them: all grow with the same failures. */
function covers(accepted: readonly Finding[], finding: Finding): boolean {
  const kin = accepted.filter(({ metric }) => sameKind(metric, finding.metric));
  return kin.length > 0 && !kin.every((one) => isWorse(finding, one));
}

const sameKind = (a: MetricName, b: MetricName): boolean =>
  a === b || (failures.includes(a) && failures.includes(b));

/** Beyond chance; what is measured in something else can't be compared, and is not. */
function isWorse(now: Finding, then: Finding): boolean {
  if (now.unit !== then.unit || now.challenger === null || then.challenger === null) return false;
  if (now.unit !== 'share') return now.challenger > worseFactor * then.challenger;
  return intervalOf(now).low > intervalOf(then).high;
}

function intervalOf({ challenger, challengerRequests }: Finding) {
  const requests = Math.round(challengerRequests);
  return proportionInterval(requests, Math.min(requests, (challenger ?? 0) * requests), worseLevel);
}
