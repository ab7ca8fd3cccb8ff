import type { ArmTick, Observation, RequestCount, StratumCounts } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import type { ServedCount } from '../ports/index.ts';
import { unseenIn } from './unseen.ts';

const failing = 0.9;
const wellAtMost = 0.5;
const fewestRequests = 20;
const fewestTicks = 2;
/** Of 16: as many of them fail where the version does, and few where single users do. */
const fewestStrata = 8;

/**
 * Total failure of the challenger in ticks that may still change: at least nine in ten of its requests failed, in two
 * ticks or more, while the champion's did not. Nothing else is decided by such ticks, for which requests arrive late may
 * depend on how they ended. null: no such failure.
 * Source: section 12 of the method.
 */
export function totalFailure(
  policy: Pick<JudgePolicy, 'scope' | 'users'>,
  provisional: readonly Observation[],
): Extract<Verdict, { kind: 'fail' }> | null {
  const ticks = provisional.filter(
    ({ challenger, straddlesChange, copies }) =>
      challenger !== null && challenger.requests > 0 && straddlesChange !== true && copies === undefined,
  );
  const own = sumOf(ticks.map(({ challenger }) => challenger));
  const bad = ticks.filter(({ challenger: c }) => c !== null && c.errors >= failing * c.requests);
  if (own.requests < fewestRequests || own.errors < failing * own.requests) return null;
  if (bad.length < fewestTicks) return null;
  // Users are the unit of comparison: how many of them fail must be known.
  if (policy.users !== undefined && strataFailing(ticks) < fewestStrata) return null;
  const other = sumOf(ticks.map(({ champion }) => champion));
  const isAlone = ticks.every(({ champion }) => champion === null);
  if (!isAlone && policy.scope === 'attributable' && !isWell(other)) return null;
  return failed({
    metric: 'errors',
    rule: 'total failure, metrics not complete yet',
    own,
    other,
    ticks: ticks.length,
    sentence: `${own.errors} of ${own.requests} challenger requests failed, champion ${other.errors} of ${other.requests}, in the ${ticks.length} newest ticks`,
  });
}

/** A minute each; who else than users asks an endpoint does not go on for so long without being seen. */
const fewestPeriods = 3;

/**
 * Total failure by SageMaker's own counts, where the router's metrics show none of the challenger's requests: in three minutes
 * or more its endpoint answered nine in ten with 5xx, while the champion's did not. Which users they are nobody knows; but
 * nothing speaks for the challenger either, and no caller makes metrics late. null: no such failure.
 * @param served oldest first
 * @param since when the present share began, milliseconds
 */
export function failureAtEndpoint(
  policy: Pick<JudgePolicy, 'scope'>,
  served: readonly ServedCount[],
  since: number,
): Extract<Verdict, { kind: 'fail' }> | null {
  const last = served.at(-1);
  if (last === undefined || unseenIn(served, since)('challenger', last.at) < fewestRequests) return null;
  const seen = served.findLast(({ challenger }) => (challenger?.compared ?? 0) > 0)?.at ?? -Infinity;
  const rows = served.filter(
    ({ at, periodMs, challenger }) =>
      at - periodMs >= Math.max(since, seen) && challenger !== null && challenger.endpoint > challenger.apart,
  );
  const own = atEndpoint(rows.map(({ challenger }) => challenger));
  const bad = rows.filter(
    ({ challenger }) => challenger !== null && challenger.failed >= failing * challenger.endpoint,
  );
  if (own.requests < fewestRequests || own.errors < failing * own.requests) return null;
  if (bad.length < fewestPeriods) return null;
  const other = atEndpoint(rows.map(({ champion }) => champion));
  const isAlone = rows.every(({ champion }) => champion === null);
  if (!isAlone && policy.scope === 'attributable' && !isWell(other)) return null;
  return failed({
    metric: 'endpoint-errors',
    rule: 'total failure at the endpoint, the router’s metrics are missing',
    own,
    other,
    ticks: rows.length,
    sentence: `the challenger’s endpoint answered ${own.errors} of ${own.requests} requests with 5xx, the champion’s ${other.errors} of ${other.requests}, while the router’s metrics show none: they are late or lost`,
  });
}

interface Failure extends Pick<Finding, 'metric' | 'rule' | 'ticks' | 'sentence'> {
  readonly own: RequestCount;
  readonly other: RequestCount;
}

/** No evidence is weighed: nine in ten failed. */
function failed({ own, other, ...said }: Failure): Extract<Verdict, { kind: 'fail' }> {
  const reason: Finding = {
    ...said,
    unit: 'share',
    champion: other.requests > 0 ? other.errors / other.requests : null,
    challenger: own.errors / own.requests,
    limit: failing,
    evidence: 1,
    threshold: 1,
    championRequests: other.requests,
    challengerRequests: own.requests,
  };
  return {
    kind: 'fail',
    reason,
    findings: [reason],
    harmedRequests: own.errors,
    challengerRequests: own.requests,
  };
}

/** A version that was asked often enough, and did not fail. */
const isWell = (other: RequestCount): boolean =>
  !(other.requests < fewestRequests || other.errors > wellAtMost * other.requests);

const atEndpoint = (arms: readonly ServedCount['champion'][]) => ({
  requests: arms.reduce((sum, arm) => sum + (arm?.endpoint ?? 0), 0),
  errors: arms.reduce((sum, arm) => sum + (arm?.failed ?? 0), 0),
});

function sumOf(arms: readonly (ArmTick | null)[]): { readonly requests: number; readonly errors: number } {
  let [requests, errors] = [0, 0];
  for (const arm of arms) {
    requests += arm?.requests ?? 0;
    errors += arm?.errors ?? 0;
  }
  return { requests, errors };
}

function strataFailing(ticks: readonly Observation[]): number {
  const all = ticks.flatMap(({ challenger }): readonly StratumCounts[] =>
    challenger?.strata === undefined ? [] : [challenger.strata],
  );
  const width = Math.max(0, ...all.map(({ requests }) => requests.length));
  return Array.from({ length: width }, (_, i) => ({
    requests: all.reduce((sum, { requests }) => sum + (requests[i] ?? 0), 0),
    errors: all.reduce((sum, { errors }) => sum + (errors[i] ?? 0), 0),
  })).filter(({ requests, errors }) => requests > 0 && errors >= failing * requests).length;
}
